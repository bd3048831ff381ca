"""JSON-RPC over HTTP: server, authentication, and the declaration and table of methods."""
