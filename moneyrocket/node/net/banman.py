"""Banned subnets (banlist.json) and addresses that misbehaved."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moneyrocket.common import clock, own_files
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.netaddress import AddressError, NetAddress, Subnet

log = category_logger("net")

DEFAULT_BAN_SECONDS: Final = 24 * 60 * 60
_MAX_DISCOURAGED: Final = 50_000
_ENTRY_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Ban:
    """A ban: from when until when, unix seconds."""

    created: int
    until: int


class BanMan:
    """The ban list. Thread-safe; every change is written to the file at once.

    Args:
        path: the file, ``banlist.json`` in the network's directory.
        default_seconds: length of a ban that names none (-bantime).

    Attributes:
        on_change: called after the list changed; must not wait.
    """

    def __init__(self, path: Path, default_seconds: int = DEFAULT_BAN_SECONDS) -> None:
        self._path = path
        self._default_seconds = default_seconds
        self._lock = threading.Lock()
        self.on_change: Callable[[], None] = lambda: None
        self._bans: dict[Subnet, Ban] = {}
        self._discouraged: OrderedDict[NetAddress, None] = OrderedDict()
        with self._lock:
            loaded = self._load()
            if self._sweep() or not loaded:
                self._write()

    def is_banned(self, address: NetAddress) -> bool:
        """Whether a ban covers ``address`` now."""
        now = clock.now()
        with self._lock:
            return any(now < ban.until and subnet.contains(address) for subnet, ban in self._bans.items())

    def is_banned_subnet(self, subnet: Subnet) -> bool:
        """Whether exactly this subnet is banned now."""
        with self._lock:
            ban = self._bans.get(subnet)
            return ban is not None and clock.now() < ban.until

    def ban(self, subnet: Subnet, seconds: int = 0, *, absolute: bool = False) -> None:
        """Ban a subnet.

        Args:
            subnet: whom.
            seconds: for how long, or with ``absolute`` until when (unix time); 0 for the default length.
            absolute: how to read ``seconds``.
        """
        now = clock.now()
        if seconds <= 0:
            seconds, absolute = self._default_seconds, False
        until = seconds if absolute else now + seconds
        with self._lock:
            known = self._bans.get(subnet)
            if known is not None and known.until >= until:
                return
            self._bans[subnet] = Ban(now, until)
            self._write()
        self.on_change()

    def unban(self, subnet: Subnet) -> bool:
        """Lift the ban of exactly this subnet; False if there was none."""
        with self._lock:
            if self._bans.pop(subnet, None) is None:
                return False
            self._write()
        self.on_change()
        return True

    def clear(self) -> None:
        """Lift all bans."""
        with self._lock:
            self._bans.clear()
            self._write()
        self.on_change()

    def banned(self) -> list[tuple[Subnet, Ban]]:
        """All bans in force, sorted by subnet."""
        with self._lock:
            if self._sweep():
                self._write()
            return sorted(self._bans.items(), key=lambda item: item[0].sort_key)

    def discourage(self, address: NetAddress) -> None:
        """Remember that ``address`` misbehaved, until the node stops or many others did."""
        with self._lock:
            self._discouraged[address] = None
            while len(self._discouraged) > _MAX_DISCOURAGED:
                self._discouraged.popitem(last=False)

    def is_discouraged(self, address: NetAddress) -> bool:
        """Whether ``address`` misbehaved."""
        return address in self._discouraged

    def _sweep(self) -> bool:
        now = clock.now()
        expired = [subnet for subnet, ban in self._bans.items() if now >= ban.until]
        for subnet in expired:
            del self._bans[subnet]
            log.debug("Removed banned node address/subnet: %s", subnet)
        return bool(expired)

    def _load(self) -> bool:
        try:
            entries: list[dict[str, Any]] = json.loads(own_files.read_text(self._path))["banned_nets"]
        except (OSError, ValueError, KeyError, TypeError):
            log.info("Recreating the banlist database")
            return False
        for entry in entries:
            try:
                if entry["version"] != _ENTRY_VERSION:
                    log.info("Dropping entry with unknown version (%s) from ban list", entry["version"])
                    continue
                subnet = Subnet.parse(entry["address"])
                self._bans[subnet] = Ban(int(entry["ban_created"]), int(entry["banned_until"]))
            except (KeyError, TypeError, ValueError, AddressError):
                log.info("Dropping entry with unparseable address or subnet (%s) from ban list", entry)
        log.debug("Loaded %d banned node addresses/subnets", len(self._bans))
        return True

    def _write(self) -> None:
        entries = [
            {"version": _ENTRY_VERSION, "ban_created": ban.created, "banned_until": ban.until, "address": str(subnet)}
            for subnet, ban in self._bans.items()
        ]
        temporary = self._path.with_suffix(".json.new")
        try:
            own_files.write_text(temporary, json.dumps({"banned_nets": entries}, indent=2) + "\n")
            own_files.rename(temporary, self._path)
        except OSError as error:
            log.error("Unable to write %s: %s", self._path, error)
