"""The few functions of libbitcoinkernel that script checks need, called without the wrapper's copies."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from moneyrocket.primitives.transaction import TxOut

_STATUS_OK: Final = 0


class KernelError(RuntimeError):
    """The kernel is not there, or does not understand what it was given."""


def _load_library() -> ctypes.CDLL:
    # Found without importing the package it comes with, which takes a fifth of a second.
    spec = find_spec("pbk")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        for path in (Path(folder) / "_libs").glob("*bitcoinkernel*"):
            return ctypes.CDLL(str(path))
    raise KernelError("libbitcoinkernel is not installed (Python package py-bitcoinkernel)")


_LIB: Final = _load_library()


def _function(name: str, result: Any, *arguments: Any) -> Any:
    # A prototype makes a function object of its own; the types set on the library's belong to the wrapper.
    return ctypes.CFUNCTYPE(result, *arguments)((name, _LIB))


_tx_create = _function("btck_transaction_create", ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
_tx_destroy = _function("btck_transaction_destroy", None, ctypes.c_void_p)
_script_create = _function("btck_script_pubkey_create", ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
_script_destroy = _function("btck_script_pubkey_destroy", None, ctypes.c_void_p)
_output_create = _function("btck_transaction_output_create", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
_output_destroy = _function("btck_transaction_output_destroy", None, ctypes.c_void_p)
_data_create = _function(
    "btck_precomputed_transaction_data_create", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
)
_data_destroy = _function("btck_precomputed_transaction_data_destroy", None, ctypes.c_void_p)
_verify = _function(
    "btck_script_pubkey_verify",
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_uint,
    ctypes.c_uint,
    ctypes.c_void_p,
)


def first_failing_input(tx: bytes, spent: Sequence[TxOut], flags: int) -> int | None:
    """Verify all inputs of a transaction.

    Args:
        tx: the transaction's wire bytes with witness.
        spent: the outputs that its inputs spend, in order.
        flags: script verification flags, only those that are consensus rules.

    Returns:
        Index of the first input whose scripts fail, None if all are good.

    Raises:
        KernelError: if the kernel takes the bytes for no transaction, or does not know the flags.
    """
    scripts: list[int] = []
    outputs: list[int] = []
    transaction = data = None
    try:
        transaction = _tx_create(tx, len(tx))
        if not transaction:
            raise KernelError("not a transaction")
        for out in spent:
            script = _script_create(out.script_pubkey, len(out.script_pubkey))
            if not script:
                raise KernelError("not a script")
            scripts.append(script)
            outputs.append(_output_create(script, out.value))
        array = (ctypes.c_void_p * len(outputs))(*outputs)
        data = _data_create(transaction, array, len(outputs))
        if not data:
            raise KernelError("outputs do not fit the transaction")
        status = ctypes.c_ubyte(_STATUS_OK)
        status_address = ctypes.addressof(status)
        for index, script in enumerate(scripts):
            if _verify(script, spent[index].value, transaction, data, index, flags, status_address) != 1:
                if status.value != _STATUS_OK:
                    raise KernelError(f"flags {flags:#x} refused")
                return index
        return None
    finally:
        if data:
            _data_destroy(data)
        for output in outputs:
            _output_destroy(output)
        for script in scripts:
            _script_destroy(script)
        if transaction:
            _tx_destroy(transaction)
