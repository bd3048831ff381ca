"""Transactions, blocks, serialization and hashes. No I/O."""
