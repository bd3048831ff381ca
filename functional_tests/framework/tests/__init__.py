"""Tests of the framework itself, with fake daemons."""
