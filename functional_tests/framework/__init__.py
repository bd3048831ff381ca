"""What the functional tests are written with: nodes, peers, wallets, and how to wait for them."""
