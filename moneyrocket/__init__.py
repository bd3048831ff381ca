"""Moneyrocket: a Bitcoin node, wallet and GUI in processes of their own."""

__version__ = "0.1.0"
CLIENT_NAME = "Moneyrocket"
