"""Writing a history into a file, in the columns of Bitcoin Core's export."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from moneyrocket.gui.units import Unit
from moneyrocket.interfaces.wallet import Wallet
from moneyrocket.interfaces.wallet_values import MAX_PAGE, TxQuery, TxStatus, TxType
from moneyrocket.primitives.amount import format_money
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.sandbox.state import sandbox_state
from moneyrocket.sandbox.user_files import SandboxRefusedError

NAMES = {
    TxType.RECEIVED: "Received with",
    TxType.SENT: "Sent to",
    TxType.MINED: "Mined",
    TxType.INTERNAL: "Payment to yourself",
}


def export_history(wallet: Wallet, query: TxQuery, path: Path, cancelled: Callable[[], bool]) -> int:
    """Write the rows that a query finds as comma-separated values; runs on a worker.

    Args:
        wallet: Whose history.
        query: Which rows.
        path: The file; it is replaced when all is written.
        cancelled: Asked between pages; True ends the work and leaves no file.

    Returns:
        The number of rows written, -1 when it was cancelled.

    Raises:
        OSError: The file cannot be written.
    """
    temporary = path.with_name(path.name + ".part")
    count, revision = 0, -1
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            while True:
                page = wallet.transactions(query, count, MAX_PAGE)
                if page.revision != revision:
                    # Rows moved since the last page: begin anew, so that none is written twice or left out.
                    revision = page.revision
                    file.seek(0)
                    file.truncate()
                    writer.writerow(
                        ["Confirmed", "Date", "Type", "Label", "Address", f"Amount ({Unit.BTC.label})", "ID"]
                    )
                    if count:
                        count = 0
                        continue
                for row in page.rows:
                    writer.writerow(
                        [
                            "true" if row.status is TxStatus.CONFIRMED else "false",
                            datetime.fromtimestamp(row.time).isoformat(timespec="seconds"),
                            NAMES[row.type],
                            row.label,
                            row.address,
                            format_money(row.amount),
                            hash_to_hex(row.txid),
                        ]
                    )
                count += len(page.rows)
                if cancelled():
                    return -1
                if count >= page.total or not page.rows:
                    break
        temporary.replace(path)
        return count
    except PermissionError:
        if sandbox_state().enabled:
            raise SandboxRefusedError(path) from None
        raise
    finally:
        temporary.unlink(missing_ok=True)
