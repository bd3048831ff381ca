"""All that a wallet knows of one transaction."""

from __future__ import annotations

from moneyrocket.interfaces.wallet_values import TxDetails, TxInputInfo, TxOutputInfo
from moneyrocket.wallet.balance import is_change, is_trusted
from moneyrocket.wallet.desktop.history import History, all_mine, status_of
from moneyrocket.wallet.transaction import WalletTx
from moneyrocket.wallet.wallet import Wallet


def details(wallet: Wallet, history: History, wtx: WalletTx) -> TxDetails:
    """Describe a transaction. Call under the wallet's lock."""
    ledger, tx, state = wallet.ledger, wtx.tx, wtx.state
    depth, debit = ledger.depth(wtx), ledger.debit(tx)
    confirmed = wtx.is_confirmed
    return TxDetails(
        txid=wtx.txid,
        wtxid=tx.wtxid,
        status=status_of(wallet, wtx),
        confirmations=depth,
        in_mempool=wtx.in_mempool,
        trusted=is_trusted(wallet, wtx),
        time=wtx.time,
        time_received=wtx.time_received,
        block_hash=state.block_hash if confirmed else None,
        block_height=state.height if confirmed else -1,
        block_time=state.block_time if confirmed else 0,
        debit=debit,
        credit=ledger.credit(tx),
        fee=debit - tx.value_out if debit and all_mine(wallet, wtx) else None,
        rows=history.rows_of(wtx),
        inputs=_inputs(wallet, wtx),
        outputs=_outputs(wallet, wtx),
        size=len(tx.serialize()),
        vsize=tx.vsize,
        comment=wtx.comment or "",
        comment_to=wtx.comment_to or "",
        replaces=wtx.replaces,
        replaced_by=wtx.replaced_by,
        conflicts=tuple(ledger.conflicts(wtx)),
        can_abandon=depth == 0 and not wtx.in_mempool and not wtx.is_abandoned,
        raw=tx.serialize(),
    )


def _inputs(wallet: Wallet, wtx: WalletTx) -> tuple[TxInputInfo, ...]:
    result: list[TxInputInfo] = []
    for txin in wtx.tx.inputs if not wtx.tx.is_coinbase else ():
        parent = wallet.ledger.txs.get(txin.prevout.txid)
        out = parent.tx.outputs[txin.prevout.n] if parent and txin.prevout.n < len(parent.tx.outputs) else None
        address = wallet.address_of(out.script_pubkey) if out is not None else None
        mine = txin.prevout in wallet.ledger.coins
        result.append(TxInputInfo(txin.prevout, address or "", out.value if out is not None else None, mine))
    return tuple(result)


def _outputs(wallet: Wallet, wtx: WalletTx) -> tuple[TxOutputInfo, ...]:
    return tuple(
        TxOutputInfo(
            address=wallet.address_of(out.script_pubkey) or "",
            label=wallet.addresses.label(out.script_pubkey) or "",
            amount=out.value,
            mine=wallet.is_mine(out.script_pubkey),
            change=is_change(wallet, out.script_pubkey),
        )
        for out in wtx.tx.outputs
    )
