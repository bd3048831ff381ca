"""Keeps a wallet process attached to a node that comes and goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

from moneyrocket.common.backoff import Backoff
from moneyrocket.common.logging import log
from moneyrocket.common.messages import show_warning
from moneyrocket.common.threads import start_thread
from moneyrocket.init.visiting_wallets import VisitingLoader
from moneyrocket.interfaces.init import Component, Init, NotOfferedError
from moneyrocket.ipc.connect import IpcConnectError
from moneyrocket.wallet.catch_up import attach, settle
from moneyrocket.wallet.errors import WalletError
from moneyrocket.wallet.linked_chain import LinkedChain
from moneyrocket.wallet.loader import WalletLoaderImpl
from moneyrocket.wallet.wallet import Wallet

_RETRY_SECONDS: Final = 2.0
"""After that a wallet that could not follow the chain, since its user scans it for example, is tried again."""

_JOIN_SECONDS: Final = 30.0


class Remote(Protocol):
    """A connection to a node: `moneyrocket.ipc.connect.RemoteProcess`."""

    init: Init

    @property
    def connected(self) -> bool:
        """Whether the node can still be called."""

    def on_disconnect(self, hook: Callable[[], None]) -> None:
        """Run ``hook`` once when the connection is lost."""

    def close(self) -> None:
        """Hang up."""


class NodeLink:
    """Connects, attaches, lets every wallet catch up, and begins anew when the node is gone, until it is stopped.

    A node may also come by itself, see `offer`.

    Args:
        where: the node's address, for messages.
        connect: connects to the node; raises `IpcConnectError`. None to wait for one that comes by itself.
        component: who this is.
        loader: the wallets.
        chain: what the wallets ask.
        stopping: set before `stop` is called; wakes everyone who waits.
        shared: the node may use the wallets.
    """

    def __init__(
        self,
        where: str,
        connect: Callable[[], Remote] | None,
        component: Component,
        loader: WalletLoaderImpl,
        chain: LinkedChain,
        stopping: threading.Event,
        *,
        shared: bool = True,
    ) -> None:
        self._where = where
        self._connect = connect
        self._component = component
        self._loader = loader
        self._chain = chain
        self._stopping = stopping
        self._shared = shared
        self._hope = "it is waited for" if connect is None else "it is tried again"
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._at = where
        self._remote: Remote | None = None
        self._offer: tuple[str, Remote] | None = None
        self._came = threading.Event()
        self._thread: threading.Thread | None = None
        self._told = ""
        self._absence_told = False
        self._wallets_told: dict[str, str] = {}

    def start(self) -> None:
        """Begins."""
        self._loader.manager.observers.append(lambda wallet: self._wake.set())
        self._thread = start_thread("nodelink", self._run, daemon=True)

    def offer(self, title: str, remote: Remote) -> None:
        """Take a node that has connected to this process, unless there is one.

        Args:
            title: what messages call it.
            remote: the connection that it has made.

        Raises:
            NotOfferedError: there is one, or this process stops.
        """
        with self._lock:
            if self._stopping.is_set():
                raise NotOfferedError("This wallet process is stopping.")
            for at, other in ((self._at, self._remote), self._offer or ("", None)):
                if other is not None and other.connected:
                    raise NotOfferedError(f"This wallet process is attached to a node already, {at}.")
            self._offer = (title, remote)
            self._came.set()

    def stop(self) -> None:
        """Ends the attempts. A connection stays, so that the wallets can be closed in order; see `close`."""
        self._wake.set()
        self._came.set()
        with self._lock:
            if self._remote is not None and self._chain.node is None:
                # The thread waits for the node's start-up, perhaps.
                self._remote.close()
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)

    def close(self) -> None:
        """Hangs up."""
        self._chain.left("this process is stopping")
        self._let_go()

    # The thread

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            if self._connect is None:
                self._came.wait()
            reason = self._visit(backoff)
            if self._stopping.is_set():
                return
            self._chain.left(f"{reason}; {self._hope}")
            self._let_go()
            self._came.wait(backoff.pause())

    def _let_go(self) -> None:
        with self._lock:
            remote, self._remote = self._remote, None
        if remote is not None:
            remote.close()

    def _meet(self) -> Remote | None:
        """The node that has come by itself, else the one at the address; None when this process stops."""
        offer = self._take(None)
        if offer is not None:
            return offer
        if self._stopping.is_set() or self._connect is None:
            return None
        remote = self._connect()
        late = self._take(remote)
        if late is not None:
            late.close()
        return remote

    def _take(self, found: Remote | None) -> Remote | None:
        """Begins to use ``found``, else what was offered; returns what was offered."""
        with self._lock:
            offer, self._offer = self._offer, None
            self._came.clear()
            if found is not None:
                self._at, self._remote = self._where, found
            elif offer is not None:
                self._at, self._remote = offer
            else:
                self._at = self._where
        return None if offer is None else offer[1]

    def _visit(self, backoff: Backoff) -> str:
        """One attempt, and if it succeeds the whole visit; returns why it is over."""
        try:
            remote = self._meet()
            if remote is None or self._stopping.is_set():
                return ""
            self._chain.left(f"{self._at} has not finished starting")
            node = remote.init.attach_wallet(self._component, VisitingLoader(self._loader, shared=self._shared))
        except NotOfferedError as error:
            return self._tell(f"{self._at} refused: {error}", show_warning)
        except IpcConnectError as error:
            return self._tell_absent(str(error)) if error.absent else self._tell(str(error), show_warning)
        except ConnectionError as error:
            return self._tell_absent(f"{self._at}: {error}")
        except Exception as error:
            return self._tell(f"{self._at} cannot be used: {error!r}", show_warning)
        if self._stopping.is_set():
            return ""
        self._chain.arrived(node)
        self._told, self._absence_told = "", False
        log.info("The node is here: %s", self._at)
        remote.on_disconnect(self._wake.set)
        try:
            self._stay(remote, backoff)
        except ConnectionError:
            pass
        except Exception as error:
            return self._tell(f"{self._at}: {error!r}", show_warning)
        return self._tell_absent(f"the connection to {self._at} was lost")

    def _tell(self, reason: str, tell: Callable[[str], None]) -> str:
        """Tells of a problem, once for as long as it is the same."""
        if reason != self._told:
            self._told = reason
            tell(f"The node is away: {reason}; {self._hope}")
        return reason

    def _tell_absent(self, reason: str) -> str:
        """Tells that nobody is there: once, whatever it looks like from attempt to attempt."""
        if not self._absence_told and not self._stopping.is_set():
            self._absence_told = True
            log.warning("The node is away: %s; %s", reason, self._hope)
        return reason

    def _stay(self, remote: Remote, backoff: Backoff) -> None:
        offered = False
        while True:
            self._wake.clear()
            if self._stopping.is_set() or not remote.connected:
                return
            complete = self._attach_wallets()
            backoff.reset()
            if self._shared and not offered:
                self._loader.register_rpcs()
                offered = True
            self._wake.wait(None if complete else _RETRY_SECONDS)

    def _attach_wallets(self) -> bool:
        """Lets the wallets follow the node that do not yet; returns whether all do now."""
        complete = True
        for wallet in self._loader.manager.wallets():
            if self._stopping.is_set():
                return True
            if not self._chain.serves(wallet.handler):
                complete &= self._attach(wallet)
        return complete

    def _attach(self, wallet: Wallet) -> bool:
        try:
            attach(wallet, is_new=False)
            settle(wallet)
        except WalletError as error:
            if wallet.closed or self._stopping.is_set():
                return True
            if self._wallets_told.get(wallet.name) != str(error):
                self._wallets_told[wallet.name] = str(error)
                log.warning("[%s] The wallet does not follow the chain: %s", wallet.display_name, error)
            return False
        except ConnectionError:
            raise
        except Exception:
            # It was unloaded meanwhile.
            if wallet.closed:
                return True
            raise
        self._wallets_told.pop(wallet.name, None)
        log.info("[%s] The wallet follows the chain, height %d", wallet.display_name, wallet.ledger.tip_height)
        return True
