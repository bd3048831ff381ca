"""`python3 -m depends NO_QT=1 MULTIPROCESS=1`: what `make -C depends` calls."""

import os
import sys

from depends.errors import FatalError
from depends.options import parse_options
from depends.progress import Progress
from depends.run import build_depends


def main() -> int:
    """Builds the prefix; returns the exit status."""
    try:
        build_depends(parse_options(sys.argv[1:], os.environ), Progress())
    except FatalError as error:
        print(f"depends: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
