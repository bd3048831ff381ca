"""The wallet component as the node sees it."""

from __future__ import annotations

import stat
import threading
from contextlib import suppress
from pathlib import Path

from moneyrocket.common import clock
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.logging import log
from moneyrocket.consensus.params import chain_params
from moneyrocket.interfaces.chain import Chain, NodeAwayError
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.wallet import WalletLoader, Wallets
from moneyrocket.wallet.catch_up import settle
from moneyrocket.wallet.chain_follower import resend_if_due
from moneyrocket.wallet.errors import LoadFailure, WalletLoadError
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.ticker import Ticker

_RESEND_CHECK_SECONDS = 60

_BAD_SETTING = (
    "Invalid value detected for '-wallet' or '-nowallet'. '-wallet' requires a string value, "
    "while '-nowallet' accepts only '1' to disable all wallets"
)


class WalletLoaderImpl(WalletLoader):
    """Loads the wallets of this process.

    Args:
        args: options; the same as the node's.
        chain: the node.
    """

    def __init__(self, args: ArgsManager, chain: Chain) -> None:
        self._args = args
        self._chain = chain
        self._manager = WalletManager(args, chain, chain_params(args.chain_name))
        self._handlers: list[Handler] = []
        self._ticker: Ticker | None = None
        self._names: list[str] = []
        self._wallets_lock = threading.Lock()
        self._wallets: Wallets | None = None

    @property
    def manager(self) -> WalletManager:
        """The loaded wallets."""
        return self._manager

    def register_rpcs(self) -> None:
        """See `WalletLoader`."""
        from moneyrocket.rpc.table import bind
        from moneyrocket.wallet.rpc.methods import METHODS

        # The one that shows wallets comes last: who sees a wallet there can call all of its methods.
        commands = sorted(bind(METHODS, self._manager), key=lambda command: command.name == "listwallets")
        self._handlers = [self._chain.handle_rpc(command) for command in commands]

    def verify(self) -> bool:
        """See `WalletLoader`."""
        if not self._verify_directory():
            return False
        log.info("Using wallet directory %s", self._manager.directory)
        self._chain.init_message("Verifying wallet(s)…")
        names = self._wanted_names()
        if names is None:
            self._chain.init_error(_BAD_SETTING)
            return False
        seen: set[Path] = set()
        for name in names:
            path = self._manager.directory / name
            if path in seen:
                self._chain.init_warning(f"Ignoring duplicate -wallet {name}.")
                continue
            seen.add(path)
            try:
                self._manager.check(name)
            except WalletLoadError as error:
                if error.failure is LoadFailure.NOT_FOUND:
                    self._chain.init_warning(f"Skipping -wallet path that doesn't exist. {error.message}")
                    continue
                if error.failure is LoadFailure.LEGACY:
                    self._chain.init_warning(error.message)
                    continue
                self._chain.init_error(error.message)
                return False
            self._names.append(name)
        return True

    def load(self) -> bool:
        """See `WalletLoader`."""
        for name in self._names:
            try:
                warnings = self._manager.load_at_startup(name)
            except WalletLoadError as error:
                self._chain.init_error(error.message.removeprefix("Wallet loading failed. "))
                return False
            if warnings:
                self._chain.init_warning("\n".join(warnings))
        return True

    def start(self, schedule_rebroadcast: bool) -> None:
        """See `WalletLoader`."""
        for wallet in self._manager.wallets():
            with suppress(NodeAwayError):
                settle(wallet)
        if schedule_rebroadcast:
            self._ticker = Ticker("walletsched", _RESEND_CHECK_SECONDS, self._resend)

    def stop(self) -> None:
        """See `WalletLoader`."""
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None
        for handler in self._handlers:
            handler.disconnect()
        self._handlers = []
        self._manager.close()

    def set_mock_time(self, time: int) -> None:
        """See `WalletLoader`."""
        clock.set_mock_time(time)

    def scheduler_mock_forward(self, seconds: int) -> None:
        """See `WalletLoader`."""
        if self._ticker is not None:
            self._ticker.forward(seconds)
        for wallet in self._manager.wallets():
            wallet.relocker.forward(seconds)

    def loaded_wallets(self) -> list[str]:
        """See `WalletLoader`."""
        return [wallet.name for wallet in self._manager.wallets()]

    def wallets(self) -> Wallets:
        """See `WalletLoader`."""
        # One for all who ask at the same time: its histories take note of what has changed.
        with self._wallets_lock:
            if self._wallets is None:
                # Its modules are for desktop programs alone.
                from moneyrocket.wallet.desktop.wallets_interface import DesktopWallets

                self._wallets = DesktopWallets(self._manager)
            return self._wallets

    def _resend(self) -> None:
        with suppress(NodeAwayError):
            for wallet in self._manager.wallets():
                resend_if_due(wallet)

    def _verify_directory(self) -> bool:
        given = self._args.get("-walletdir")
        if not self._args.is_set("-walletdir"):
            return True
        path = Path(given)
        problem = ""
        try:
            resolved = path.resolve(strict=True)
        except OSError:
            problem = "does not exist"
        else:
            if not stat.S_ISDIR(resolved.stat().st_mode):
                problem = "is not a directory"
            elif not path.is_absolute():
                problem = "is a relative path"
            else:
                self._args.force_set("-walletdir", str(resolved))
        if problem:
            self._chain.init_error(f'Specified -walletdir "{given}" {problem}')
        return not problem

    def _wanted_names(self) -> list[str] | None:
        """Names of the wallets to load at start-up, None if a setting is no name."""
        if not self._args.is_set("-wallet"):
            try:
                self._manager.check("")
            except WalletLoadError:
                return []
            self._manager.loads_unnamed = True
            return [""]
        names: list[str] = []
        for value in self._args.settings.values("wallet", skip_default_section=self._args.chain_name != "main"):
            if not isinstance(value, str):
                return None
            names.append(value)
        return names
