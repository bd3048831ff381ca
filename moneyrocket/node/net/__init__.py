"""The peer-to-peer network: sockets, connections, and what is said on them."""
