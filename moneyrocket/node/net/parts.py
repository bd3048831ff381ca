"""The parts of message processing, put together."""

from dataclasses import dataclass

from moneyrocket.node.net.address_relay import AddressGossip
from moneyrocket.node.net.block_announce import BlockAnnouncer
from moneyrocket.node.net.block_download import BlockDownload
from moneyrocket.node.net.block_receipt import BlockReceipt
from moneyrocket.node.net.block_serving import BlockServing, RecentBlock
from moneyrocket.node.net.compact_relay import CompactRelay
from moneyrocket.node.net.handshake import Handshake
from moneyrocket.node.net.header_sync import HeaderSync
from moneyrocket.node.net.misbehavior import Misbehavior
from moneyrocket.node.net.options import NetOptions
from moneyrocket.node.net.ping import Pings
from moneyrocket.node.net.state import NetState
from moneyrocket.node.net.tx_download import TxDownload
from moneyrocket.node.net.tx_relay import TxRelayer


@dataclass(frozen=True, slots=True)
class Parts:
    """One object for each task."""

    handshake: Handshake
    pings: Pings
    addresses: AddressGossip
    misbehavior: Misbehavior
    downloads: BlockDownload
    headers: HeaderSync
    serving: BlockServing
    announcer: BlockAnnouncer
    compact: CompactRelay
    receipt: BlockReceipt
    relayer: TxRelayer
    transactions: TxDownload


def make_parts(state: NetState, options: NetOptions) -> Parts:
    """Make all parts around shared state."""
    chain = state.chain
    recent = RecentBlock()
    misbehavior = Misbehavior(state)
    downloads = BlockDownload(state)
    headers = HeaderSync(state, downloads, chain.has_proof_of_work, chain.permitted_difficulty, misbehavior.punish)
    relayer = TxRelayer(state, recent)
    return Parts(
        handshake=Handshake(state, options.user_agent),
        pings=Pings(options.peer_timeout),
        addresses=AddressGossip(state),
        misbehavior=misbehavior,
        downloads=downloads,
        headers=headers,
        serving=BlockServing(state, recent),
        announcer=BlockAnnouncer(state, downloads, recent),
        compact=CompactRelay(state, downloads, headers, chain.mutation, misbehavior.punish),
        receipt=BlockReceipt(state, downloads),
        relayer=relayer,
        transactions=TxDownload(state, relayer),
    )
