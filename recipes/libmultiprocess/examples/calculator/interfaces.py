"""What the three programs have in common: ordinary abstract classes."""

from abc import ABC, abstractmethod


class Printer(ABC):
    """Shows text to somebody."""

    @abstractmethod
    def print_line(self, text: str) -> None:
        """Show one line."""


class Calculator(ABC):
    """Works out expressions."""

    @abstractmethod
    def solve(self, expression: str) -> None:
        """Work out ``expression`` and print the result.

        Raises:
            ArithmeticError: if it has none.
        """


class Init(ABC):
    """The first object of each program: makes what the program is there for."""

    @abstractmethod
    def make_printer(self) -> Printer:
        """Make a printer."""

    @abstractmethod
    def make_calculator(self, printer: Printer) -> Calculator:
        """Make a calculator that prints its results on ``printer``."""
