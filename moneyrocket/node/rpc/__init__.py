"""RPC methods of the node, one module a category. Each ends with the tuple ``METHODS``."""
