"""Command line of the generator."""

import argparse
import sys
from pathlib import Path

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.generate import generate


def main(argv: list[str] | None = None) -> int:
    """Run ``mpgen --out DIR --import-prefix PACKAGE FILE.capnp…``."""
    parser = argparse.ArgumentParser(prog="mpgen", description="Write Python proxies for Cap'n Proto interfaces.")
    parser.add_argument("schemas", nargs="+", type=Path, metavar="FILE.capnp")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of the generated package")
    parser.add_argument("--import-prefix", default="", metavar="PACKAGE", help="dotted name of that package")
    parser.add_argument("-I", dest="import_dirs", action="append", default=[], type=Path, metavar="DIR",
                        help="folder for imports that begin with a slash")  # fmt: skip
    options = parser.parse_args(argv)
    # Wrapped classes are usually found from where the build runs, which an installed script has not on its path.
    sys.path.insert(0, str(Path.cwd()))
    try:
        written = generate(options.schemas, options.out, options.import_prefix, options.import_dirs)
    except SchemaError as error:
        print(f"mpgen: error: {error}", file=sys.stderr)
        return 1
    for path in written:
        print(f"mpgen: wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
