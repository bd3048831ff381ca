"""Times as text."""

import time


def iso_time(seconds: int) -> str:
    """Spell a UNIX time as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
