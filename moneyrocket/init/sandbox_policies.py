"""The sandbox of each program: what its settings say that it needs, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.settings_file import settings_path
from moneyrocket.init import files
from moneyrocket.init.log_setup import log_options
from moneyrocket.sandbox.paths import around, own_thread_paths, python_paths
from moneyrocket.sandbox.policy import NO_NETWORK, WHOLE_NETWORK, NetworkAccess, Policy

_RESOLVER_PATHS: Final = tuple(map(Path, ("/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager")))
"""What looking up a host name reads."""

_NODE_FILES: Final = ("peers.dat", "banlist.json", "mempool.dat", "mempool.journal")
_TEMPORARY_SUFFIXES: Final = ("", ".new", ".tmp")
NODE_READABLE_NAMES: Final = ("mempool.dat",)
"""RPC importmempool takes one from anywhere; no wallet is called so."""


def wallet_policy(args: ArgsManager, network: NetworkAccess = NO_NETWORK) -> Policy:
    """The rules of a process that holds wallets.

    Args:
        args: its settings.
        network: what it needs to serve users and to reach its node; nothing if the node has started it.
    """
    return Policy(
        role="wallet",
        read=python_paths(),
        write=(*wallet_folders(args), *allowed_folders(args), *own_thread_paths()),
        network=network,
    )


def wallet_files(args: ArgsManager) -> tuple[Path, ...]:
    """What a wallet process has its launcher open: the log, which can be moved away and made anew."""
    log_file = log_options(args).file
    return () if log_file is None else (log_file,)


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
    wallets = wallet_folders(args)
    for wallet in wallets:
        if any(wallet.is_relative_to(folder.resolve()) for folder in own):
            raise InitError(
                f"The sandbox cannot keep the node from wallets in {wallet}, which lies among its own files. Choose "
                "another -walletdir, or start with -sandbox=0."
            )
    # Wallets of all chains are below the data directory.
    hidden = (args.datadir_base, *wallets)
    return Policy(
        role="node",
        read=around((*python_paths(), *_RESOLVER_PATHS), hidden),
        write=(*own, *around(allowed_folders(args), hidden), *own_thread_paths()),
        network=WHOLE_NETWORK,
    )


def node_files(args: ArgsManager) -> tuple[Path, ...]:
    """What a node has its launcher open, replace and delete: its files in the chain's folder, beside wallets."""
    # Only here: the daemon's other parts need neither before they start.
    from moneyrocket.rpc.auth import cookie_path

    given = (
        log_options(args).file,
        settings_path(args),
        files.pid_path(args),
        cookie_path(args),
        args.datadir_net / files.LOCK_FILE,
        *(args.datadir_net / name for name in _NODE_FILES),
    )
    return tuple(
        path.with_name(path.name + suffix) for path in given if path is not None for suffix in _TEMPORARY_SUFFIXES
    )


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
