"""Two lab hosts on this machine: each is an sshd with its own network, processes and /run."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.cli.conftest import Shell

NEEDED = {
    "sshd": "openssh-server", "ssh": "openssh-client", "ip": "iproute2", "unshare": "util-linux", "git": "git"
}  # fmt: skip
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SSHD = """\
HostKey {keys}/host
AuthorizedKeysFile {keys}/client.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin prohibit-password
PasswordAuthentication no
"""
START = """
mount -t tmpfs tmpfs /run
mkdir /run/sshd
exec {sshd} -D -e -f {config}
"""
PAUSED = '''
import os

from collectors.mine.kernel import release


@collector(writes=["slow.txt"], after=[release])
def slow(run: Run) -> None:
    """A command that takes PAUSE seconds."""
    with run.file("slow.txt") as out:
        out.line("=== Slow ===")
        run.command(["sleep", os.environ.get("PAUSE", "0")])
        out.run(["uname", "-s"])
'''


def ip(*words: str) -> None:
    """Run `ip`; it must succeed."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass
class SshHost:
    """A lab host: its name, address, network namespace, keys, project folder, and sshd."""

    name: str
    address: str
    net: str
    keys: Path
    folder: Path
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, more: str = "") -> None:
        """Boot it: sshd is its first process, and all others end with it. `more` is configuration of sshd."""
        config = self.keys / f"{self.name}.conf"
        config.write_text(SSHD.format(keys=self.keys) + more)
        script = START.format(sshd=shutil.which("sshd", path=PATHS), config=config)
        log = (self.keys / f"{self.name}.log").open("ab")
        own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        argv = ["ip", "netns", "exec", self.net, *own, "sh", "-e", "-c", script]
        self.running = [subprocess.Popen(argv, stdout=log, stderr=log, env={"PATH": PATHS})]
        log.close()

    def kill(self) -> None:
        """Kill every process of it at once, as a power failure would."""
        for process in self.running:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.running = []

    def path(self, path: str) -> Path:
        """Return a path below the host's project."""
        return self.folder / path


@dataclass(frozen=True)
class Fleet:
    """The project in `shell`, and the hosts by name. `net` is the network namespace that reaches them.

    The path of `sockets` is short, as a socket's has to be.
    """

    shell: Shell
    hosts: dict[str, SshHost]
    net: str
    keys: Path
    sockets: Path

    @property
    def ssh_options(self) -> list[str]:
        """The options with which ssh uses the keys."""
        options = {"UserKnownHostsFile": self.keys / "known_hosts", "IdentityFile": self.keys / "client",
                   "IdentitiesOnly": "yes", "StrictHostKeyChecking": "yes", "ConnectTimeout": "10",
                   "BatchMode": "yes", "ControlMaster": "no"}  # fmt: skip
        return [f"-o{key}={value}" for key, value in options.items()]

    def start(self, argv: list[str], **env: str) -> "subprocess.Popen[str]":
        """Start a command in the project's folder, in the network namespace that reaches the hosts."""
        home = self.keys.parent / "home"
        home.mkdir(exist_ok=True)
        where = {"PATH": f"{Path(sys.executable).parent}:{PATHS}", "HOME": str(home), "TMPDIR": str(home),
                 "LC_ALL": "C.UTF-8", "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.sockets)}  # fmt: skip
        return subprocess.Popen(
            ["ip", "netns", "exec", self.net, *argv],
            cwd=self.shell.root, env={**where, **env}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def evidence(self, name: str, path: str = "") -> Path:
        """Return a path in this project's evidence of a host."""
        return self.shell.root / "evidence" / "hosts" / name / "mine" / path


def wait_for(path: Path, below: str = "", seconds: float = 120) -> None:
    """Wait until `path` exists, or something that matches the pattern `below` in it."""
    deadline = time.monotonic() + seconds
    while not (any(path.glob(below)) if below else path.exists()):
        assert time.monotonic() < deadline, f"no {path} {below} after {seconds} s"
        time.sleep(0.1)


@pytest.fixture
def fleet(clone: Path, tmp_path: Path) -> Iterator[Fleet]:
    """Start two hosts; the project has one lab, with a quick collector and a slow one."""
    lacking = [package for tool, package in NEEDED.items() if shutil.which(tool, path=PATHS) is None]
    if lacking or os.geteuid() != 0:
        pytest.skip(f"not root, or not installed: {', '.join(lacking) or 'nothing'}")
    for lab in (clone / "collectors").glob("lab*"):
        shutil.rmtree(lab)
    shell = Shell(clone)
    assert shell.lab("new", "mine").returncode == 0
    shell.collector("mine", PAUSED, "slow")
    subprocess.run(["git", "-C", clone, "add", "collectors"], check=True)  # lab pack takes what git tracks
    keys = tmp_path / "keys"
    keys.mkdir()
    for key in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / key], check=True)
    with ExitStack() as stack:
        net = _network(stack, "here")
        hosts = {
            name: _host(stack, net, name, number, tmp_path) for number, name in enumerate(("one", "two"))
        }
        known = (keys / "host.pub").read_text()
        (keys / "known_hosts").write_text("".join(f"{host.address} {known}" for host in hosts.values()))
        sockets = stack.enter_context(TemporaryDirectory())
        yield Fleet(shell, hosts, net, keys, Path(sockets))


def _network(stack: ExitStack, name: str) -> str:
    net = f"lab{os.getpid()}-{name}"
    ip("netns", "add", net)
    stack.callback(ip, "netns", "del", net)
    ip("-n", net, "link", "set", "lo", "up")
    return net


def _host(stack: ExitStack, here: str, name: str, number: int, tmp_path: Path) -> SshHost:
    """Make a host with a network link from `here`, and start it."""
    net = _network(stack, name)
    near, far = f"192.0.2.{number * 4 + 1}", f"192.0.2.{number * 4 + 2}"
    ip("-n", here, "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", net)
    for where, link, address in ((here, f"to-{name}", near), (net, "eth0", far)):
        ip("-n", where, "address", "add", f"{address}/30", "dev", link)
        ip("-n", where, "link", "set", link, "up")
    host = SshHost(name, far, net, tmp_path / "keys", tmp_path / f"host-{name}")
    host.folder.mkdir()
    host.start()
    stack.callback(host.kill)
    return host
