"""What a desktop program sees of wallets: implements `Wallets` and `Wallet` of `moneyrocket.interfaces.wallet`."""
