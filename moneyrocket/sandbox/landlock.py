"""Landlock: which files a thread, and every thread and process it makes later, may open.

The calls are made through ctypes. The `landlock` package knows rules for files only, neither those for TCP ports nor
the scopes for signals and abstract sockets, and takes an old errno for a failure of its own.
"""

from __future__ import annotations

import ctypes
import os
import sys
from enum import IntFlag
from pathlib import Path
from typing import Final

from moneyrocket.sandbox.errors import SandboxError
from moneyrocket.sandbox.policy import Policy

NEEDED_ABI: Final = 3
"""Before it, a process could cut off any file that it may not write."""

_ABI_WITH_NETWORK: Final = 4
_ABI_WITH_IOCTL: Final = 5
_ABI_WITH_SCOPES: Final = 6

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_PR_SET_NO_NEW_PRIVS: Final = 38

_GET_ABI: Final = 1
_PATH_BENEATH: Final = 1
_NET_PORT: Final = 2
_NET_BIND_TCP: Final = 1
_NET_CONNECT_TCP: Final = 2
_SCOPE_ABSTRACT_SOCKETS: Final = 1
_SCOPE_SIGNALS: Final = 2


class _Right(IntFlag):
    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


_ON_FILES: Final = _Right.EXECUTE | _Right.WRITE_FILE | _Right.READ_FILE | _Right.TRUNCATE | _Right.IOCTL_DEV
_READ: Final = _Right.READ_FILE | _Right.READ_DIR
# Neither device files nor symbolic links: a link made here would lead whoever follows it, unsandboxed, elsewhere.
_WRITE: Final = (
    _READ
    | _Right.WRITE_FILE
    | _Right.TRUNCATE
    | _Right.REMOVE_DIR
    | _Right.REMOVE_FILE
    | _Right.MAKE_DIR
    | _Right.MAKE_REG
    | _Right.MAKE_SOCK
    | _Right.REFER
)
_DEVICE: Final = _READ | _Right.WRITE_FILE | _Right.TRUNCATE | _Right.IOCTL_DEV


class _RulesetAttr(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _NetPortAttr(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def landlock_abi() -> int:
    """The version of Landlock that the kernel offers, 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_GET_ABI))), 0)


def forbid_new_privileges() -> None:
    """Keep programs that are executed later from gaining rights, which the kernel asks for first.

    Raises:
        SandboxError: that is not possible.
    """
    _check(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


class Ruleset:
    """The rules of a policy, not in force yet.

    Args:
        policy: what is allowed.

    Raises:
        SandboxError: the kernel refuses them.
    """

    def __init__(self, policy: Policy) -> None:
        abi = landlock_abi()
        self._rights = sum(right for right in _Right if abi >= _ABI_WITH_IOCTL or right != _Right.IOCTL_DEV)
        attributes = _RulesetAttr(self._rights, 0, 0)
        size = 8
        if abi >= _ABI_WITH_NETWORK:
            size = 16
            attributes.net = 0 if policy.network.unrestricted else _NET_BIND_TCP | _NET_CONNECT_TCP
        if abi >= _ABI_WITH_SCOPES:
            size = 24
            attributes.scoped = _SCOPE_SIGNALS | (0 if policy.abstract_sockets else _SCOPE_ABSTRACT_SOCKETS)
        self._descriptor = _check(
            _libc().syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)),
            "landlock_create_ruleset",
        )
        for paths, rights in ((policy.read, _READ), (policy.write, _WRITE), (policy.devices, _DEVICE)):
            for path in paths:
                self._allow_path(path, rights)
        if attributes.net:
            for port in policy.network.connect_ports:
                self._add_rule(_NET_PORT, _NetPortAttr(_NET_CONNECT_TCP, port))
            for port in policy.network.bind_ports:
                self._add_rule(_NET_PORT, _NetPortAttr(_NET_BIND_TCP, port))

    def restrict_this_thread(self) -> None:
        """Put the rules in force for the calling thread and all that it starts.

        Raises:
            SandboxError: the kernel refuses.
        """
        _check(
            _libc().syscall(_RESTRICT_SELF, ctypes.c_int(self._descriptor), ctypes.c_uint32(0)),
            "landlock_restrict_self",
        )
        os.close(self._descriptor)

    def _allow_path(self, path: Path, rights: int) -> None:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        try:
            allowed = rights if path.is_dir() else rights & _ON_FILES
            self._add_rule(_PATH_BENEATH, _PathBeneathAttr(allowed & self._rights, descriptor))
        finally:
            os.close(descriptor)

    def _add_rule(self, kind: int, rule: ctypes.Structure) -> None:
        _check(
            _libc().syscall(
                _ADD_RULE,
                ctypes.c_int(self._descriptor),
                ctypes.c_int(kind),
                ctypes.byref(rule),
                ctypes.c_uint32(0),
            ),
            "landlock_add_rule",
        )


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _check(result: int, call: str) -> int:
    if result < 0:
        raise SandboxError(f"{call}: {os.strerror(ctypes.get_errno())}")
    return result
