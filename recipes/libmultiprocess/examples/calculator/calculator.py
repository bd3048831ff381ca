"""The program that calculates."""

import ast
import operator
import os
import sys
from collections.abc import Callable

from generated.calculator import InitServer
from interfaces import Calculator, Init, Printer

from libmultiprocess import EventLoop, inherited_socket, serve_stream

OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluate(node: ast.expr) -> float:
    """The value of an expression of numbers and + - * /."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](evaluate(node.left), evaluate(node.right))
    raise ArithmeticError("not a sum")


class PrintingCalculator(Calculator):
    """Prints what it works out on somebody else's printer."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    def solve(self, expression: str) -> None:
        """Work out ``expression`` and print it."""
        try:
            value = evaluate(ast.parse(expression, mode="eval").body)
        except SyntaxError:
            raise ArithmeticError(f"cannot read {expression!r}") from None
        self._printer.print_line(f"{expression} = {value:g}   (worked out by process {os.getpid()})")


class CalculatorInit(Init):
    """Offers calculators."""

    def make_printer(self) -> Printer:
        """Refuse: this program only calculates."""
        raise NotImplementedError("this program has no printer")

    def make_calculator(self, printer: Printer) -> Calculator:
        """Make one."""
        return PrintingCalculator(printer)


def main() -> None:
    """Serve on the inherited socket until the other side hangs up."""
    with EventLoop("calculator") as loop:
        serve_stream(loop, inherited_socket(int(sys.argv[1])), InitServer, CalculatorInit()).wait_closed()


if __name__ == "__main__":
    main()
