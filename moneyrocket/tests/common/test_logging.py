import os
import re
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from moneyrocket.common import clock, logging
from moneyrocket.common.logging import LogOptions, category_logger, log

net = category_logger("net")
log.info("before the start")
logging.enable_category("net")
logging.set_level("trace", "net")
clock.set_mock_time(int(sys.argv[2]))
logging.start_logging(LogOptions(Path(sys.argv[1]), False, True, True, True, True))
net.debug("bytes %d", 5)
net.trace("deep")
net.warning("careful")
logging.disable_category("all")
net.debug("not shown")
log.info("escape \\x1b")
"""


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "debug.log"

    subprocess.run([sys.executable, "-c", SCRIPT, str(path), "1700000000"], check=True)

    lines = path.read_text().lstrip("\n").splitlines()
    assert len(lines) == 5
    assert re.fullmatch(r"\S+\.\d{6}Z \[MainThread\] \[<string>:\d+\] \[<module>\] before the start", lines[0])
    assert lines[1].endswith("[<module>] [net] bytes 5")
    assert "Z (mocktime: 2023-11-14T22:13:20Z) [MainThread]" in lines[1]
    assert lines[2].endswith("[net:trace] deep")
    assert lines[3].endswith("[<module>] [warning] careful")
    assert lines[4].endswith("escape \\x1b")


def test_a_second_run_appends(tmp_path: Path) -> None:
    path = tmp_path / "debug.log"

    for _ in range(2):
        subprocess.run([sys.executable, "-c", SCRIPT, str(path), "0"], check=True)

    assert path.read_text().count("before the start") == 2


TAPPED = """
import sys
from pathlib import Path
from moneyrocket.common import logging
from moneyrocket.common.logging import LogOptions, category_logger

net = category_logger("net")
logging.start_logging(LogOptions(Path(sys.argv[1])))
net.debug("before")
remove = logging.add_tap("net", print)
assert net.debug_on
net.debug("seen %d", 1)
net.warning("written only")
category_logger("ipc").debug("another")
logging.enable_category("net")
net.debug("seen and written")
remove()
remove()
net.debug("written")
logging.disable_category("net")
assert not net.debug_on
"""


def test_a_tap_sees_debug_lines_of_its_category_whether_they_are_written_or_not(tmp_path: Path) -> None:
    path = tmp_path / "debug.log"

    done = subprocess.run(
        [sys.executable, "-c", TAPPED, str(path)], check=True, capture_output=True, text=True, encoding="utf-8"
    )

    assert done.stdout.splitlines() == ["seen 1", "seen and written"]
    lines = [line.partition("] ")[2] for line in path.read_text().splitlines() if line]
    assert lines == ["written only", "seen and written", "written"]


SHOWN = """
from moneyrocket.common import logging
from moneyrocket.common.logging import LogOptions, log

logging.start_logging(LogOptions(None, True))
log.info("wallet ₿")
log.info("another line")
"""


def test_a_console_that_lacks_a_character_is_written_to_all_the_same() -> None:
    environ = {**os.environ, "PYTHONIOENCODING": "cp1252"}

    done = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True, check=True, env=environ)

    assert [line.partition("Z ")[2] for line in done.stdout.splitlines()] == ["wallet \\u20bf", "another line"]
