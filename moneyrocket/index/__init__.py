"""Optional indexes over the active chain. They follow the node's events and can be rebuilt from its blocks."""
