"""The command-line client and the dispatcher."""
