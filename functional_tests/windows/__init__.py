"""Tests of the programs on Windows, run there by `nox -s wine`."""
