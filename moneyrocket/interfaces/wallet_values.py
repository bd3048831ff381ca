"""The values that `moneyrocket.interfaces.wallet` takes and hands out: never changed once made.

Txids are in internal byte order (`moneyrocket.primitives.hashes.hash_to_hex` spells them), times are unix seconds,
amounts sat, fee rates sat/kvB.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from moneyrocket.primitives.transaction import OutPoint, Transaction


class WalletFailure(IntEnum):
    """Why a wallet did not do what it was asked."""

    OTHER = 0
    LOCKED = 1
    """The passphrase is needed: `Wallet.unlock`."""
    WRONG_PASSPHRASE = 2
    BAD_ADDRESS = 3
    BAD_AMOUNT = 4
    INSUFFICIENT_FUNDS = 5
    FEE = 6
    """No fee rate can be had, or the fee is above -maxtxfee."""
    COINS_CHANGED = 7
    """Coins of a prepared payment were spent meanwhile: prepare it again."""
    NOT_FOUND = 8
    """There is no such wallet, file or transaction."""
    ALREADY_LOADED = 9
    ALREADY_EXISTS = 10
    UNLOADED = 11
    """The wallet was closed."""
    NO_KEYS = 12
    """It has no private keys, or no addresses of that type left."""


class WalletRequestError(Exception):
    """A wallet did not do what it was asked.

    Attributes:
        failure: the kind of reason.
        message: text for the user.
    """

    def __init__(self, failure: WalletFailure, message: str) -> None:
        super().__init__(failure, message)
        self.failure = WalletFailure(failure)
        self.message = message

    def __str__(self) -> str:
        return self.message


class AddressType(Enum):
    """Kinds of addresses that a wallet hands out."""

    LEGACY = "legacy"
    P2SH_SEGWIT = "p2sh-segwit"
    BECH32 = "bech32"
    BECH32M = "bech32m"


class AddressPurpose(Enum):
    """Whose an address of the address book is."""

    RECEIVE = "receive"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class WalletInfo:
    """The state of a wallet.

    Attributes:
        name: possibly empty: the default wallet.
        path: its file.
        private_keys: whether it may hold private keys; otherwise it only watches.
        blank: whether it was made without keys and got none since.
        encrypted: whether there is a passphrase.
        locked: whether the passphrase is needed before it can sign.
        unlocked_until: when it is locked again; 0 when it is locked, has no passphrase, or stays unlocked.
        avoid_reuse: whether coins on addresses that were spent from are kept apart.
        can_receive: whether it can hand out addresses.
        address_types: of which types.
        default_address_type: -addresstype.
        transactions: how many it has.
        height: last block that it has taken in, -1 before the first.
        scan_progress: 0 to 1 while old blocks are read, None otherwise.
    """

    name: str
    path: str
    private_keys: bool
    blank: bool
    encrypted: bool
    locked: bool
    unlocked_until: int
    avoid_reuse: bool
    can_receive: bool
    address_types: tuple[AddressType, ...]
    default_address_type: AddressType
    transactions: int
    height: int
    scan_progress: float | None


@dataclass(frozen=True, slots=True)
class WalletBalances:
    """A wallet's money by how sure it is, sat.

    Attributes:
        available: confirmed, or change of the wallet's own transactions: can be spent.
        pending: payments of others that are not confirmed.
        immature: block rewards that cannot be spent yet.
        used: on addresses that were spent from, in a wallet that keeps them apart.
    """

    available: int
    pending: int
    immature: int
    used: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.available + self.pending + self.immature + self.used


class TxType(IntEnum):
    """What a row of the history is."""

    RECEIVED = 0
    SENT = 1
    MINED = 2
    INTERNAL = 3
    """A payment of the wallet to itself of which nothing but the fee left it."""


class TxStatus(IntEnum):
    """Where a transaction stands."""

    CONFIRMED = 0
    """At least six confirmations; for a block reward, enough to spend it."""
    CONFIRMING = 1
    """One to five confirmations."""
    UNCONFIRMED = 2
    """In the mempool."""
    OFFLINE = 3
    """In no block and not in the mempool; may still confirm."""
    ABANDONED = 4
    CONFLICTED = 5
    """A block holds a rival: it will not confirm."""
    IMMATURE = 6
    """A block reward that cannot be spent yet."""
    NOT_ACCEPTED = 7
    """A block reward whose block left the chain."""


@dataclass(frozen=True, slots=True)
class TxRow:
    """One row of the history: an output sent or received.

    Attributes:
        txid: the transaction's id.
        n: index of the output; -1 for the one row of a transaction without such an output.
        type: what it is.
        time: when the wallet believes that it was made.
        address: who was paid; empty if the output has no address.
        label: the address's label.
        amount: what the wallet gained by it, negative for what it spent. The first sent row bears the fee, so that the
            rows of a transaction add up to what it changed.
        status: where it stands.
        confirmations: 0 when unconfirmed, negative when a rival has that many.
    """

    txid: bytes
    n: int
    type: TxType
    time: int
    address: str
    label: str
    amount: int
    status: TxStatus
    confirmations: int


class TxSort(IntEnum):
    """Column that a history is sorted by; equal ones are sorted by time, newest first."""

    TIME = 0
    TYPE = 1
    LABEL = 2
    """By label, or by address without one."""
    AMOUNT = 3


@dataclass(frozen=True, slots=True)
class TxQuery:
    """Which rows of the history, and in which order.

    Attributes:
        text: only rows whose label, address, txid or comment has it, whatever the case; empty for all.
        types: only rows of these types; empty for all.
        since: only rows of this time or later; 0 for all.
        until: only rows before this time; 0 for all.
        min_amount: only rows that moved at least this much, in either direction, sat.
        sort: by which column.
        descending: in which direction.
    """

    text: str = ""
    types: tuple[TxType, ...] = ()
    since: int = 0
    until: int = 0
    min_amount: int = 0
    sort: TxSort = TxSort.TIME
    descending: bool = True


MAX_PAGE = 500
"""Most rows that one call hands out, whatever it is asked for."""


@dataclass(frozen=True, slots=True)
class TxPage:
    """Some rows of a history.

    Attributes:
        rows: the rows asked for, fewer at the end.
        total: number of rows that the query finds.
        total_amount: sum of their amounts, sat.
        revision: grows whenever rows come, go or move. Pages of one revision fit together. Status and confirmations of
            rows change without it.
    """

    rows: tuple[TxRow, ...]
    total: int
    total_amount: int
    revision: int


@dataclass(frozen=True, slots=True)
class TxInputInfo:
    """An input: what it spends, and of whom and how much if the wallet knows (else empty and None)."""

    prevout: OutPoint
    address: str
    amount: int | None
    mine: bool


@dataclass(frozen=True, slots=True)
class TxOutputInfo:
    """An output.

    Attributes:
        address: who is paid, empty if it has no address.
        label: the address's label.
        amount: sat.
        mine: whether it belongs to the wallet.
        change: whether it is change.
    """

    address: str
    label: str
    amount: int
    mine: bool
    change: bool


@dataclass(frozen=True, slots=True)
class TxDetails:
    """All that a wallet knows of a transaction.

    Attributes:
        txid: its id.
        wtxid: its id with witnesses.
        status: where it stands.
        confirmations: 0 when unconfirmed, negative when a rival has that many.
        in_mempool: whether the node's mempool has it.
        trusted: whether its outputs to the wallet count as available money.
        time: when the wallet believes that it was made.
        time_received: when the wallet learned of it.
        block_hash: block that holds it, None for none.
        block_height: that block's height, -1 for none.
        block_time: time in that block's header, 0 for none.
        debit: coins of the wallet that it spends, sat.
        credit: what it pays to the wallet, change included, sat.
        fee: what the wallet paid as fee, None unless all inputs are the wallet's.
        rows: its rows in the history.
        inputs: its inputs.
        outputs: its outputs.
        size: bytes with witnesses.
        vsize: vB.
        comment: what it is for, as the user said.
        comment_to: who was paid, as the user said.
        replaces: txid of the transaction that it was made to replace.
        replaced_by: txid of the one that was made to replace it.
        conflicts: txids of transactions of the wallet that spend the same coins.
        can_abandon: whether `Wallet.abandon` would do something.
        raw: the transaction with its witnesses, serialized.
    """

    txid: bytes
    wtxid: bytes
    status: TxStatus
    confirmations: int
    in_mempool: bool
    trusted: bool
    time: int
    time_received: int
    block_hash: bytes | None
    block_height: int
    block_time: int
    debit: int
    credit: int
    fee: int | None
    rows: tuple[TxRow, ...]
    inputs: tuple[TxInputInfo, ...]
    outputs: tuple[TxOutputInfo, ...]
    size: int
    vsize: int
    comment: str
    comment_to: str
    replaces: bytes | None
    replaced_by: bytes | None
    conflicts: tuple[bytes, ...]
    can_abandon: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """An address with a label, possibly an empty one."""

    address: str
    label: str
    purpose: AddressPurpose


@dataclass(frozen=True, slots=True)
class AddressPage:
    """Some entries of an address book, sorted by label and address, and how many the query finds in all."""

    entries: tuple[AddressEntry, ...]
    total: int


@dataclass(frozen=True, slots=True)
class AddressInfo:
    """What a wallet knows of a text that may be an address.

    Attributes:
        valid: whether it is an address of the wallet's chain.
        error: why not, for the user.
        mine: whether it belongs to the wallet.
        label: its label, None if it is not in the address book.
    """

    valid: bool
    error: str
    mine: bool
    label: str | None


@dataclass(frozen=True, slots=True)
class ReceiveRequest:
    """A payment that the user asked someone for.

    Attributes:
        id: number within the wallet, from 1; 0 for one that is not stored yet.
        time: when it was made.
        address: where to pay.
        label: what the address is for.
        message: shown to who pays.
        amount: sat, None to leave it open.
    """

    id: int
    time: int
    address: str
    label: str
    message: str
    amount: int | None


@dataclass(frozen=True, slots=True)
class Payment:
    """What shall be paid to whom.

    Attributes:
        address: the address.
        amount: sat.
        subtract_fee: whether the fee comes out of it.
        label: the address's label from now on, None to leave it as it is.
    """

    address: str
    amount: int
    subtract_fee: bool = False
    label: str | None = None


@dataclass(frozen=True, slots=True)
class FeeChoice:
    """How a fee is chosen: by a rate, or by an estimate.

    Attributes:
        fee_rate: sat/kvB; None for an estimate.
        conf_target: blocks within which it should confirm; None for -txconfirmtarget.
        conservative: kind of estimate; None for the wallet's choice.
        replaceable: whether it signals that it may be replaced; None for -walletrbf.
    """

    fee_rate: int | None = None
    conf_target: int | None = None
    conservative: bool | None = None
    replaceable: bool | None = None


@dataclass(frozen=True, slots=True)
class FeeRateInfo:
    """The fee rate that a wallet would use.

    Attributes:
        rate: sat/kvB, 0 if none can be had.
        reason: where it comes from, in English: an estimate, the minimum, the fallback fee …
        from_fallback: it is the fallback fee because there is no estimate.
        required: the lowest rate that the wallet uses.
    """

    rate: int
    reason: str
    from_fallback: bool
    required: int


@dataclass(frozen=True, slots=True)
class PreparedPayment:
    """A transaction that would pay, not stored and not sent yet.

    Attributes:
        tx: the transaction, to be handed to `Wallet.commit_payment`.
        signed: whether it is signed.
        fee: sat.
        fee_rate: what that is in sat/kvB.
        vsize: vB once it is signed.
        amount: what the recipients get, sat.
        change: what comes back, sat.
        inputs: number of coins spent.
        reason: where the fee rate comes from, in English.
    """

    tx: Transaction
    signed: bool
    fee: int
    fee_rate: int
    vsize: int
    amount: int
    change: int
    inputs: int
    reason: str


@dataclass(frozen=True, slots=True)
class WalletDirEntry:
    """A wallet in the wallet folder.

    Attributes:
        name: its name.
        loaded: whether it is loaded.
        legacy: whether it is of Bitcoin Core's old format, which cannot be loaded.
    """

    name: str
    loaded: bool
    legacy: bool


@dataclass(frozen=True, slots=True)
class NewWallet:
    """A wallet that shall be made.

    Attributes:
        name: its name.
        passphrase: encrypts it; empty for none.
        private_keys: whether it holds private keys; otherwise it only watches.
        blank: make it without keys.
        avoid_reuse: keep coins apart that lie on addresses that were spent from.
        load_on_startup: load it at every start from now on.
    """

    name: str
    passphrase: str = ""
    private_keys: bool = True
    blank: bool = False
    avoid_reuse: bool = False
    load_on_startup: bool = True
