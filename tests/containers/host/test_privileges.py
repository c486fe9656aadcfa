"""What a process may do, and where it runs."""

from pathlib import Path

import pytest

from labreport.capture.checks import Fit
from labreport.containers.host import privileges
from tests.containers.host.elsewhere import OTHER_USER, ask

DOCKER = "Uid:\t0\t0\t0\t0\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"
HOST = "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n"


def test_a_container_without_privileges_and_a_host() -> None:
    """Docker's default set has neither of the two capabilities, and a filter of system calls."""
    assert privileges.lacking(DOCKER) == ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"]
    assert privileges.is_filtered(DOCKER)
    assert privileges.lacking(HOST) == []
    assert not privileges.is_filtered(HOST)
    assert privileges.lacking("no such lines") == ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"]


def test_in_a_container_without_privileges(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The manager of the container is named; the remedy is not sudo."""
    (tmp_path / "status").write_text(DOCKER)
    (tmp_path / "comm").write_text("bash\n")
    (tmp_path / "sign").touch()
    monkeypatch.setattr(privileges, "STATUS", tmp_path / "status")
    monkeypatch.setattr("labreport.capture.host.KERNEL_THREADS", tmp_path / "comm")
    monkeypatch.setattr(privileges, "SIGNS", {str(tmp_path / "sign"): "docker"})
    monkeypatch.setattr("os.geteuid", lambda: 0)
    found = privileges.check_privileges()
    assert found.is_finding
    reason = "root in a container (docker) without CAP_SYS_ADMIN and CAP_NET_ADMIN; a seccomp filter is on"
    assert (found.detail, found.remedy) == (reason, privileges.PRIVILEGED)
    assert privileges.check_system().detail.startswith("a container (docker) on ")


def test_root_without_the_capabilities() -> None:
    """Being root is not enough."""
    answer = ask("privileges.check_privileges()", "setpriv", "--bounding-set", "-net_admin,-sys_admin")
    assert answer.fit == Fit.NO
    assert answer.detail.endswith("without CAP_SYS_ADMIN and CAP_NET_ADMIN")
    one = ask("privileges.check_privileges()", "setpriv", "--bounding-set", "-net_admin")
    assert one.detail.endswith("without CAP_NET_ADMIN")


def test_root_of_a_user_namespace() -> None:
    """As in a rootless container: it has all capabilities, and the host does not let it use them."""
    answer = ask("privileges.check_privileges()", "unshare", "--user", "--map-root-user")
    assert answer.fit == Fit.NOT_TRIED
    assert answer.detail.startswith("root of a user namespace alone")


def test_another_user() -> None:
    """The remedy is sudo."""
    assert ask("privileges.check_privileges()", *OTHER_USER)[:3] == (Fit.NO, "not root", privileges.SUDO)


@pytest.mark.parametrize(
    ("kernel", "kind"),
    [
        ("Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc version 5.4.0)", "WSL1"),
        ("Linux version 4.19.128-microsoft-standard (oe-user@oe-host) (gcc version 8.2.0)", "WSL2"),
        ("Linux version 6.6.87.2-microsoft-standard-WSL2 (root@439a258ad544) (gcc 11.2.0)", "WSL2"),
        ("Linux version 6.12.41+deb13-amd64 (debian-kernel@lists.debian.org) (gcc-14)", ""),
        ("Linux version 6.8.0-1030-azure (buildd@microsoft.invalid) (gcc 13)", ""),
        ("", ""),
    ],
)
def test_wsl(kernel: str, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """WSL1 runs no containers and is said to be so; WSL2 is a Linux like another."""
    (tmp_path / "version").write_text(kernel)
    monkeypatch.setattr(privileges, "KERNEL", tmp_path / "version")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert privileges.wsl(kernel) == kind
    found = privileges.check_system()
    assert kind in found.detail
    assert found.is_finding == (kind == "WSL1")
    if kind == "WSL1":
        lack = privileges.lack()
        assert lack
        assert "wsl --set-version" in lack.remedy
