"""Checks headers and blocks: against the chain of headers before them, and against the coins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.block_checks import (
    check_block,
    check_block_context,
    check_header_context,
    check_header_work,
)
from moneyrocket.consensus.errors import BlockResult, ValidationError
from moneyrocket.consensus.limits import MAX_BLOCK_SIGOPS_COST
from moneyrocket.consensus.params import Deployment
from moneyrocket.consensus.script_flags import block_script_flags
from moneyrocket.consensus.subsidy import block_subsidy
from moneyrocket.consensus.tx_verify import (
    calculate_sequence_locks,
    check_tx_inputs,
    sequence_locks_met,
    transaction_sigop_cost,
)
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.coins import Coin, CoinsLayer, CoinsView, is_unspendable
from moneyrocket.node.undo import BlockUndo
from moneyrocket.primitives.amount import money_range
from moneyrocket.primitives.hashes import hash_from_hex, hash_to_hex
from moneyrocket.primitives.transaction import OutPoint

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.node.chain_options import ChainOptions
    from moneyrocket.node.script_checks import ScriptChecker
    from moneyrocket.primitives.block import Block, BlockHeader
    from moneyrocket.primitives.transaction import Transaction

log = category_logger("")
validation_log = category_logger("validation")

_BIP30_REPEATS: Final = frozenset(
    (
        (91842, hash_from_hex("00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec")),
        (91880, hash_from_hex("00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721")),
    )
)
"""The blocks of the main chain that repeat a coinbase and are valid all the same."""
_BIP34_PROTECTS_BELOW: Final = 1_983_702
"""From this height on an early coinbase that happens to name a later height could be repeated."""
_TWO_WEEKS: Final = 14 * 24 * 60 * 60


def check_new_header(header: BlockHeader, prev: BlockIndex | None, params: ChainParams, now: int) -> None:
    """Check a header that is not yet known.

    Args:
        header: the header.
        prev: its parent, None if that is unknown.
        params: the chain.
        now: current time, unix seconds.

    Raises:
        ValidationError: if it is not valid upon its parent.
    """
    text = hash_to_hex(header.hash)
    try:
        check_header_work(header, params)
    except ValidationError as error:
        validation_log.debug("AcceptBlockHeader: Consensus::CheckBlockHeader: %s, %s", text, error)
        raise
    if prev is None:
        validation_log.debug("header %s has prev block not found: %s", text, hash_to_hex(header.prev_hash))
        raise ValidationError("prev-blk-not-found", "", BlockResult.MISSING_PREV)
    if prev.failed:
        validation_log.debug("header %s has prev block invalid: %s", text, hash_to_hex(header.prev_hash))
        raise ValidationError("bad-prevblk", "", BlockResult.INVALID_PREV)
    try:
        check_header_context(header, prev, params, now)
    except ValidationError as error:
        validation_log.debug("AcceptBlockHeader: Consensus::ContextualCheckBlockHeader: %s, %s", text, error)
        raise


class BlockValidator:
    """Checks whole blocks and works out what they change."""

    def __init__(
        self,
        params: ChainParams,
        scripts: ScriptChecker,
        options: ChainOptions,
        lookup: Callable[[bytes], BlockIndex | None],
        best_header: Callable[[], BlockIndex],
    ) -> None:
        """Make a validator.

        Args:
            params: the chain.
            scripts: checks scripts.
            options: tells which scripts need no check.
            lookup: finds a header by hash.
            best_header: the header with the most work.
        """
        self._params = params
        self._scripts = scripts
        self._options = options
        self._lookup = lookup
        self._best_header = best_header
        self._last_reason: str | None = ""
        self._checked_block: Block | None = None

    def check_block(self, block: Block) -> None:
        """Check all that needs no context. The block last found good is not checked again.

        Raises:
            ValidationError: if it is invalid.
        """
        # By object, not by hash: a mutated copy of a good block has the same hash.
        if self._checked_block is block:
            return
        check_block(block, self._params)
        self._checked_block = block

    def check_context(self, block: Block, prev: BlockIndex | None) -> None:
        """Check what depends on the headers before the block.

        Raises:
            ValidationError: if it is invalid.
        """
        check_block_context(block, prev, self._params)

    def connect(self, block: Block, index: BlockIndex, coins: CoinsLayer, *, just_check: bool = False) -> BlockUndo:
        """Check a block against the coins before it, and make ``coins`` those after it.

        Args:
            block: the block; its context was checked.
            index: its entry.
            coins: the coins of its parent; a layer that is thrown away if the block is invalid.
            just_check: leave out the proof of work, and remember good scripts.

        Returns:
            What is needed to disconnect the block again.

        Raises:
            ValidationError: if it is invalid.
        """
        if index.prev is None:
            # Nobody can spend the outputs of the genesis block.
            return BlockUndo()
        try:
            if just_check:
                check_block(block, self._params, check_pow=False, check_merkle_root=False)
            else:
                self.check_block(block)
        except ValidationError as error:
            log.error("ConnectBlock: Consensus::CheckBlock: %s", error)
            raise
        check_scripts = self._scripts_needed(index)
        try:
            return self._connect(block, index, coins, check_scripts=check_scripts, just_check=just_check)
        except ValidationError as error:
            log.info("Block validation error: %s", error)
            raise

    def _connect(
        self, block: Block, index: BlockIndex, coins: CoinsLayer, *, check_scripts: bool, just_check: bool
    ) -> BlockUndo:
        params = self._params
        height = index.height
        if self._enforce_bip30(index):
            _check_no_overwrite(block, coins)
        flags = block_script_flags(index, params)
        enforce_sequence = params.is_active_at(Deployment.CSV, index)
        fees = 0
        sigops = 0
        undo: list[tuple[Coin, ...]] = []
        for number, tx in enumerate(block.transactions):
            spent: list[Coin] = []
            if number:
                spent, fee = _spend_inputs(tx, coins, height)
                fees += fee
                if not money_range(fees):
                    raise _invalid("bad-txns-accumulated-fee-outofrange", "accumulated fee in the block out of range")
                if enforce_sequence and not _sequence_locks_met(tx, spent, index):
                    raise _invalid(
                        "bad-txns-nonfinal", f"contains a non-BIP68-final transaction {hash_to_hex(tx.txid)}"
                    )
            outputs = [coin.out for coin in spent]
            sigops += transaction_sigop_cost(tx, outputs, flags)
            if sigops > MAX_BLOCK_SIGOPS_COST:
                raise _invalid("bad-blk-sigops", "too many sigops")
            if number:
                if check_scripts:
                    self._scripts.check_for_block(tx, outputs, flags, remember=just_check)
                undo.append(tuple(spent))
            coins.add_outputs(tx, height)
        limit = fees + block_subsidy(height, params)
        paid = block.transactions[0].value_out
        if paid > limit:
            raise _invalid("bad-cb-amount", f"coinbase pays too much (actual={paid} vs limit={limit})")
        return BlockUndo(tuple(undo))

    def disconnect(self, block: Block, undo: BlockUndo, coins: CoinsLayer) -> None:
        """Make ``coins`` those before the block.

        Raises:
            ValueError: if the undo data does not fit the block.
        """
        if len(undo.spent) + 1 != len(block.transactions):
            raise ValueError("block and undo data inconsistent")
        for number in range(len(block.transactions) - 1, -1, -1):
            tx = block.transactions[number]
            txid = tx.txid
            for n, out in enumerate(tx.outputs):
                if not is_unspendable(out.script_pubkey):
                    coins.changes[OutPoint(txid, n)] = None
            if number:
                for txin, coin in zip(tx.inputs, undo.spent[number - 1], strict=True):
                    coins.changes[txin.prevout] = coin

    def test(
        self,
        block: Block,
        prev: BlockIndex,
        coins: CoinsView,
        *,
        check_merkle_root: bool,
        check_pow: bool,
        now: int,
    ) -> None:
        """Check a block upon the tip.

        Args:
            block: the block.
            prev: the tip.
            coins: the coins of the tip; they are left as they are.
            check_merkle_root: whether the header names the final transactions.
            check_pow: whether the block has its proof of work.
            now: current time, unix seconds.

        Raises:
            ValidationError: if it is invalid.
        """
        if block.header.prev_hash != prev.hash:
            raise ValidationError("inconclusive-not-best-prevblk")
        check_block(block, self._params, check_pow=check_pow, check_merkle_root=check_merkle_root)
        check_header_context(block.header, prev, self._params, now)
        check_block_context(block, prev, self._params)
        self.connect(block, BlockIndex(block.header, prev), CoinsLayer(coins), just_check=True)

    def _enforce_bip30(self, index: BlockIndex) -> bool:
        if index.height >= _BIP34_PROTECTS_BELOW:
            return True
        if (index.height, index.hash) in _BIP30_REPEATS:
            return False
        assert index.prev is not None
        bip34 = index.prev.ancestor(self._params.bip34_height)
        return bip34 is None or bip34.hash != self._params.bip34_hash

    def _scripts_needed(self, index: BlockIndex) -> bool:
        reason = self._reason_to_check(index)
        if reason != self._last_reason:
            block = hash_to_hex(index.hash)
            if reason is None:
                log.info("Disabling script verification at block #%d (%s).", index.height, block)
            else:
                log.info("Enabling script verification at block #%d (%s): %s.", index.height, block, reason)
            self._last_reason = reason
        return reason is not None

    def _reason_to_check(self, index: BlockIndex) -> str | None:
        """Why the scripts of a block must be checked, None if -assumevalid vouches for them."""
        if self._options.assume_valid is None:
            return "assumevalid=0 (always verify)"
        assumed = self._lookup(self._options.assume_valid)
        if assumed is None:
            return "assumevalid hash not in headers"
        if not index.is_ancestor_of(assumed):
            above = index.height > assumed.height
            return "block height above assumevalid height" if above else "block not in assumevalid chain"
        best = self._best_header()
        if not index.is_ancestor_of(best):
            return "block not in best header chain"
        if best.chain_work < self._options.minimum_chain_work:
            return "best header chainwork below minimumchainwork"
        # A recent block would take an attacker little work to bury; the operator gets time to notice.
        tip_proof = best.chain_work - (best.prev.chain_work if best.prev is not None else 0)
        if (best.chain_work - index.chain_work) * self._params.pow_target_spacing <= _TWO_WEEKS * tip_proof:
            return "block too recent relative to best header"
        return None


def _check_no_overwrite(block: Block, coins: CoinsView) -> None:
    for tx in block.transactions:
        for n in range(len(tx.outputs)):
            if coins.get(OutPoint(tx.txid, n)) is not None:
                raise _invalid("bad-txns-BIP30", "tried to overwrite transaction")


def _spend_inputs(tx: Transaction, coins: CoinsLayer, height: int) -> tuple[list[Coin], int]:
    """Check and take out the coins that ``tx`` spends. Returns them and the fee in sat."""
    found = [coins.get(txin.prevout) for txin in tx.inputs]
    try:
        fee = check_tx_inputs(tx, found, height)
    except ValidationError as error:
        raise _invalid(error.reason, f"{error.debug} in transaction {hash_to_hex(tx.txid)}") from None
    spent = [coin for coin in found if coin is not None]
    for txin in tx.inputs:
        coins.changes[txin.prevout] = None
    return spent, fee


def _sequence_locks_met(tx: Transaction, spent: list[Coin], index: BlockIndex) -> bool:
    """Whether the relative lock times of ``tx`` allow it in the block ``index`` (BIP68)."""
    assert index.prev is not None
    locks = calculate_sequence_locks(tx, [coin.height for coin in spent], index)
    return sequence_locks_met(locks, index.height, index.prev.median_time_past)


def _invalid(reason: str, debug: str) -> ValidationError:
    return ValidationError(reason, debug, BlockResult.CONSENSUS)
