"""Starts a printer and a calculator, and gives the one to the other.

Usage: client.py [--log] EXPRESSION…
"""

import sys
from pathlib import Path

from generated.calculator import InitClient

from libmultiprocess import EventLoop, FunctionLog, SpawnedProcess, close, connect_stream, spawn


def start(loop: EventLoop, program: str) -> tuple[SpawnedProcess, InitClient]:
    """Start one of the other programs and get its first object."""
    path = Path(__file__).with_name(f"{program}.py")
    process = spawn(lambda descriptor: [sys.executable, str(path), str(descriptor)])
    return process, connect_stream(loop, process.sock, InitClient, peer=program)


def main(arguments: list[str]) -> None:
    """Work out every argument."""
    log = FunctionLog(lambda message: print(message, file=sys.stderr)) if "--log" in arguments else None
    with EventLoop("client", log) as loop:
        printer_process, printer_init = start(loop, "printer")
        calculator_process, calculator_init = start(loop, "calculator")
        printer = printer_init.make_printer()
        calculator = calculator_init.make_calculator(printer)
        for expression in arguments:
            if expression == "--log":
                continue
            try:
                calculator.solve(expression)
            except ArithmeticError as error:
                print(f"client: {expression}: {error}", flush=True)
        for proxy in (calculator, printer, calculator_init, printer_init):
            close(proxy)
    calculator_process.wait()
    printer_process.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
