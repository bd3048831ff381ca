"""Starting a process at the other end of a socket pair, and finding that end in the process that was started."""

import sys

from libmultiprocess.spawned import SpawnedProcess

if sys.platform == "win32":
    from libmultiprocess.process_windows import inherited_socket, spawn
else:
    from libmultiprocess.process_posix import inherited_socket, spawn

__all__ = ["SpawnedProcess", "inherited_socket", "spawn"]
