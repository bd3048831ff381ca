"""Hashes of taproot outputs and their trees of scripts (BIP341)."""

from typing import Final

from moneyrocket.primitives.hashes import tagged_hash
from moneyrocket.primitives.serialize import var_bytes

LEAF_VERSION_TAPSCRIPT: Final = 0xC0
ANNEX_TAG: Final = 0x50
"""First byte of an annex."""
CONTROL_BASE_SIZE: Final = 33
CONTROL_NODE_SIZE: Final = 32
CONTROL_MAX_NODES: Final = 128
"""Levels of the deepest tree."""


def tap_leaf_hash(leaf_version: int, script: bytes) -> bytes:
    """Hash of a leaf."""
    return tagged_hash("TapLeaf", bytes((leaf_version,)) + var_bytes(script))


def tap_branch_hash(a: bytes, b: bytes) -> bytes:
    """Hash of an inner node; the order of its children does not matter."""
    return tagged_hash("TapBranch", min(a, b) + max(a, b))


def merkle_root_of(control_block: bytes, leaf_hash: bytes) -> bytes:
    """Root that a control block leads a leaf to."""
    node = leaf_hash
    for pos in range(CONTROL_BASE_SIZE, len(control_block), CONTROL_NODE_SIZE):
        node = tap_branch_hash(node, control_block[pos : pos + CONTROL_NODE_SIZE])
    return node


def tweak_public_key(internal_key: bytes, merkle_root: bytes = b"") -> tuple[bytes, int]:
    """Output key (32 bytes) for an x-only internal key, and 1 if its y is odd, else 0.

    Args:
        internal_key: 32 bytes.
        merkle_root: of the tree of scripts, empty without one.

    Raises:
        CurveError: if the internal key is no point.
    """
    from moneyrocket.script.secp256k1 import tweak_x_only

    output_key, odd = tweak_x_only(internal_key, tagged_hash("TapTweak", internal_key + merkle_root))
    return output_key, int(odd)
