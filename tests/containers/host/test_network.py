"""Routes, NAT and plugins, in network namespaces of their own."""

import os
from pathlib import Path

import pytest

from labreport.capture.checks import Fit
from labreport.containers.host import network
from labreport.containers.network import cni
from tests.containers.host.elsewhere import OTHER_USER, ask

OWN_NETWORK = ("unshare", "--net")
VPN = ("0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.212.0.0/15")


def routes(*networks: str) -> str:
    """Return the script that adds routes to these networks."""
    return "\n".join(["ip link set lo up", *(f"ip route add {one} dev lo" for one in networks)])


def asked(*networks: str) -> tuple[str, str]:
    """Return what is said about routes where these are added."""
    return ask("network.check_routes()", *OWN_NETWORK, script=routes(*networks))[:2]


def test_a_vpn_is_no_conflict() -> None:
    """Its routes are to larger networks than the pool: every subnet is free."""
    assert asked(*VPN) == (Fit.YES, f"256 free subnets in {cni.POOL}")


def test_a_network_in_the_pool_is_a_conflict() -> None:
    """It is named, and the rest of the pool is free."""
    answer = asked(*VPN, "10.213.7.0/24", "10.213.8.64/26")
    assert answer == (Fit.YES, f"254 free subnets in {cni.POOL}; taken: 10.213.7.0/24, 10.213.8.64/26")


def test_a_pool_that_is_taken() -> None:
    """Without a free subnet no container gets a network."""
    assert asked("10.213.0.0/16") == (Fit.NO, f"0 free subnets in {cni.POOL}; taken: 10.213.0.0/16")


@pytest.mark.slow
def test_nat() -> None:
    """The rules can be listed in a network of its own, not without the capability, nor by another user."""
    assert ask("network.check_nat()", *OWN_NETWORK).fit == Fit.YES
    answer = ask("network.check_nat()", "setpriv", "--bounding-set", "-net_admin,-net_raw")
    assert answer.fit == Fit.NO
    assert not answer.required
    assert ask("network.check_nat()", *OTHER_USER).fit == Fit.NOT_TRIED


def test_no_iptables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then ports are reached at the container's address, which is said."""
    monkeypatch.setattr(network, "which", lambda _program: None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    found = network.check_nat()
    assert found.fit is Fit.NO
    assert "at the container's address" in found.detail
    assert "iptables" in found.remedy
    assert network.check_routes().fit is Fit.NOT_TRIED


def test_plugins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All three are looked for. Only portmap can be done without."""
    monkeypatch.setattr(cni, "FOLDERS", ())
    monkeypatch.setenv("CNI_PATH", os.fspath(tmp_path))
    assert network.check_plugins().is_finding
    for plugin in ("bridge", "host-local"):
        (tmp_path / plugin).touch(0o755)
    found = network.check_plugins()
    assert (found.fit, found.required) == (Fit.NO, False)
    assert found.detail == f"not in {tmp_path}: portmap"
    (tmp_path / "portmap").touch(0o755)
    assert network.check_plugins().fit is Fit.YES
