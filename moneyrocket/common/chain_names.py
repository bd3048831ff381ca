"""Names, folders and RPC ports of the chains, for programs that must not load the consensus rules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BaseChain:
    """What a client needs to know of a chain.

    Attributes:
        name: as in -chain and in the sections of the configuration file.
        folder: folder in the data directory, empty for the main chain.
        rpc_port: default TCP port of the RPC server.
    """

    name: str
    folder: str
    rpc_port: int

    @property
    def wallet_rpc_port(self) -> int:
        """Default TCP port of the RPC server of a wallet that was started on its own."""
        return self.rpc_port + 4


BASE_CHAINS = {
    chain.name: chain
    for chain in (
        BaseChain("main", "", 8332),
        BaseChain("test", "testnet3", 18332),
        BaseChain("testnet4", "testnet4", 48332),
        BaseChain("signet", "signet", 38332),
        BaseChain("regtest", "regtest", 18443),
    )
}
