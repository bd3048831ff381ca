"""Block storage, chain state, mempool, policy, block templates and P2P; implements interfaces.Chain."""
