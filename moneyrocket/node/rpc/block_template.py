"""getblocktemplate (BIP22, BIP23, BIP9, BIP145)."""

from __future__ import annotations

from typing import Final

from moneyrocket.common import clock
from moneyrocket.consensus.deployments import DeploymentState
from moneyrocket.consensus.errors import ValidationError
from moneyrocket.consensus.limits import (
    MAX_BLOCK_SERIALIZED_SIZE,
    MAX_BLOCK_SIGOPS_COST,
    MAX_BLOCK_WEIGHT,
    WITNESS_SCALE_FACTOR,
)
from moneyrocket.consensus.params import Bip9Deployment, Deployment
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.block_index import BlockIndex, BlockStatus
from moneyrocket.node.context import NodeContext
from moneyrocket.node.miner import BlockTemplate, minimum_time, with_current_time
from moneyrocket.node.rpc.block_json import bits_text, target_text
from moneyrocket.node.rpc.mining import bip22_result, decode_block
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc import values
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.script.opcodes import OP_TRUE

_ANYONE_CAN_SPEND: Final = bytes((OP_TRUE,))
"""Script of the template's coinbase, which miners replace."""
_REFRESH_SECONDS: Final = 5
_FIRST_POLL_SECONDS: Final = 60
_POLL_SECONDS: Final = 10
_HASH_DIGITS: Final = 64


@rpc_method(
    category="mining",
    help=(
        "Returns what is needed to make a block upon the tip, or with the mode proposal checks a block (BIP22, BIP23). "
        "The rule segwit must be among those that the client supports."
    ),
    params=(
        Param(
            "template_request",
            ParamType.OBJ,
            "What the client wants and supports",
            inner=(
                Param("mode", ParamType.STR, "template or proposal", required=False),
                Param("capabilities", ParamType.ARR, "Names of features", required=False),
                Param("rules", ParamType.ARR, "Names of supported rules"),
                Param("longpollid", ParamType.STR, "Wait until this template is out of date", required=False),
                Param("data", ParamType.HEX, "Block to check, for proposal", required=False),
            ),
        ),
    ),
    result="object with the template (BIP22); or for a proposal null, or a string with the reason against it",
    examples=(
        cli_example("getblocktemplate", '\'{"rules": ["segwit"]}\''),
        http_example("getblocktemplate", '{"rules": ["segwit"]}'),
    ),
)
def getblocktemplate(node: NodeContext, args: Args) -> Json:
    request = args.obj("template_request")
    mode = request.get("mode")
    if mode is not None and not isinstance(mode, str):
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Invalid mode")
    if mode == "proposal":
        return _check_proposal(node, request.get("data"))
    rules = request.get("rules")
    supported = {values.as_str(rule) for rule in rules} if isinstance(rules, list) else set()
    if mode not in (None, "template"):
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Invalid mode")
    _require_synced(node)
    if request.get("longpollid") is not None:
        _long_poll(node, request["longpollid"])
    if node.params.signet_challenge is not None and "signet" not in supported:
        raise RpcError(
            RpcErrorCode.INVALID_PARAMETER,
            'getblocktemplate must be called with the signet rule set (call with {"rules": ["segwit", "signet"]})',
        )
    if "segwit" not in supported:
        raise RpcError(
            RpcErrorCode.INVALID_PARAMETER,
            'getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})',
        )
    with node.chainman.lock:
        return _template_json(node, supported)


def _check_proposal(node: NodeContext, data: Json) -> Json:
    if not isinstance(data, str):
        raise RpcError(RpcErrorCode.TYPE_ERROR, "Missing data String key for proposal")
    block = decode_block(data)
    with node.chainman.lock:
        known = node.chainman.lookup(block.hash)
        if known is not None:
            if known.is_valid(BlockStatus.VALID_SCRIPTS):
                return "duplicate"
            return "duplicate-invalid" if known.failed else "duplicate-inconclusive"
        try:
            node.chainman.test_block(block, check_merkle_root=True)
        except ValidationError as error:
            return bip22_result(error)
    return None


def _require_synced(node: NodeContext) -> None:
    if node.params.is_test_chain:
        return
    if not node.connman.connections():
        raise RpcError(RpcErrorCode.CLIENT_NOT_CONNECTED, "Moneyrocket is not connected!")
    if node.chainman.is_initial_block_download():
        raise RpcError(
            RpcErrorCode.CLIENT_IN_INITIAL_DOWNLOAD, "Moneyrocket is in initial sync and waiting for blocks..."
        )


def _long_poll(node: NodeContext, identifier: Json) -> None:
    """Wait until the tip is another one, or after a minute the mempool has changed."""
    cache = node.miner.template_cache
    if isinstance(identifier, str):
        tip_hash = values.parse_hash(identifier[:_HASH_DIGITS], "longpollid")
        digits = identifier[_HASH_DIGITS:]
        changes = int(digits) if digits.isdecimal() else 0
    else:
        tip_hash = node.chainman.tip.hash
        changes = cache.changes
    wait = _FIRST_POLL_SECONDS
    while not node.shutdown.is_set():
        tip = node.notifications.wait_for(lambda tip: tip.hash != tip_hash, wait)
        if (tip is not None and tip.hash != tip_hash) or node.mempool.changes != changes:
            break
        wait = _POLL_SECONDS
    if node.shutdown.is_set():
        raise RpcError(RpcErrorCode.CLIENT_NOT_CONNECTED, "Shutting down")


def _fresh_template(node: NodeContext, tip: BlockIndex) -> BlockTemplate:
    """The cached template, made anew if the tip or (after some seconds) the mempool is another."""
    cache = node.miner.template_cache
    changes = node.mempool.changes
    stale = changes != cache.changes and clock.now() - cache.time > _REFRESH_SECONDS
    if cache.template is None or cache.template.block.header.prev_hash != tip.hash or stale:
        cache.template = None
        template = node.miner.create_block(_ANYONE_CAN_SPEND)
        cache.changes = changes
        cache.time = clock.now()
        cache.template = template
    return cache.template


def _template_json(node: NodeContext, supported: set[str]) -> Json:
    chainman = node.chainman
    params = chainman.params
    tip = chainman.tip
    template = _fresh_template(node, tip)
    block = with_current_time(template.block, tip, params)
    segwit = params.is_active_after(Deployment.SEGWIT, tip)
    version, rules, available = _version_and_rules(node, tip, block.header, supported, segwit)
    scale = 1 if segwit else WITNESS_SCALE_FACTOR
    result: dict[str, Json] = {
        "capabilities": ["proposal"],
        "version": version,
        "rules": rules,
        "vbavailable": available,
        "vbrequired": 0,
        "previousblockhash": hash_to_hex(tip.hash),
        "transactions": _transactions_json(block, template, scale),
        "coinbaseaux": {},
        "coinbasevalue": block.transactions[0].outputs[0].value,
        "longpollid": f"{hash_to_hex(tip.hash)}{node.miner.template_cache.changes}",
        "target": target_text(block.header.bits),
        "mintime": minimum_time(tip, params),
        "mutable": ["time", "transactions", "prevblock"],
        "noncerange": "00000000ffffffff",
        "sigoplimit": MAX_BLOCK_SIGOPS_COST // scale,
        "sizelimit": MAX_BLOCK_SERIALIZED_SIZE // scale,
    }
    if segwit:
        result["weightlimit"] = MAX_BLOCK_WEIGHT
    result["curtime"] = block.header.time
    result["bits"] = bits_text(block.header.bits)
    result["height"] = template.height
    if params.signet_challenge is not None:
        result["signet_challenge"] = params.signet_challenge.hex()
    if template.witness_commitment is not None:
        result["default_witness_commitment"] = template.witness_commitment.hex()
    return result


def _transactions_json(block: Block, template: BlockTemplate, sigop_scale: int) -> list[Json]:
    numbers = {tx.txid: number for number, tx in enumerate(block.transactions)}
    result: list[Json] = []
    for number, tx in enumerate(block.transactions[1:]):
        depends = [numbers[txin.prevout.txid] for txin in tx.inputs if txin.prevout.txid in numbers]
        result.append(
            {
                "data": tx.serialize().hex(),
                "txid": hash_to_hex(tx.txid),
                "hash": hash_to_hex(tx.wtxid),
                "depends": list[Json](depends),
                "fee": template.fees[number],
                "sigops": template.sigops[number] // sigop_scale,
                "weight": tx.weight,
            }
        )
    return result


def _rule_name(deployment: Bip9Deployment) -> str:
    return deployment.name if deployment.gbt_optional_rule else f"!{deployment.name}"


def _version_and_rules(
    node: NodeContext, tip: BlockIndex, header: BlockHeader, supported: set[str], segwit: bool
) -> tuple[int, list[Json], dict[str, Json]]:
    """The version to propose, the active rules, and the bits that may be set (BIP9)."""
    rules: list[Json] = ["csv"]
    if segwit:
        rules += ["!segwit", "taproot"]
    if node.params.signet_challenge is not None:
        rules.append("!signet")
    version = header.version
    available: dict[str, Json] = {}
    for deployment in node.params.deployments:
        state = node.chainman.version_bits.state_after(tip, deployment)
        known = deployment.gbt_optional_rule or deployment.name in supported
        mask = 1 << deployment.bit
        if state in (DeploymentState.STARTED, DeploymentState.LOCKED_IN):
            available[_rule_name(deployment)] = deployment.bit
            version = version | mask if state is DeploymentState.LOCKED_IN else version
            version = version if known else version & ~mask
        elif state is DeploymentState.ACTIVE:
            rules.append(_rule_name(deployment))
            if not known:
                raise RpcError(
                    RpcErrorCode.INVALID_PARAMETER,
                    f"Support for '{deployment.name}' rule requires explicit client support",
                )
    return version, rules, available


METHODS = (getblocktemplate,)
