"""RPC methods about addresses and descriptors that need no wallet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.node.rpc.descriptor_args import parse_range
from moneyrocket.rpc.address_json import describe_address
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import as_str, is_hex

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.script.descriptors import Descriptor
    from moneyrocket.script.signing_provider import SigningProvider

_ADDRESS = '"bc1q09vm5lfy0j5reeulh4x5752q25uqqvz34hufdl"'
_KEY = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
_DESCRIPTOR = f'"wpkh([d34db33f/84h/0h/0h]{_KEY})"'
_KEYS = (
    "03789ed0bb717d88f7d321a368d905e7430207ebbd82bd342cf11ae157a7ace5fd",
    "03dbc6764b8884a92e871274b87583e6d5c2a58819473e17e107ef3f6aa5a61626",
)
_ADDRESS_TYPES: Final = ("legacy", "p2sh-segwit", "bech32", "bech32m")


@rpc_method(
    category="util",
    help="Tells whether a text is an address of this chain, and what it stands for.",
    params=(Param("address", ParamType.STR, "The text"),),
    result=(
        'object: "isvalid"; for an address "address", "scriptPubKey", "isscript", "iswitness", "witness_version", '
        '"witness_program"; otherwise "error" and "error_locations", the places of probable typing errors'
    ),
    examples=(cli_example("validateaddress", _ADDRESS), http_example("validateaddress", _ADDRESS)),
)
def validateaddress(node: NodeContext, args: Args) -> Json:
    from moneyrocket.script.address import AddressError, decode_address, encode_address

    try:
        script = decode_address(args.str("address"), node.params)
    except AddressError as error:
        return {"isvalid": False, "error_locations": list(error.locations), "error": str(error)}
    return {
        "isvalid": True,
        "address": encode_address(script, node.params),
        "scriptPubKey": script.hex(),
        **describe_address(script),
    }


@rpc_method(
    category="util",
    help="Makes an address that takes n signatures of m keys.",
    params=(
        Param("nrequired", ParamType.NUM, "Number of signatures needed"),
        Param(
            "keys",
            ParamType.ARR,
            "The public keys",
            inner=(Param("key", ParamType.HEX, "A public key", required=False),),
        ),
        Param("address_type", ParamType.STR, "legacy, p2sh-segwit or bech32", default="legacy"),
    ),
    result='object: "address", "redeemScript", "descriptor", and "warnings" if there are any',
    examples=(
        cli_example("createmultisig", f'2 "[\\"{_KEYS[0]}\\",\\"{_KEYS[1]}\\"]"'),
        http_example("createmultisig", f'2, ["{_KEYS[0]}","{_KEYS[1]}"]'),
    ),
)
def createmultisig(node: NodeContext, args: Args) -> Json:
    from moneyrocket.script.address import encode_address
    from moneyrocket.script.descriptors import infer_descriptor
    from moneyrocket.script.standard import multisig, p2sh, p2wsh

    required = args.int("nrequired")
    keys = [_public_key(as_str(key)) for key in args.list("keys")]
    kind = args.str("address_type")
    if kind not in _ADDRESS_TYPES:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, f"Unknown address type '{kind}'")
    if kind == "bech32m":
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "createmultisig cannot create bech32m multisig addresses")
    _check_multisig(required, len(keys))
    script = multisig(required, keys)
    # Witnesses take compressed keys only.
    used = kind if all(len(key) == 33 for key in keys) else "legacy"
    _check_script_size(script, used)
    program = p2wsh(script)
    output = {"legacy": p2sh(script), "p2sh-segwit": p2sh(program), "bech32": program}[used]
    descriptor = infer_descriptor(output, _known_scripts(script, program), node.params)
    result: dict[str, Json] = {
        "address": encode_address(output, node.params),
        "redeemScript": script.hex(),
        "descriptor": descriptor.to_string(node.params),
    }
    if used != kind:
        result["warnings"] = [
            "Unable to make chosen address type, please ensure no uncompressed public keys are present."
        ]
    return result


def _public_key(text: str) -> bytes:
    from moneyrocket.script.keys import PublicKey

    problem = None
    if not is_hex(text):
        problem = "must be a hex string"
    elif len(text) not in (66, 130):
        problem = "must have a length of either 33 or 65 bytes"
    elif not PublicKey(bytes.fromhex(text)).is_valid:
        problem = "must be cryptographically valid."
    if problem is not None:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, f'Pubkey "{text}" {problem}')
    return bytes.fromhex(text)


def _check_multisig(required: int, count: int) -> None:
    from moneyrocket.script.script import MAX_PUBKEYS_PER_MULTISIG

    problem = None
    if required < 1:
        problem = "a multisignature address must require at least one key to redeem"
    elif count < required:
        problem = f"not enough keys supplied (got {count} keys, but need at least {required} to redeem)"
    elif count > MAX_PUBKEYS_PER_MULTISIG:
        problem = (
            "Number of keys involved in the multisignature address creation > "
            f"{MAX_PUBKEYS_PER_MULTISIG}\nReduce the number"
        )
    if problem is not None:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, problem)


def _check_script_size(script: bytes, kind: str) -> None:
    from moneyrocket.script.script import MAX_SCRIPT_ELEMENT_SIZE

    if kind == "legacy" and len(script) > MAX_SCRIPT_ELEMENT_SIZE:
        raise RpcError(
            RpcErrorCode.INVALID_PARAMETER,
            f"redeemScript exceeds size limit: {len(script)} > {MAX_SCRIPT_ELEMENT_SIZE}",
        )


def _known_scripts(*scripts: bytes) -> SigningProvider:
    from moneyrocket.primitives.hashes import hash160
    from moneyrocket.script.signing_provider import SigningProvider

    return SigningProvider(scripts={hash160(script): script for script in scripts})


@rpc_method(
    category="util",
    help="Analyses a descriptor.",
    params=(Param("descriptor", ParamType.STR, "The descriptor"),),
    result=(
        'object: "descriptor" without private keys, "multipath_expansion" if it stands for several, "checksum" of the '
        'descriptor as given, "isrange", "issolvable", "hasprivatekeys"'
    ),
    examples=(cli_example("getdescriptorinfo", _DESCRIPTOR), http_example("getdescriptorinfo", _DESCRIPTOR)),
)
def getdescriptorinfo(node: NodeContext, args: Args) -> Json:
    from moneyrocket.script.descriptors import descriptor_checksum

    text = args.str("descriptor")
    descriptors = _parse(text, node.params, require_checksum=False)
    first = descriptors[0]
    result: dict[str, Json] = {"descriptor": first.to_string(node.params)}
    if len(descriptors) > 1:
        result["multipath_expansion"] = [descriptor.to_string(node.params) for descriptor in descriptors]
    result["checksum"] = descriptor_checksum(text.split("#")[0])
    result["isrange"] = first.is_range
    result["issolvable"] = first.is_solvable
    result["hasprivatekeys"] = any(descriptor.has_private_keys for descriptor in descriptors)
    return result


@rpc_method(
    category="util",
    help="Derives the addresses that a descriptor stands for.",
    params=(
        Param("descriptor", ParamType.STR, "The descriptor, with checksum"),
        Param(
            "range",
            ParamType.RANGE,
            "Positions of a ranged descriptor: the last one, or the first and the last",
            required=False,
        ),
    ),
    result="array of addresses; for a multipath descriptor an array of such arrays, in the order of the paths",
    examples=(
        cli_example("deriveaddresses", f'{_DESCRIPTOR} "[0,2]"'),
        http_example("deriveaddresses", f"{_DESCRIPTOR}, [0,2]"),
    ),
)
def deriveaddresses(node: NodeContext, args: Args) -> Json:
    given = args.raw("range")
    first, last = (0, 0) if given is None else parse_range(given)
    descriptors = _parse(args.str("descriptor"), node.params, require_checksum=True)
    if given is not None and not descriptors[0].is_range:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Range should not be specified for an un-ranged descriptor")
    if given is None and descriptors[0].is_range:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Range must be specified for a ranged descriptor")
    results = [_addresses(descriptor, first, last, node.params) for descriptor in descriptors]
    return results[0] if len(results) == 1 else results


def _parse(text: str, params: ChainParams, *, require_checksum: bool) -> tuple[Descriptor, ...]:
    from moneyrocket.script.descriptors import DescriptorError, parse_descriptors

    try:
        return parse_descriptors(text, params, require_checksum=require_checksum)
    except DescriptorError as error:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, str(error)) from None


def _addresses(descriptor: Descriptor, first: int, last: int, params: ChainParams) -> Json:
    from moneyrocket.script.address import encode_address, has_address
    from moneyrocket.script.descriptors import DescriptorError
    from moneyrocket.script.standard import TxoutType, solve

    result: list[Json] = []
    for position in range(first, last + 1):
        try:
            scripts = descriptor.expand(position).scripts
        except DescriptorError:
            raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Cannot derive script without private keys") from None
        for script in scripts:
            if has_address(script):
                result.append(encode_address(script, params))
            elif len(scripts) == 1 or solve(script)[0] is not TxoutType.PUBKEY:
                raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Descriptor does not have a corresponding address")
    if not result:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Unexpected empty result")
    return result


METHODS = (validateaddress, createmultisig, deriveaddresses, getdescriptorinfo)
