"""The program's name and version, as programs and peers see them."""

from __future__ import annotations

CLIENT_NAME = "Moneyrocket"

VERSION = (0, 1, 0)
"""Major, minor and patch number; a test compares it with the distribution's metadata."""

CLIENT_VERSION = VERSION[0] * 10000 + VERSION[1] * 100 + VERSION[2]
"""The version as one number, for `getnetworkinfo` and file formats."""

VERSION_TEXT = "v" + ".".join(str(part) for part in VERSION)

USER_AGENT_NAME = "Moneyrocket"

LICENSE_TEXT = (
    "Copyright (C) The Moneyrocket developers\n\n"
    "This is free software, which may be used, changed and shared under the MIT licence; see the file LICENSE. "
    "It comes without any warranty.\n"
)
