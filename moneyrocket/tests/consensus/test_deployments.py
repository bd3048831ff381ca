from moneyrocket.consensus.deployments import DeploymentState, VersionBits
from moneyrocket.consensus.params import ChainOverrides, VersionBitsOverride, chain_params
from moneyrocket.tests.consensus.fake_tree import extend

REGTEST = chain_params("regtest")
SIGNAL = 0x30000000
PLAIN = 0x20000000


def test_signals_of_one_period_lock_a_deployment_in_and_the_next_activates_it() -> None:
    (testdummy,) = REGTEST.deployments
    bits = VersionBits(REGTEST)
    defined = extend(None, 143)
    started = extend(defined, 1)
    locked_in = extend(started, 144, version=SIGNAL)
    active = extend(locked_in, 144)

    assert bits.state_after(None, testdummy) is DeploymentState.DEFINED
    assert bits.state_after(defined, testdummy) is DeploymentState.DEFINED
    assert bits.state_after(started, testdummy) is DeploymentState.STARTED
    assert bits.state_after(locked_in, testdummy) is DeploymentState.LOCKED_IN
    assert bits.state_after(active, testdummy) is DeploymentState.ACTIVE
    assert [bits.block_version(tip) for tip in (defined, started, locked_in, active)] == [PLAIN, SIGNAL, SIGNAL, PLAIN]


def test_what_can_be_told_of_a_deployment_while_signals_count() -> None:
    (testdummy,) = REGTEST.deployments
    tip = extend(extend(extend(None, 144), 10, version=SIGNAL), 5)

    info = VersionBits(REGTEST).info(tip, testdummy)

    assert (info.state, info.next_state, info.since) == (DeploymentState.STARTED, DeploymentState.STARTED, 144)
    assert info.stats is not None
    assert (info.stats.elapsed, info.stats.count, info.stats.possible) == (15, 10, True)
    assert info.signalling == (True,) * 10 + (False,) * 5


def test_a_deployment_without_signals_fails_at_its_timeout() -> None:
    overrides = ChainOverrides(version_bits=(VersionBitsOverride("testdummy", 0, 1_000_000 + 600 * 200),))
    params = chain_params("regtest", overrides)
    (testdummy,) = params.deployments
    bits = VersionBits(params)

    assert bits.state_after(extend(None, 144), testdummy) is DeploymentState.STARTED
    assert bits.state_after(extend(None, 288), testdummy) is DeploymentState.FAILED


def test_activation_waits_for_its_least_height() -> None:
    overrides = ChainOverrides(version_bits=(VersionBitsOverride("testdummy", 0, 1 << 40, 576),))
    params = chain_params("regtest", overrides)
    (testdummy,) = params.deployments
    bits = VersionBits(params)
    locked_in = extend(extend(None, 144), 144, version=SIGNAL)

    assert bits.state_after(extend(locked_in, 144), testdummy) is DeploymentState.LOCKED_IN
    assert bits.state_after(extend(locked_in, 288), testdummy) is DeploymentState.ACTIVE


def test_activation_of_something_unknown_is_noticed() -> None:
    bits = VersionBits(REGTEST)
    tip = extend(extend(None, 144), 144, version=PLAIN | 1 << 5)

    assert bits.unknown_activations(tip) == [(5, False)]
    assert bits.unknown_activations(extend(tip, 144)) == [(5, True)]
