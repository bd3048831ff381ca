"""RPC methods for signed messages that need no wallet."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType

_SAMPLE = '"1D1ZrZNe3JUo7ZycKEYQQiQAWd9y54F4XX" "signature" "my message"'
_SAMPLE_JSON = '"1D1ZrZNe3JUo7ZycKEYQQiQAWd9y54F4XX", "signature", "my message"'


@rpc_method(
    category="util",
    help="Tells whether the key of an address signed a message.",
    params=(
        Param("address", ParamType.STR, "Address of the key; it must pay to a key hash"),
        Param("signature", ParamType.STR, "The signature in Base64, as signmessage returns it"),
        Param("message", ParamType.STR, "The message"),
    ),
    result="boolean: whether the signature is right",
    examples=(cli_example("verifymessage", _SAMPLE), http_example("verifymessage", _SAMPLE_JSON)),
)
def verifymessage(node: NodeContext, args: Args) -> Json:
    from moneyrocket.script.message import MessageResult, verify_message

    result = verify_message(args.str("address"), args.str("signature"), args.str("message"), node.params)
    if result is MessageResult.INVALID_ADDRESS:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Invalid address")
    if result is MessageResult.ADDRESS_NO_KEY:
        raise RpcError(RpcErrorCode.TYPE_ERROR, "Address does not refer to key")
    if result is MessageResult.MALFORMED_SIGNATURE:
        raise RpcError(RpcErrorCode.TYPE_ERROR, "Malformed base64 encoding")
    return result is MessageResult.OK


@rpc_method(
    category="util",
    help="Signs a message with a private key.",
    params=(
        Param("privkey", ParamType.STR, "The private key"),
        Param("message", ParamType.STR, "The message"),
    ),
    result="string: the signature in Base64",
    examples=(
        cli_example("signmessagewithprivkey", '"privkey" "my message"'),
        cli_example("verifymessage", _SAMPLE),
        http_example("signmessagewithprivkey", '"privkey", "my message"'),
    ),
)
def signmessagewithprivkey(node: NodeContext, args: Args) -> Json:
    from moneyrocket.script.keys import InvalidKeyError, PrivateKey
    from moneyrocket.script.message import sign_message

    try:
        key = PrivateKey.from_wif(args.str("privkey"), node.params)
    except InvalidKeyError:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Invalid private key") from None
    return sign_message(key, args.str("message"))


METHODS = (verifymessage, signmessagewithprivkey)
