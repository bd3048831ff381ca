"""Interfaces between processes. Only this package knows Cap'n Proto; everyone else sees `moneyrocket.interfaces`."""
