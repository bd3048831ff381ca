"""Numbers of the consensus rules that hold on every chain."""

from typing import Final

MAX_BLOCK_WEIGHT: Final = 4_000_000
"""Weight units (BIP141)."""
MAX_BLOCK_SERIALIZED_SIZE: Final = 4_000_000
"""Bytes; follows from the weight."""
MAX_BLOCK_SIGOPS_COST: Final = 80_000
"""Signature checks in a block, each weighed (BIP141)."""
COINBASE_MATURITY: Final = 100
"""Blocks upon a coinbase before it may be spent."""
WITNESS_SCALE_FACTOR: Final = 4
MIN_TRANSACTION_WEIGHT: Final = WITNESS_SCALE_FACTOR * 60
"""No valid transaction weighs less."""
MAX_FUTURE_BLOCK_TIME: Final = 2 * 60 * 60
"""Seconds that a block's time may lie ahead of ours."""
MAX_TIMEWARP: Final = 600
"""Seconds that the first block of a difficulty period may lie before the last of the one before (BIP94)."""
