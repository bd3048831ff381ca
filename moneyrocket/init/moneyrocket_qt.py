"""moneyrocket-qt: the desktop program, which does not exist yet."""

from __future__ import annotations

import sys


def main() -> int:
    """Says that there is no GUI; returns the exit status."""
    print("Error: the GUI of Moneyrocket is not built yet. Use moneyrocketd and moneyrocket-cli.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
