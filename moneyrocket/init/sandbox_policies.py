"""The sandbox of each program: what its settings say that it needs, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from moneyrocket.common.args import ArgsManager, default_data_dir
from moneyrocket.common.errors import InitError
from moneyrocket.init.desktop_paths import desktop_paths
from moneyrocket.init.sandbox_network import desktop_network, keys_in_use, wallet_network
from moneyrocket.sandbox.paths import around, own_thread_paths, python_paths
from moneyrocket.sandbox.policy import NO_NETWORK, WHOLE_NETWORK, NetworkAccess, Policy

_RESOLVER_PATHS: Final = tuple(map(Path, ("/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager")))
"""What looking up a host name reads."""


def wallet_policy(args: ArgsManager, network: NetworkAccess = NO_NETWORK) -> Policy:
    """The rules of a wallet process that a node has started.

    Args:
        args: its settings.
        network: what it needs to serve users and to reach its node; nothing if the node has started it.
    """
    read = (*python_paths(), *(_RESOLVER_PATHS if network.lookup else ()), *keys_in_use(args, "wallet"))
    write = (*wallet_folders(args), *allowed_folders(args), *own_thread_paths())
    return Policy("wallet", read, write, network=network)


def lone_wallet_policy(args: ArgsManager) -> Policy:
    """The rules of a wallet process that was started on its own: it also reaches its node, and serves users."""
    return wallet_policy(args, wallet_network(args))


def node_policy(args: ArgsManager) -> Policy:
    """The rules of a node's process, and the folders that it writes, which are made here.

    Raises:
        InitError: wallets lie in one of those.
    """
    chain_folder = args.datadir_net
    names = ("blocks", "chainstate", *(["indexes"] if args.get_bool("-txindex", False) else []))
    own = (args.blocks_dir, *(chain_folder / name for name in names))
    for folder in own:
        folder.mkdir(parents=True, exist_ok=True)
    for wallet in wallet_folders(args):
        if any(wallet.is_relative_to(folder.resolve()) for folder in own):
            raise InitError(
                f"The sandbox cannot keep the node from wallets in {wallet}, which lies among its own files. Choose "
                "another -walletdir, or start with -sandbox=0."
            )
    hidden = _hidden(args)
    return Policy(
        role="node",
        read=(*around((*python_paths(), *_RESOLVER_PATHS), hidden), *keys_in_use(args, "node")),
        write=(*own, *around(allowed_folders(args), hidden), *own_thread_paths()),
        network=WHOLE_NETWORK,
    )


def desktop_policy(args: ArgsManager) -> Policy:
    """The rules of the windows' process, and the folder for its settings, which is made here."""
    own = args.datadir_net / "gui"
    own.mkdir(parents=True, exist_ok=True)
    hidden = _hidden(args)
    paths = desktop_paths()
    return Policy(
        role="gui",
        read=(*around((*python_paths(), *paths.read), hidden), *keys_in_use(args, "gui")),
        write=(own, *around((*paths.write, *allowed_folders(args)), hidden), *own_thread_paths()),
        devices=paths.devices,
        network=desktop_network(args),
        # Window systems and input methods may listen on abstract sockets.
        abstract_sockets=True,
    )


def _hidden(args: ArgsManager) -> tuple[Path, ...]:
    """Where wallets are: those of the settings, of other chains of the data directory, and of other nodes."""
    return (args.datadir_base, default_data_dir(), *wallet_folders(args))


def wallet_folders(args: ArgsManager) -> tuple[Path, ...]:
    """The folders of all wallets that the settings name, without symbolic links."""
    # Only here: a node does not hold wallets.
    from moneyrocket.wallet.paths import DATA_FILE, wallet_dir

    given = args.get_path("-walletdir")
    if given is not None and not given.is_dir():
        # An error that the wallet tells of.
        return ()
    main = wallet_dir(args).resolve()
    named = [(main / name).resolve() for name in args.get_list("-wallet") if name]
    # A setting can be written by the wallet process, and must not open any folder to it but a wallet's.
    outside = [path for path in named if not path.is_relative_to(main) and (path / DATA_FILE).is_file()]
    return (main, *outside)


def allowed_folders(args: ArgsManager) -> tuple[Path, ...]:
    """The folders of -sandboxallow."""
    return tuple(Path(text).absolute() for text in args.get_list("-sandboxallow") if text)
