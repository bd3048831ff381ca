"""Seccomp: which system calls a process may make, all its threads at once.

Calls that a policy does not allow fail with EPERM. What this adds to Landlock: sockets of every kind, and the ways
around files (other processes' memory and descriptors, namespaces, io_uring, modes and owners of files).
"""

from __future__ import annotations

import ctypes.util
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

from moneyrocket.sandbox.errors import SandboxError
from moneyrocket.sandbox.policy import NetworkAccess, Policy

_NEVER: Final = (
    # Other programs: what may be started is started by the launcher.
    "execve", "execveat",
    # Other processes' memory and descriptors.
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise",
    # Other views of the file system.
    "mount", "umount2", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    "pivot_root", "chroot", "setns", "unshare", "open_by_handle_at", "name_to_handle_at", "swapon", "swapoff",
    "quotactl",
    # Sockets and files by another way.
    "io_uring_setup", "io_uring_enter", "io_uring_register",
    # Landlock does not look after modes, owners and attributes.
    "chmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchownat", "setxattr", "lsetxattr", "removexattr",
    "lremovexattr",
    # The kernel itself.
    "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "init_module", "finit_module",
    "delete_module", "kexec_load", "kexec_file_load", "iopl", "ioperm", "acct", "reboot", "settimeofday",
    "clock_settime", "sethostname", "setdomainname", "syslog",
)  # fmt: skip

_LAST_FAMILY: Final = 45
_SOCKET_KIND: Final = 0xF
_KINDS: Final = (
    socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_RDM, socket.SOCK_SEQPACKET, 6, 10,
)  # fmt: skip
_UNKNOWN_CALL: Final = -1
_KNOWN_NAMES: Final = {"c": None, "seccomp": "libseccomp.so.2"}
"""Of shared libraries; None is what the process has loaded already."""


def seccomp_problem() -> str:
    """Why there is no filter to be had; empty if there is."""
    try:
        _package()
    except SandboxError as error:
        return str(error)
    return ""


class Filter:
    """The filter of a policy, not in force yet.

    Args:
        policy: what is allowed.

    Raises:
        SandboxError: libseccomp is missing or refuses.
    """

    def __init__(self, policy: Policy) -> None:
        self._package = _package()
        self._filter = self._package.SyscallFilter(self._package.ALLOW)
        try:
            self._filter.set_attr(self._package.Attr.CTL_TSYNC, 1)
            for name in _NEVER:
                self._deny(name)
            if not policy.network.unrestricted:
                self._deny_network(policy.network)
        except OSError as error:
            raise SandboxError(f"libseccomp: {error.strerror}") from error

    def restrict_this_process(self) -> None:
        """Put the filter in force for all threads.

        Raises:
            SandboxError: the kernel refuses.
        """
        try:
            self._filter.load()
        except OSError as error:
            raise SandboxError(f"seccomp: {error.strerror}") from error

    def _deny_network(self, network: NetworkAccess) -> None:
        package = self._package
        families = {int(socket.AF_UNIX)} if network.unix else set()
        internet = bool(network.connect_ports or network.bind_ports or network.lookup)
        if internet:
            families |= {int(socket.AF_INET), int(socket.AF_INET6)}
        for family in set(range(_LAST_FAMILY + 1)) - families:
            self._deny("socket", package.Arg(0, package.EQ, family))
        self._deny("socket", package.Arg(0, package.GT, _LAST_FAMILY))
        for family in families - {int(socket.AF_UNIX)}:
            for kind in _KINDS:
                if kind == socket.SOCK_STREAM or (kind == socket.SOCK_DGRAM and network.lookup):
                    continue
                self._deny(
                    "socket", package.Arg(0, package.EQ, family), package.Arg(1, package.MASKED_EQ, _SOCKET_KIND, kind)
                )
        # A pair of datagram sockets could send to any datagram socket in the file system.
        self._deny("socketpair", package.Arg(1, package.MASKED_EQ, _SOCKET_KIND, int(socket.SOCK_DGRAM)))
        if not (network.unix or network.connect_ports or network.lookup):
            self._deny("connect")
        if not (network.unix or network.lookup):
            self._deny("sendto", package.Arg(4, package.NE, 0))
        if not network.bind_ports:
            self._deny("bind")
            self._deny("listen")
        if not (network.accept or network.bind_ports):
            self._deny("accept")
            self._deny("accept4")

    def _deny(self, name: str, *conditions: object) -> None:
        package = self._package
        number = package.resolve_syscall(package.Arch.NATIVE, name)
        # A call that this libseccomp has not heard of is newer than it.
        if number != _UNKNOWN_CALL:
            self._filter.add_rule(package.ERRNO(errno.EPERM), number, *conditions)


def _package() -> ModuleType:
    try:
        with _known_names():
            import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxError(f"libseccomp is not there ({error})") from error
    module: ModuleType = pyseccomp
    return module


@contextmanager
def _known_names() -> Iterator[None]:
    """Spares the two processes that ctypes would start to find libraries whose names are known."""
    find = ctypes.util.find_library
    ctypes.util.find_library = lambda name: _KNOWN_NAMES[name] if name in _KNOWN_NAMES else find(name)
    try:
        yield
    finally:
        ctypes.util.find_library = find
