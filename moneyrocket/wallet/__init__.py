"""Keys, coins, transactions and the RPC methods of wallets. Talks to the chain through `interfaces.Chain` only."""
