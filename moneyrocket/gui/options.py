"""What the command line says to the windows. Imports nothing of Qt, so that it costs nothing before Qt is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GuiOptions:
    """Options of a desktop program.

    Attributes:
        program_name: name of the executable.
        chain: main, test, testnet4, signet or regtest.
        data_dir: data directory of the chain.
        language: for example ``de`` or ``pt_BR`` (-lang); empty for the system's.
        minimized: begin as an icon (-min).
        splash: show start-up in a splash window (-splash).
        reset_settings: forget what the windows remember (-resetguisettings).
    """

    program_name: str
    chain: str
    data_dir: Path
    language: str = ""
    minimized: bool = False
    splash: bool = True
    reset_settings: bool = False
