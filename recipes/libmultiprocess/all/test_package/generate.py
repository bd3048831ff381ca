"""Usage: generate.py LIBRARIES OUTPUT. Generates a proxy with the mpgen of the wheel in LIBRARIES, and imports it."""

import os
import sys
from pathlib import Path

libraries, output = sys.argv[1:]
here = Path(__file__).resolve().parent
sys.path[:0] = paths = [libraries, str(here), output]
# mpgen asks an interpreter of its own for what the schema says.
os.environ["PYTHONPATH"] = os.pathsep.join(paths)

from libmultiprocess.mpgen.__main__ import main  # noqa: E402

status = main(["--out", f"{output}/generated", "--import-prefix", "generated", str(here / "doubler.capnp")])
assert status == 0, "mpgen failed"

from doubling import Doubler  # noqa: E402
from generated.doubler import DoublerClient  # noqa: E402

assert issubclass(DoublerClient, Doubler)
print("libmultiprocess generates")
