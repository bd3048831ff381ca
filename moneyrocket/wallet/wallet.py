"""One wallet: its file, keys, transactions and labels, and the operations that touch several of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.logging import log
from moneyrocket.consensus.params import ChainParams
from moneyrocket.interfaces.chain import BroadcastMethod, Chain, NodeAwayError
from moneyrocket.interfaces.handler import Handler
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import Transaction, TxOut
from moneyrocket.script.address import AddressError, decode_address, encode_address, has_address
from moneyrocket.wallet.address_book import RECEIVE, SEND, AddressBook
from moneyrocket.wallet.chain_follower import ChainFollower, next_resend_time, save_position, submit
from moneyrocket.wallet.database import WalletDatabase
from moneyrocket.wallet.errors import WalletError
from moneyrocket.wallet.events import WalletEvents
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.keyring import Keyring
from moneyrocket.wallet.ledger import Ledger
from moneyrocket.wallet.relock import Relocker
from moneyrocket.wallet.scan import Scan
from moneyrocket.wallet.settings import OutputType, WalletSettings
from moneyrocket.wallet.transaction import INACTIVE, WalletTx

NO_TIME: Final = 1 << 62
"""Later than any block."""

_TRAIL_LENGTH: Final = 200


class Wallet:
    """A loaded wallet. Methods are safe to call from any thread; attributes are read under `lock`.

    Attributes:
        name: name under which it was loaded, possibly empty.
        params: parameters of its chain.
        chain: the node.
        settings: options.
        database: its file.
        lock: guards everything; re-entrant.
        ledger: transactions.
        keyring: descriptors and keys.
        addresses: labels.
        follower: takes the node's notifications.
        handler: the subscription to them.
        trail: hashes of the last blocks that were taken in, the newest at the end, whatever the branch.
        unsent: ids of transactions that the node could not be given, because it was away.
        scan: the running scan of old blocks.
        next_resend: when unconfirmed transactions are relayed again, unix seconds.
        closed: it was unloaded.
        relocker: locks it again when the time of an unlocking is up.
        events: tells those who watch it what changed.
    """

    def __init__(
        self, name: str, database: WalletDatabase, chain: Chain, params: ChainParams, settings: WalletSettings
    ) -> None:
        self.name = name
        self.params = params
        self.chain = chain
        self.settings = settings
        self.database = database
        self.lock = threading.RLock()
        self.keyring = Keyring(database, params, settings.keypool_size)
        self.addresses = AddressBook(database)
        self.ledger = Ledger(database, self, self.display_name)
        self.events = WalletEvents()
        self.ledger.on_change = lambda wtx: self.events.transaction(wtx.txid)
        self.follower = ChainFollower(self)
        self.handler: Handler | None = None
        self.trail: deque[bytes] = deque(maxlen=_TRAIL_LENGTH)
        self.unsent: set[bytes] = set()
        self.scan: Scan | None = None
        self.next_resend = next_resend_time()
        self.closed = False
        self.relocker = Relocker(self.lock_keys)
        self._flags = WalletFlag(_as_int(database.get("flags")))

    @property
    def display_name(self) -> str:
        """The name for logs."""
        return self.name or "default wallet"

    # Flags and times

    @property
    def flags(self) -> WalletFlag:
        """Properties of the wallet."""
        return self._flags

    def set_flag(self, flag: WalletFlag, value: bool) -> None:
        """Change a flag, in the file too."""
        with self.lock:
            flags = self._flags | flag if value else self._flags & ~flag
            self.database.put("flags", int(flags))
            self._flags = flags

    @property
    def has_private_keys(self) -> bool:
        """Whether the wallet may hold private keys."""
        return WalletFlag.DISABLE_PRIVATE_KEYS not in self._flags

    @property
    def birth_time(self) -> int:
        """Unix seconds before which no block can concern the wallet; `NO_TIME` when there is nothing in it."""
        return min(
            (time for time in (self.keyring.birth_time, self.ledger.first_time) if time is not None), default=NO_TIME
        )

    # Ownership, as the ledger sees it

    def is_mine(self, script: bytes) -> bool:
        """Whether the wallet watches a script."""
        return self.keyring.is_mine(script)

    def received(self, outputs: Iterable[TxOut]) -> None:
        """Outputs of the wallet were paid: addresses up to theirs count as handed out."""
        for out in outputs:
            for script, internal in self.keyring.mark_used(out.script_pubkey):
                # An address that another copy of this wallet handed out is no change.
                if internal is False and self.addresses.find(script) is None and has_address(script):
                    self.addresses.set_label(script, "", RECEIVE)
                    self._label_changed(split_anew=True)

    def spent(self, outputs: Iterable[TxOut]) -> None:
        """Outputs of the wallet were spent."""
        if WalletFlag.AVOID_REUSE in self._flags:
            for out in outputs:
                self.addresses.mark_spent(out.script_pubkey)

    # Addresses

    def address_of(self, script: bytes) -> str | None:
        """The address of an output script, None if it has none."""
        try:
            return encode_address(script, self.params)
        except AddressError:
            return None

    def script_of(self, address: str) -> bytes:
        """The output script of an address.

        Raises:
            AddressError: the text is no address of this chain.
        """
        return decode_address(address, self.params)

    def new_address(self, kind: OutputType, label: str) -> str:
        """Hand out an address; it is stored before this returns.

        Raises:
            WalletError: there is none of that type.
        """
        with self.lock, self.database.transaction():
            script = self.keyring.new_script(kind, internal=False)
            address = self.address_of(script)
            if address is None:
                raise WalletError("Error: Cannot extract destination from the generated scriptpubkey")
            self.addresses.set_label(script, label, RECEIVE)
        self.events.address_book()
        return address

    def set_label(self, script: bytes, label: str) -> None:
        """Label an address of the wallet or of others."""
        with self.lock:
            mine = self.is_mine(script)
            was_change = mine and self.addresses.find(script) is None
            self.addresses.set_label(script, label, RECEIVE if mine else SEND)
        self._label_changed(split_anew=was_change)

    def remove_address(self, script: bytes) -> bool:
        """Take an address of others off the address book; False if it is not there, or the wallet's own."""
        with self.lock:
            if self.is_mine(script) or self.addresses.find(script) is None:
                return False
            self.addresses.remove(script)
        self._label_changed(split_anew=False)
        return True

    def _label_changed(self, *, split_anew: bool) -> None:
        self.events.address_book()
        if split_anew:
            self.events.all_transactions()
        else:
            self.events.labels()

    # Transactions

    def wait_until_synced(self) -> None:
        """Wait until the wallet knows every block that the caller may know. Do not hold the lock.

        While the node is away, the wallet answers of what it knows.
        """
        with self.lock:
            tip = self.ledger.tip_hash
        with suppress(NodeAwayError):
            self.chain.wait_for_notifications_if_tip_changed(tip)

    def store_transaction(
        self,
        tx: Transaction,
        *,
        replaces: bytes | None = None,
        comment: str | None = None,
        comment_to: str | None = None,
    ) -> WalletTx:
        """Store a transaction that the wallet made."""
        with self.lock:
            log.info("[%s] CommitTransaction: %s", self.display_name, hash_to_hex(tx.txid))
            return self.ledger.add(tx, INACTIVE, comment=comment, comment_to=comment_to, replaces=replaces)

    def broadcast(self, wtx: WalletTx) -> None:
        """Give a stored transaction to the node. Only after it is committed: others may learn of it now.

        A node that is away gets it when it is back. That is no error: the payment is made, and a caller who was told
        of an error might pay once more.
        """
        if not self.settings.broadcast:
            return
        with self.lock:
            try:
                refusal = submit(self, wtx, BroadcastMethod.MEMPOOL_AND_RELAY)
            except ConnectionError as error:
                self.unsent.add(wtx.txid)
                refusal = str(error)
        if refusal is not None:
            log.info(
                "[%s] CommitTransaction(): Transaction cannot be broadcast immediately, %s", self.display_name, refusal
            )

    # Encryption

    def lock_keys(self) -> None:
        """Forget the private keys of an encrypted wallet until the passphrase is given again."""
        with self.lock:
            self.relocker.cancel()
            self.keyring.lock()
        self.events.status()

    def unlock_keys(self, passphrase: str, seconds: int | None) -> bool:
        """Make the private keys usable for some time, None for no limit; False if the passphrase is wrong."""
        with self.lock:
            if not self.keyring.unlock(passphrase):
                return False
            if seconds is None:
                self.relocker.cancel()
            else:
                self.relocker.start(seconds)
        self.events.status()
        return True

    def encrypt(self, passphrase: str) -> None:
        """Encrypt the private keys, and make new ones unless the wallet is blank."""
        with self.lock:
            blank = WalletFlag.BLANK in self._flags
            self.keyring.encrypt(passphrase, generate_at=None if blank else clock.now())
            self.database.purge()
        self.events.status()

    # Life

    def backup(self, destination: Path) -> None:
        """Copy the wallet into a file.

        Raises:
            OSError: it cannot be written.
        """
        with self.lock:
            self._save_position()
            self.database.backup(destination)

    def close(self) -> None:
        """Stop following the chain and release the file. Do not hold the lock. Harmless if repeated."""
        with self.lock:
            if self.closed:
                return
            if self.handler is not None:
                self._save_position()
            if self.scan is not None:
                self.scan.aborted = True
            self.relocker.cancel()
        if self.handler is not None:
            self.handler.disconnect()
        with self.lock:
            self.closed = True
            self.database.close()
        self.events.unloaded()
        log.info("[%s] Releasing wallet %s..", self.display_name, self.name)

    def _save_position(self) -> None:
        # A scan stores what it has reached by itself, and no more counts.
        if self.scan is None:
            save_position(self)


def _as_int(value: object) -> int:
    return value if isinstance(value, int) else 0
