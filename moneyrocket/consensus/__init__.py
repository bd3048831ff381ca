"""Consensus rules as pure functions, chain parameters and deployments."""
