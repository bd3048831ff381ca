"""moneyrocket-cli: calls one RPC method and prints its result."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from moneyrocket.cli import verbatim_json
from moneyrocket.cli.client import RpcClient, request
from moneyrocket.cli.errors import CliError
from moneyrocket.cli.options import CLI_COMMANDS, CLI_OPTIONS
from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.config_file import read_config_files
from moneyrocket.common.errors import ConfigError
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError

_WALLET_NOT_SPECIFIED = -19
_DEFAULT_BLOCKS = "1"


def main() -> int:
    """Runs the program; returns the exit status."""
    arguments = [os.fsencode(argument).decode("utf-8", "surrogateescape") for argument in sys.argv[1:]]
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return 130


def run(arguments: Sequence[str]) -> int:
    """Runs the program with the given arguments; returns the exit status."""
    args = ArgsManager(CLI_OPTIONS)
    try:
        rest = parse_command_line(args, arguments, commands=True)
    except ConfigError as error:
        return _fail(f"Error parsing command line arguments: {error}")
    if not arguments or _information_wanted(args):
        _print_information(args)
        return 0 if arguments else _fail("Error: too few parameters")
    if not args.datadir_exists():
        return _fail(f'Error: Specified data directory "{args.get("-datadir")}" does not exist.')
    try:
        read_config_files(args)
    except ConfigError as error:
        return _fail(f"Error reading configuration file: {error}")
    try:
        args.select_network(args.chain_name)
    except ConfigError as error:
        return _fail(f"Error: {error}")
    try:
        reply = _perform(args, rest)
    except RpcError as error:
        reply = {"error": {"code": error.code, "message": error.message}}
    except (CliError, ValueError) as error:
        return _fail(f"error: {error}")
    return _print_reply(reply)


def _information_wanted(args: ArgsManager) -> bool:
    return args.get_bool("-version", False) or any(args.is_set(name) for name in ("-help", "-h", "-?"))


def _print_information(args: ArgsManager) -> None:
    from moneyrocket.common.option_help import options_help
    from moneyrocket.common.version import CLIENT_NAME, LICENSE_TEXT, VERSION_TEXT

    print(f"{CLIENT_NAME} RPC client version {VERSION_TEXT}")
    if args.get_bool("-version", False):
        print(LICENSE_TEXT, end="")
        return
    print(
        f"\nmoneyrocket-cli calls methods of a {CLIENT_NAME} node: to look at the chain and the network, to use "
        'wallets, and to control the node. The method "help" lists all methods, "help <command>" describes one.\n'
        "\n"
        "Usage: moneyrocket-cli [options] <command> [params]\n"
        "or:    moneyrocket-cli [options] -named <command> [name=value]...\n"
        "or:    moneyrocket-cli [options] help\n"
        "or:    moneyrocket-cli [options] help <command>\n\n"
    )
    print(options_help(args.options.values(), show_debug=False), end="")


def _perform(args: ArgsManager, rest: list[str]) -> Json:
    arguments = _read_standard_input(args, rest)
    commands = [option.key for option in CLI_COMMANDS if args.is_set(option.key)]
    if len(commands) > 1:
        raise CliError(f"Only one of {', '.join(commands)} may be specified.")
    client = RpcClient(args)
    wallet = None if args.is_negated("-rpcwallet") else args.get_opt("-rpcwallet")
    if any(args.get_bool(name, False) for name in ("-getinfo", "-netinfo", "-addrinfo")):
        from moneyrocket.cli import info

        if args.get_bool("-getinfo", False):
            return info.getinfo(client, arguments, wallet)
        if args.get_bool("-netinfo", False):
            from moneyrocket.cli.netinfo import netinfo

            return netinfo(client, arguments, wallet)
        return info.addrinfo(client, arguments, wallet)
    if args.get_bool("-generate", False):
        return _generate(client, arguments, wallet)
    if not arguments:
        raise CliError("too few parameters (need at least command)")
    method, *given = arguments
    return client.call(request(method, _params(args, method, given), args.get("-rpcid", "1")), wallet)


def _params(args: ArgsManager, method: str, given: list[str]) -> Json:
    if not given:
        return {} if args.get_bool("-named", False) else []
    from moneyrocket.cli.conversions import named_params, positional_params

    if args.get_bool("-named", False):
        return named_params(method, given)
    return positional_params(method, given)


def _generate(client: RpcClient, arguments: list[str], wallet: str | None) -> Json:
    from moneyrocket.cli.conversions import positional_params

    reply = client.call(request("getnewaddress", [], "1"), wallet)
    address = reply.get("result") if isinstance(reply, dict) else None
    if not isinstance(address, str):
        return reply
    if len(arguments) > 2:
        raise CliError("too many arguments (maximum 2 for nblocks and maxtries)")
    count, *tries = arguments or [_DEFAULT_BLOCKS]
    if arguments and count == "0":
        raise CliError(
            f"the first argument (number of blocks to generate, default: {_DEFAULT_BLOCKS}) must be an integer value "
            "greater than zero"
        )
    params = positional_params("generatetoaddress", [count, address, *tries])
    made = client.call(request("generatetoaddress", params, 1), wallet)
    if not isinstance(made, dict) or made.get("error") is not None:
        return made
    return {"result": {"address": address, "blocks": made.get("result")}, "error": None}


def _read_standard_input(args: ArgsManager, rest: list[str]) -> list[str]:
    arguments = list(rest)
    if args.get_bool("-stdinrpcpass", False):
        args.force_set("-rpcpassword", _secret_line("-stdinrpcpass", "RPC password> "))
    if args.get_bool("-stdinwalletpassphrase", False):
        if not arguments or not arguments[0].startswith("walletpassphrase"):
            raise CliError("-stdinwalletpassphrase is only applicable for walletpassphrase(change)")
        arguments.insert(1, _secret_line("-stdinwalletpassphrase", "Wallet passphrase> "))
    if args.get_bool("-stdin", False):
        arguments.extend(line.removesuffix("\n") for line in sys.stdin)
    return arguments


def _secret_line(option: str, prompt: str) -> str:
    if sys.stdin.isatty():
        import getpass

        return getpass.getpass(prompt, sys.stderr)
    line = sys.stdin.readline()
    if not line:
        raise CliError(f"{option} specified but failed to read from standard input")
    return line.removesuffix("\n")


def _print_reply(reply: Json) -> int:
    if not isinstance(reply, dict) or not reply:
        return _fail("error: expected reply to have result, error and id properties")
    error = reply.get("error")
    if error is None:
        result = reply.get("result")
        if result is not None:
            text = result if isinstance(result, str) else verbatim_json.dumps(result, pretty=True)
            _write(text)
        return 0
    if not isinstance(error, dict):
        return _fail(f"error: {verbatim_json.dumps(error)}")
    code, message = error.get("code"), error.get("message")
    text = "" if code is None else f"error code: {verbatim_json.show(code)}\n"
    if isinstance(message, str):
        text += f"error message:\n{message}"
    if code == _WALLET_NOT_SPECIFIED:
        text += (
            ' Or for the CLI, specify the "-rpcwallet=<walletname>" option before the command (run '
            '"moneyrocket-cli -h" for help or "moneyrocket-cli listwallets" to see which wallets are currently loaded).'
        )
    return _fail(text, abs(code) if isinstance(code, int) else 1)


def _write(text: str) -> None:
    if text:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape") + b"\n")
        sys.stdout.flush()


def _fail(text: str, status: int = 1) -> int:
    sys.stderr.buffer.write(text.encode("utf-8", "surrogateescape") + b"\n")
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    sys.exit(main())
