"""The wallets of a process: makes, loads, restores and unloads them."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from moneyrocket.common import clock
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.logging import log
from moneyrocket.common.version import CLIENT_VERSION
from moneyrocket.consensus.params import ChainParams
from moneyrocket.interfaces.chain import Chain, NodeAwayError
from moneyrocket.interfaces.json import Json
from moneyrocket.sandbox.state import sandbox_state
from moneyrocket.sandbox.user_files import SandboxRefusedError, open_user_file, refusal_of
from moneyrocket.wallet.catch_up import attach, recall_position, settle
from moneyrocket.wallet.database import WalletDatabase
from moneyrocket.wallet.errors import LoadFailure, WalletError, WalletLoadError
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.keyring import Keyring
from moneyrocket.wallet.paths import DATA_FILE, is_legacy_wallet, is_sqlite_wallet, wallet_dir, wallet_path
from moneyrocket.wallet.settings import WalletSettings, read_settings
from moneyrocket.wallet.wallet import Wallet

_VERIFICATION_FAILED = "Wallet file verification failed."


class WalletManager:
    """The wallets of a process. Safe to use from several threads.

    Attributes:
        args: options of the process.
        chain: the node.
        params: parameters of its chain.
        observers: called with every wallet that is loaded, on the thread that loads it; must not wait.
        loads_unnamed: no setting names a wallet, and the unnamed one was found and loaded on its own.
    """

    def __init__(self, args: ArgsManager, chain: Chain, params: ChainParams) -> None:
        self.args = args
        self.chain = chain
        self.params = params
        self.loads_unnamed = False
        self.observers: list[Callable[[Wallet], None]] = []
        self._lock = threading.Lock()
        self._wallets: dict[str, Wallet] = {}
        self._busy: set[str] = set()

    @property
    def directory(self) -> Path:
        """The folder that holds the wallets."""
        return wallet_dir(self.args)

    def wallets(self) -> list[Wallet]:
        """The loaded wallets, in the order of loading."""
        with self._lock:
            return list(self._wallets.values())

    def find(self, name: str) -> Wallet | None:
        """A loaded wallet, None if none of that name is loaded."""
        with self._lock:
            return self._wallets.get(name)

    def create(
        self, name: str, flags: WalletFlag, *, passphrase: str = "", load_on_startup: bool | None = None
    ) -> tuple[Wallet, list[str]]:
        """Make a wallet and load it.

        Args:
            name: its name.
            flags: its properties.
            passphrase: encrypts its private keys; empty for none.
            load_on_startup: add it to, or remove it from, the wallets that are loaded at start-up; None for neither.

        Returns:
            The wallet, and warnings.

        Raises:
            WalletLoadError: it cannot be made.
        """
        if not name:
            raise WalletLoadError(LoadFailure.UNNAMED, "Wallet name cannot be empty")
        if WalletFlag.EXTERNAL_SIGNER in flags and WalletFlag.DISABLE_PRIVATE_KEYS not in flags:
            raise WalletLoadError(LoadFailure.CREATE, "Private keys must be disabled when using an external signer")
        flags |= WalletFlag.DESCRIPTORS | WalletFlag.LAST_HARDENED_XPUB_CACHED
        with self._reserve(name):
            started = clock.monotonic()
            try:
                settings, warnings = self._read_settings()
            except WalletError as error:
                raise WalletLoadError(LoadFailure.CREATE, f"Wallet creation failed. {error}") from error

            def fill(file: WalletDatabase) -> None:
                file.put("flags", int(flags))
                file.put("client_version", CLIENT_VERSION)
                has_keys = not flags & (WalletFlag.BLANK | WalletFlag.DISABLE_PRIVATE_KEYS)
                keyring = Keyring(file, self.params, settings.keypool_size)
                if passphrase:
                    keyring.encrypt(passphrase, generate_at=clock.now() if has_keys else None)
                elif has_keys:
                    keyring.generate(clock.now())

            try:
                path = self._locate(name, existing=False)
                self.chain.init_message("Creating wallet…")
                database = WalletDatabase.create(
                    path / DATA_FILE, self.params.magic, fill, unsafe_sync=settings.unsafe_sync
                )
            except WalletLoadError as error:
                raise error.with_prefix(_VERIFICATION_FAILED, LoadFailure.VERIFY) from error
            try:
                wallet = Wallet(name, database, self.chain, self.params, settings)
                wallet.keyring.load()
                log.info(
                    "[%s] Wallet completed creation in %15dms",
                    wallet.display_name,
                    (clock.monotonic() - started) * 1000,
                )
                with suppress(NodeAwayError):
                    attach(wallet, is_new=True)
            except WalletError as error:
                database.close()
                raise WalletLoadError(LoadFailure.CREATE, f"Wallet creation failed. {error}") from error
            self._publish(wallet)
        self._update_startup_setting(name, load_on_startup, warnings)
        return wallet, warnings

    def load(self, name: str, *, load_on_startup: bool | None) -> tuple[Wallet, list[str]]:
        """Load an existing wallet.

        Returns:
            The wallet, and warnings.

        Raises:
            WalletLoadError: it cannot be loaded.
        """
        with self._reserve(name):
            if self.find(name) is not None:
                message = f'Wallet "{name}" is already loaded.'
                raise WalletLoadError(LoadFailure.ALREADY_LOADED, message)
            try:
                self.check(name)
            except WalletLoadError as error:
                raise error.with_prefix(_VERIFICATION_FAILED) from error
            wallet, warnings = self._open(name)
            self._publish(wallet)
        self._update_startup_setting(name, load_on_startup, warnings)
        return wallet, warnings

    def load_at_startup(self, name: str) -> list[str]:
        """Load a wallet that settings name, without giving its transactions to the mempool yet; returns warnings.

        Raises:
            WalletLoadError: it cannot be loaded.
        """
        wallet, warnings = self._open(name)
        self._add(wallet)
        return warnings

    def check(self, name: str) -> None:
        """Verify that a wallet exists, is undamaged and not in use.

        Raises:
            WalletLoadError: it is not so.
        """
        path = self._locate(name, existing=True)
        unsafe_sync = self.args.get_bool("-unsafesqlitesync", False)
        WalletDatabase.open(path / DATA_FILE, self.params.magic, unsafe_sync=unsafe_sync).close()

    def restore(self, name: str, backup: Path, *, load_on_startup: bool | None) -> tuple[Wallet, list[str]]:
        """Make a wallet of a backup and load it.

        Raises:
            WalletLoadError: there is no such backup, the name is taken, or the backup cannot be loaded.
        """
        if not name:
            raise WalletLoadError(LoadFailure.UNNAMED, "Wallet name cannot be empty")
        if not backup.exists():
            raise WalletLoadError(LoadFailure.INVALID_BACKUP, "Backup file does not exist")
        path = self.directory / name
        file = path / DATA_FILE
        made_folder = not path.exists()
        if path.exists() and not path.is_dir():
            message = f"Failed to restore wallet. Database file exists '{path}'."
            raise WalletLoadError(LoadFailure.ALREADY_EXISTS, message)
        if file.exists():
            message = f"Failed to restore wallet. Database file exists in '{file}'."
            raise WalletLoadError(LoadFailure.ALREADY_EXISTS, message)
        try:
            with os.fdopen(open_user_file(backup, write=False), "rb") as source:
                path.mkdir(parents=True, exist_ok=True)
                with file.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
        except SandboxRefusedError as error:
            raise WalletLoadError(LoadFailure.INVALID_BACKUP, str(error)) from error
        except OSError as error:
            file.unlink(missing_ok=True)
            message = f"Failed to restore database path '{path}'."
            raise WalletLoadError(LoadFailure.ALREADY_EXISTS, message) from error
        try:
            return self.load(name, load_on_startup=load_on_startup)
        except WalletLoadError:
            file.unlink(missing_ok=True)
            if made_folder:
                with suppress(OSError):
                    path.rmdir()
            raise

    def unload(self, wallet: Wallet, *, load_on_startup: bool | None) -> list[str]:
        """Unload a wallet; returns warnings.

        Raises:
            WalletError: it is not loaded any more.
        """
        with self._lock:
            if self._wallets.get(wallet.name) is not wallet:
                raise WalletError("Requested wallet already unloaded")
            del self._wallets[wallet.name]
        wallet.close()
        warnings: list[str] = []
        self._update_startup_setting(wallet.name, load_on_startup, warnings)
        return warnings

    def close(self) -> None:
        """Unload all wallets."""
        for wallet in reversed(self.wallets()):
            self.unload(wallet, load_on_startup=None)

    def _open(self, name: str) -> tuple[Wallet, list[str]]:
        self.chain.init_message("Loading wallet…")
        started = clock.monotonic()
        database: WalletDatabase | None = None
        try:
            settings, warnings = self._read_settings()
            path = self._locate(name, existing=True)
            database = WalletDatabase.open(
                path / DATA_FILE, self.params.magic, unsafe_sync=settings.unsafe_sync, verify=False
            )
            wallet = Wallet(name, database, self.chain, self.params, settings)
            _note_client_version(wallet)
            wallet.keyring.load()
            wallet.ledger.load()
            recall_position(wallet)
            log.info(
                "[%s] Wallet completed loading in %15dms", wallet.display_name, (clock.monotonic() - started) * 1000
            )
            try:
                attach(wallet, is_new=False)
            except NodeAwayError as error:
                log.info("[%s] %s The wallet follows the chain when it is back.", wallet.display_name, error)
        except WalletError as error:
            if database is not None:
                database.close()
            raise WalletLoadError(LoadFailure.LOAD, f"Wallet loading failed. {error}") from error
        return wallet, warnings

    def _publish(self, wallet: Wallet) -> None:
        self._add(wallet)
        # Without a node it is done when the node is back.
        with suppress(NodeAwayError):
            settle(wallet)

    def _add(self, wallet: Wallet) -> None:
        with self._lock:
            self._wallets[wallet.name] = wallet
        for observer in list(self.observers):
            observer(wallet)

    def _locate(self, name: str, *, existing: bool) -> Path:
        path = wallet_path(self.directory, name)
        exists = path.exists() or path.is_symlink()
        if (exists or not existing) and not sandbox_state().allows_writing(path):
            raise WalletLoadError(LoadFailure.BAD_PATH, refusal_of(path))
        if exists and is_sqlite_wallet(path / DATA_FILE, self.params.magic):
            if not existing:
                message = f"Failed to create database path '{path}'. Database already exists."
                raise WalletLoadError(LoadFailure.ALREADY_EXISTS, message)
            return path
        legacy = is_legacy_wallet(path) or is_legacy_wallet(path / DATA_FILE)
        if legacy and existing:
            message = (
                f"Failed to open database path '{path}'. The wallet appears to be a Legacy wallet, please use the "
                "wallet migration tool (migratewallet RPC or the GUI option)."
            )
            raise WalletLoadError(LoadFailure.LEGACY, message)
        if legacy or (path.is_file() and not existing):
            message = f"Failed to create database path '{path}'. Database already exists."
            raise WalletLoadError(LoadFailure.ALREADY_EXISTS, message)
        if existing:
            if exists:
                message = f"Failed to load database path '{path}'. Data is not in recognized format."
                raise WalletLoadError(LoadFailure.BAD_FORMAT, message)
            message = f"Failed to load database path '{path}'. Path does not exist."
            raise WalletLoadError(LoadFailure.NOT_FOUND, message)
        return path

    def _read_settings(self) -> tuple[WalletSettings, list[str]]:
        return read_settings(self.args, self.chain)

    @contextmanager
    def _reserve(self, name: str) -> Iterator[None]:
        with self._lock:
            if name in self._busy:
                raise WalletLoadError(LoadFailure.LOAD, "Wallet already loading.")
            self._busy.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(name)

    def _update_startup_setting(self, name: str, load: bool | None, warnings: list[str]) -> None:
        if load is None:
            return
        value = self.chain.get_rw_setting("wallet")
        names: list[Json] = value if isinstance(value, list) else []
        if value is None and self.loads_unnamed:
            # Once a setting names wallets, the unnamed one must be among them to be loaded.
            names = [""]
        wanted = [*names, *([] if name in names else [name])] if load else [other for other in names if other != name]
        # An empty list keeps the unnamed wallet from being loaded on its own.
        if wanted == names and (load or name or value is not None):
            return
        if not self.chain.update_rw_setting("wallet", wanted):
            fate = "not" if load else "still"
            warnings.append(
                "Wallet load on startup setting could not be updated, "
                f"so wallet may {fate} be loaded next node startup."
            )


def _note_client_version(wallet: Wallet) -> None:
    last = wallet.database.get("client_version")
    if last is not None:
        log.info("[%s] Last client version = %d", wallet.display_name, last)
    if last != CLIENT_VERSION:
        wallet.database.put("client_version", CLIENT_VERSION)
