"""Rule changes as JSON (getdeploymentinfo)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moneyrocket.consensus.deployments import NEVER_ACTIVE, DeploymentInfo, DeploymentState
from moneyrocket.consensus.script_flags import block_script_flags
from moneyrocket.interfaces.json import Json
from moneyrocket.script import flags

if TYPE_CHECKING:
    from moneyrocket.consensus.params import Bip9Deployment
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.node.chain_manager import ChainstateManager

_FLAG_NAMES: Final = {
    flags.VERIFY_CHECKLOCKTIMEVERIFY: "CHECKLOCKTIMEVERIFY",
    flags.VERIFY_CHECKSEQUENCEVERIFY: "CHECKSEQUENCEVERIFY",
    flags.VERIFY_DERSIG: "DERSIG",
    flags.VERIFY_NULLDUMMY: "NULLDUMMY",
    flags.VERIFY_P2SH: "P2SH",
    flags.VERIFY_TAPROOT: "TAPROOT",
    flags.VERIFY_WITNESS: "WITNESS",
}
_NEVER: Final = 0x7FFFFFFF
"""An activation height that stands for a rule that is switched off."""


def script_flag_names(chainman: ChainstateManager, index: BlockIndex) -> list[str]:
    """Names of the script verification flags of a block, sorted."""
    active = block_script_flags(index, chainman.params)
    return [name for flag, name in _FLAG_NAMES.items() if active & flag]


def deployments_json(chainman: ChainstateManager, index: BlockIndex) -> dict[str, Json]:
    """State of every rule change as seen from a block."""
    params = chainman.params
    result: dict[str, Json] = {}
    for rule, height in params.activation_heights.items():
        if height < _NEVER:
            result[rule.value] = {"type": "buried", "active": params.is_active_after(rule, index), "height": height}
    for deployment in params.deployments:
        if deployment.start_time != NEVER_ACTIVE:
            result[deployment.name] = _bip9_json(deployment, chainman.version_bits.info(index, deployment), index)
    return result


def _bip9_json(deployment: Bip9Deployment, info: DeploymentInfo, index: BlockIndex) -> Json:
    bip9: dict[str, Json] = {}
    if info.stats is not None:
        bip9["bit"] = deployment.bit
    bip9["start_time"] = deployment.start_time
    bip9["timeout"] = deployment.timeout
    bip9["min_activation_height"] = deployment.min_activation_height
    bip9["status"] = info.state.value
    bip9["since"] = info.since
    bip9["status_next"] = info.next_state.value
    if info.stats is not None:
        stats = info.stats
        statistics: dict[str, Json] = {"period": stats.period, "elapsed": stats.elapsed, "count": stats.count}
        if info.state is DeploymentState.STARTED:
            statistics["threshold"] = stats.threshold
            statistics["possible"] = stats.possible
        bip9["statistics"] = statistics
        bip9["signalling"] = "".join("#" if signals else "-" for signals in info.signalling)
    result: dict[str, Json] = {"type": "bip9"}
    active = False
    if info.active_since is not None:
        result["height"] = info.active_since
        active = info.active_since <= index.height + 1
    result["active"] = active
    result["bip9"] = bip9
    return result
