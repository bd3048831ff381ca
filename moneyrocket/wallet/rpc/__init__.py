"""The wallet's RPC methods."""
