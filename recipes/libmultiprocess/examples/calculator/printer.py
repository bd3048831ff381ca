"""The program that prints."""

import os
import sys

from generated.calculator import InitServer
from interfaces import Calculator, Init, Printer

from libmultiprocess import EventLoop, inherited_socket, serve_stream


class StdoutPrinter(Printer):
    """Prints on standard output."""

    def print_line(self, text: str) -> None:
        """Print ``text`` and which process did it."""
        print(f"printer (process {os.getpid()}): {text}", flush=True)


class PrinterInit(Init):
    """Offers printers."""

    def make_printer(self) -> Printer:
        """Make one."""
        return StdoutPrinter()

    def make_calculator(self, printer: Printer) -> Calculator:
        """Refuse: this program only prints."""
        raise NotImplementedError("this program has no calculator")


def main() -> None:
    """Serve on the inherited socket until the other side hangs up."""
    with EventLoop("printer") as loop:
        serve_stream(loop, inherited_socket(int(sys.argv[1])), InitServer, PrinterInit()).wait_closed()


if __name__ == "__main__":
    main()
