"""Usage: roundtrip.py DIRECTORY VERSION. Loads pycapnp from DIRECTORY; its Cap'n Proto has to be of VERSION."""

import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

import capnp
from capnp.version import LIBCAPNP_VERSION_MAJOR, LIBCAPNP_VERSION_MICRO, LIBCAPNP_VERSION_MINOR

found = f"{LIBCAPNP_VERSION_MAJOR}.{LIBCAPNP_VERSION_MINOR}.{LIBCAPNP_VERSION_MICRO}"
assert found == sys.argv[2], f"linked with Cap'n Proto {found}, not {sys.argv[2]}"

maps = Path("/proc/self/maps")
if maps.exists():
    shared = {line.split()[-1] for line in maps.read_text().splitlines() if "libcapnp" in line or "libkj" in line}
    assert not shared, f"loaded a shared Cap'n Proto: {shared}"

point = capnp.load(str(Path(__file__).with_name("point.capnp"))).Point
message = point.new_message(x=3, y=4)
with point.from_bytes(message.to_bytes()) as copy:
    assert (copy.x, copy.y) == (3, 4)
print(f"pycapnp with Cap'n Proto {found}")
