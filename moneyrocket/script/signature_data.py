"""What is known of the signatures of one input."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from moneyrocket.primitives.transaction import TxIn
from moneyrocket.script.keys import PublicKey
from moneyrocket.script.signing_provider import TaprootSpend


@dataclass(slots=True)
class SignatureData:
    """What is known of the signatures of one input; signing adds to it.

    Attributes:
        complete: the input satisfies the output's script.
        witness: the input has a witness.
        script_sig: input script, complete or with what there is so far.
        script_witness: witness stack, complete or with what there is so far.
        redeem_script: of P2SH, empty if there is none or it is not known.
        witness_script: of P2WSH, empty if there is none or it is not known.
        signatures: ECDSA signatures with hash type, and their keys, by hash of the key.
        taproot_key_path_sig: signature by the output key, empty without one.
        taproot_script_sigs: Schnorr signatures by x-only key and leaf hash.
        taproot_spend: how to spend a taproot output.
        missing_public_keys: hashes of keys that were not found.
        missing_signatures: hashes of keys that could not sign.
        missing_redeem_script: hash of a script that was not found.
        missing_witness_script: SHA-256 of a script that was not found.
    """

    complete: bool = False
    witness: bool = False
    script_sig: bytes = b""
    script_witness: tuple[bytes, ...] = ()
    redeem_script: bytes = b""
    witness_script: bytes = b""
    signatures: dict[bytes, tuple[PublicKey, bytes]] = field(default_factory=dict)
    taproot_key_path_sig: bytes = b""
    taproot_script_sigs: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)
    taproot_spend: TaprootSpend | None = None
    missing_public_keys: list[bytes] = field(default_factory=list)
    missing_signatures: list[bytes] = field(default_factory=list)
    missing_redeem_script: bytes = b""
    missing_witness_script: bytes = b""

    def merge(self, other: SignatureData) -> SignatureData:
        """Both together; the one that is complete wins."""
        if self.complete:
            return self
        if other.complete:
            return other
        self.redeem_script = self.redeem_script or other.redeem_script
        self.witness_script = self.witness_script or other.witness_script
        for key_id, signature in other.signatures.items():
            self.signatures.setdefault(key_id, signature)
        return self

    def apply(self, txin: TxIn) -> TxIn:
        """The input with script and witness from here."""
        return replace(txin, script_sig=self.script_sig, witness=self.script_witness)
