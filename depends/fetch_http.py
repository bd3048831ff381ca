"""Fetches an archive from its upstream address."""

import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

from depends.errors import SourceError
from depends.sources import Source

_TIMEOUT = 30.0
_ATTEMPTS = 3


def fetch_http(source: Source, origin: str, target: Path) -> None:
    """Downloads `origin` to `target`, trying again after errors that may pass.

    Raises:
        SourceError: The address can't be reached or has no such file.
    """
    del source
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(origin, timeout=_TIMEOUT) as response, target.open("wb") as stream:
                shutil.copyfileobj(response, stream)
            return
        except urllib.error.HTTPError as error:
            if 400 <= error.code < 500 or attempt == _ATTEMPTS:
                raise SourceError(f"HTTP status {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            # A name that does not resolve stays so; waiting for it only costs time where there is no network.
            if attempt == _ATTEMPTS or "resolution" in str(error.reason) or "not known" in str(error.reason):
                raise SourceError(str(error.reason)) from error
        except OSError as error:
            if attempt == _ATTEMPTS:
                raise SourceError(str(error)) from error
        time.sleep(attempt)
