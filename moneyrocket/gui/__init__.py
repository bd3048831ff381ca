"""The desktop program's windows. They know node and wallets through `moneyrocket.interfaces` only."""
