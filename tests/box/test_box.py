"""A real box: made, booted, interrupted, killed, and used for captures."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from labreport.box import host, image, machine, transfer
from labreport.box.layout import Box
from labreport.box.machine import free_port
from labreport.box.transfer import PROJECT
from labreport.capture.cleanup import leaks
from labreport.containers.host import guest
from labreport.containers.images import busybox
from labreport.contract.reader import read_host, readable_records
from tests.box.conftest import ROOT, BoxLab
from tests.containers.web import WEB

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
KATA = (
    "setup/install-kata-assets.log",
    "setup/configure-containerd-kata.log",
    "setup/kata-built-version.txt",
    "kata/test1.txt",
    "kata/kernel.txt",
    "kata/cpu.txt",
    "analysis/kernel-comparison.txt",
    "analysis/cpu-comparison.txt",
    "isolation/dmesg.txt",
    "isolation/proc.txt",
    "isolation/network.txt",
    "isolation/modules.txt",
)


def wait_for_processes(lab: BoxLab) -> set[int]:
    """Wait until QEMU is one of the machine's processes, and return the PIDs."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := [pid for pid in lab.processes() if is_qemu(pid)]:
            return set(found)
        time.sleep(0.05)
    raise TimeoutError("no QEMU")


def is_qemu(pid: int) -> bool:
    """Return whether a process is QEMU."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("qemu")
    except OSError:
        return False


def test_kvm_is_judged_by_a_guest(made: BoxLab) -> None:
    """The test boot succeeds under emulation. So if it fails with KVM, KVM is the cause."""
    assert host.boots(made.box.kernel, host.TCG)
    assert not host.boots(made.box.kernel, ("-machine", "accel=none-such"))
    found = host.accelerator(made.box)
    assert (found.name == "kvm") == (not host.why_no_kvm(made.box.kernel))
    assert found.name == "kvm" or found.why


def test_made_once(made: BoxLab) -> None:
    """A second `create` changes nothing."""
    before = made.box.image.stat().st_mtime_ns
    assert str(made.box.image) in made.run("box", "create")
    assert made.box.image.stat().st_mtime_ns == before
    assert made.box.folder.stat().st_mode & 0o77 == 0


def test_interrupted_at_its_start(made: BoxLab) -> None:
    """After Ctrl-C (exit status 3) nothing runs. After kill -9 the next start ends what is left."""
    process = made.start("box", "start")
    wait_for_processes(made)
    assert made.end(process, signal.SIGINT) == 3
    assert not made.processes()
    process = made.start("box", "start")
    left = wait_for_processes(made)
    made.end(process, signal.SIGKILL)
    assert left <= made.processes()
    assert json.loads(made.run("box", "status", "--json", status=1))["started"] is None
    made.run("box", "start")
    assert not left & made.processes()


def test_its_kvm_runs_the_guest_of_lab_doctor(made: BoxLab) -> None:
    """The guest that tells whether KVM works executes all its steps where KVM does."""
    made.run("box", "start")
    program = Path(guest.__file__).read_text()
    printed = made.run("box", "ssh", "--", "python3", "-I", "-S", "-c", program, "/dev/kvm")
    assert json.loads(printed.splitlines()[-1]) == {"step": guest.DONE, "end": "", "is_lasting": True}


def test_a_kvm_host(made: BoxLab) -> None:
    """It has KVM, vhost-vsock, huge pages and a permanent virtual machine; only its own key opens ssh."""
    made.run("box", "start")
    state = json.loads(made.run("box", "status", "--json"))["started"]
    assert state["accelerator"] in {"kvm", "tcg"}
    versions = made.run(
        "box", "ssh", "--", "sh", "-c", "test -c /dev/kvm && test -c /dev/vhost-vsock && ctr version"
    )
    assert "Server:" in versions
    assert "[always]" in made.run("box", "ssh", "cat", "/sys/kernel/mm/transparent_hugepage/shmem_enabled")
    assert made.run("box", "ssh", "systemctl", "is-active", "lab-kvm.service") == "active\n"
    held = "find /proc/[0-9]*/fd -lname 'anon_inode:kvm-vm' | wc -l"
    assert int(made.run("box", "ssh", "--", "sh", "-c", held)) == 1
    assert made.run("box", "ssh", "echo", "a  b", "'$HOME'") == "a  b '$HOME'\n"
    made.run("box", "ssh", "false", status=1)
    listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
    assert f"127.0.0.1:{state['port']} " in listening
    assert f"0.0.0.0:{state['port']} " not in listening
    argv = ["ssh", "-F", "none", "-i", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-p", str(state["port"]),
            "root@127.0.0.1", "true"]  # fmt: skip
    assert subprocess.run(argv, check=False, capture_output=True).returncode == 255


def test_a_run_starts_clean_and_leaves_nothing(made: BoxLab) -> None:
    """What a run writes is gone afterwards. The exit status is the command's."""
    script = "test ! -e /root/mark && touch /root/mark && echo clean && exit 7"
    for _time in range(2):
        assert made.run("box", "run", "--memory", "1024", "--", "sh", "-c", script, status=7) == "clean\n"
    assert not list(made.box.folder.glob("run-*"))


def test_a_killed_run_is_cleared(made: BoxLab) -> None:
    """After kill -9 of `run`, the next `start` ends its machine and removes its folder."""
    process = made.start("box", "run", "true")
    one = made.box.machine(f"run-{process.pid}")
    deadline = time.monotonic() + 60
    while not any(map(is_qemu, leaks.processes(one.mark))) and time.monotonic() < deadline:
        time.sleep(0.05)
    made.end(process, signal.SIGKILL)
    assert any(leaks.processes(one.mark))
    made.run("box", "start")
    assert not any(leaks.processes(one.mark))
    assert not one.folder.exists()


def in_clone(made: BoxLab, clone: Path, web: Path) -> tuple[BoxLab, dict[str, str]]:
    """Return `lab` in a clone with the same box, and an environment with the archives."""
    busybox.write_archive(web, WEB)
    return BoxLab(clone, made.box), {
        "JUICE_SHOP_ARCHIVE": str(web),
        "LAB_REGISTRY_MIRROR": f"127.0.0.1:{free_port()}",
    }


def test_what_was_sent_survives_a_crash(made: BoxLab, tmp_path: Path) -> None:
    """QEMU is killed right after an archive was sent: its name is on the disk, too."""
    made.run("box", "start")
    sent = tmp_path / "archive"
    sent.write_bytes(b"sent")
    receive = ["sh", "-c", transfer.RECEIVE, "receive", transfer.ARCHIVES, "crash"]
    assert machine.connect(made.machine).run(receive, stdin=sent)[0] == 0
    for pid in wait_for_processes(made):
        os.kill(pid, signal.SIGKILL)
    made.run("box", "start")
    assert made.run("box", "ssh", "cat", f"{transfer.ARCHIVES}/crash") == "sent"


def test_the_runc_half_is_captured_in_the_box(made: BoxLab, clone: Path, tmp_path: Path) -> None:
    """QEMU is killed halfway: it is started again, and the collect continues."""
    lab, env = in_clone(made, clone, tmp_path / "web.tar")
    lab.run("box", "start")
    process = lab.start(
        "collect", "lab12", "--in-box", "--as", "box", "--json", **{**env, "KATA_ARCHIVE": ""}
    )
    time.sleep(20)
    for pid in wait_for_processes(lab):
        os.kill(pid, signal.SIGKILL)
    out, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "the box was lost (try 1)" in errors
    rows = {row["name"]: row for row in json.loads(out)}
    for name in ("health", "http_latency", "host_side"):
        assert rows[name]["state"] == "captured", (rows[name], errors)
    assert rows["smoke"]["state"] == "missing"
    folder = clone / "evidence/hosts/box/lab12"
    assert (folder / "runc/health.txt").read_text().startswith("juice-runc: HTTP 200\n")
    hosts = {read_host(folder, record.host).host_class for record in readable_records(folder).values()}
    tries = [one.environment.get("LAB_BOX_TRY") for one in readable_records(folder).values()]
    assert "2, the box was lost before" in tries
    assert hosts == {"emulated" if host.accelerator(lab.box).name == "tcg" else "nested"}
    assert str(tmp_path) not in (folder / "records/health.json").read_text()
    lab.run("verify")
    assert json.loads(lab.run("box", "status", "--json"))["started"], "a box that was started stays so"


def in_box(lab: BoxLab, *command: str) -> str:
    """Return what a command in the box prints, or an empty text if the box does not answer."""
    return lab.start("box", "ssh", "--", *command).communicate()[0]


def wait_in_box(lab: BoxLab, text: str, *command: str) -> None:
    """Wait until a command in the box prints `text`. An emulated one is slow beside other tests."""
    deadline = time.monotonic() + 900
    while text not in in_box(lab, *command):
        assert time.monotonic() < deadline, f"no {text} in {command}"
        time.sleep(0.2)


def in_the_last_of_three(made: BoxLab, clone: Path, web: Path) -> tuple[BoxLab, subprocess.Popen[str]]:
    """Start a collect of three in the box; return it and its `lab` while the last runs, for minutes."""
    lab, env = in_clone(made, clone, web)
    settings = clone / "collectors/lab12/lab.yml"
    settings.write_text(settings.read_text().replace(" requests: 50\n", " requests: 5000\n"))
    lab.run("box", "start")
    in_box(lab, "rm", "-rf", PROJECT)
    words = ("lab12/health", "lab12/http_latency", "lab12/host_side", "--in-box", "--as", "box", "--json")
    process = lab.start("collect", *words, **env)
    wait_for_latency(lab)
    return lab, process


def wait_for_latency(lab: BoxLab) -> None:
    """Wait until http_latency, the last of the three, is being captured in the box."""
    wait_in_box(lab, "http_latency", "sh", "-c", f"ls {PROJECT}/evidence/hosts/box/lab12/.staging-*")


def test_an_interrupted_collect_leaves_the_box_usable(made: BoxLab, clone: Path, tmp_path: Path) -> None:
    """After Ctrl-C (exit status 3) no collect runs in the box, and what was captured comes back."""
    lab, process = in_the_last_of_three(made, clone, tmp_path / "web.tar")
    assert "labreport collect" in in_box(lab, "ps", "-eo", "args")
    assert lab.end(process, signal.SIGINT) == 3
    assert "labreport collect" not in lab.run("box", "ssh", "ps", "-eo", "args")
    assert set(readable_records(clone / "evidence/hosts/box/lab12")) == {"host_side", "health"}
    lab.run("verify")


def test_a_box_that_is_lost_again_and_again(made: BoxLab, clone: Path, tmp_path: Path) -> None:
    """A collector in which it crashes twice is skipped and has failed. The others are captured."""
    lab, process = in_the_last_of_three(made, clone, tmp_path / "web.tar")
    for pid in wait_for_processes(lab):
        os.kill(pid, signal.SIGKILL)
    wait_for_latency(lab)
    assert "lab12/health" not in lab.run("box", "ssh", "ps", "-eo", "args")
    for pid in wait_for_processes(lab):
        os.kill(pid, signal.SIGKILL)
    out, errors = process.communicate()
    assert process.returncode == 1, errors
    assert "the box was lost (try 2)" in errors
    rows = {row["name"]: row for row in json.loads(out)}
    lost = rows["http_latency"]
    assert (lost["state"], lost["reason"]) == ("failed", "the box was lost 2 times while it ran")
    assert rows["host_side"]["state"] == "captured"
    assert set(readable_records(clone / "evidence/hosts/box/lab12")) == {"health", "host_side"}
    lab.run("verify")


def test_the_kata_half_is_captured_in_the_box(made: BoxLab, clone: Path, tmp_path: Path) -> None:
    """With a Kata archive: it is installed, configured and tested, and each answer comes from a guest."""
    if not os.environ.get("KATA_ARCHIVE"):
        pytest.skip(f"KATA_ARCHIVE is not set: not tested: {', '.join(KATA)}")
    lab, env = in_clone(made, clone, tmp_path / "web.tar")
    lab.run("collect", "lab12", "--in-box", "--as", "box", status=0, **env)
    folder = clone / "evidence/hosts/box/lab12"
    for path in KATA:
        assert (folder / path).stat().st_size, path
    host, guest = (folder / "analysis/host.txt").read_text(), (folder / "kata/kernel.txt").read_text()
    assert guest.strip() not in host
    assert guest.strip() in (folder / "kata/test1.txt").read_text()
    lab.run("verify")


def test_escapes_are_tried_from_one_snapshot(made: BoxLab, clone: Path, tmp_path: Path) -> None:
    """With a Kata archive: a verdict for each runtime, no trace in the box, and the same result again."""
    if not os.environ.get("KATA_ARCHIVE"):
        pytest.skip("KATA_ARCHIVE is not set: not tested: escapes under Kata")
    lab, env = in_clone(made, clone, tmp_path / "web.tar")
    lab.run("box", "start")
    words = ("lab12/install", "lab12/configure", "lab12/smoke", "lab12/privileges", "lab12/core_pattern")
    lab.run(
        "collect",
        *words,
        "lab12/nsenter",
        "--in-box",
        "--as",
        "box",
        "--allow-escape-tests",
        "box",
        status=0,
        **env,
    )
    folder = clone / "evidence/hosts/box/lab12"
    for path in ("escapes/core-pattern.txt", "escapes/nsenter.txt"):
        found = [
            line for line in (folder / path).read_text().splitlines() if line.startswith(("=== ", "=> "))
        ]
        assert [line for line in found if line.startswith("=== ")] == ["=== runc ===", "=== kata ==="]
        assert len(found) == 4, found
        assert set(found[1::2]) <= {
            f"=> {verdict}" for verdict in ("reached the host", "did not reach the host")
        }
    assert "=== seccomp: " in (folder / "isolation/privileges.txt").read_text()
    lab.run("verify")
    assert json.loads(lab.run("box", "status", "--json"))["started"], "a box that was started is so again"
    assert "escaped" not in lab.run("box", "ssh", "ls", "/etc")
    assert "marker" not in lab.run("box", "ssh", "cat", "/proc/sys/kernel/core_pattern")
    again = ("collect", "lab12/privileges", "lab12/core_pattern", "--repeat", "--in-box", "--as", "box")
    lab.run(*again, "--allow-escape-tests", "box", status=0, **env)


def test_stopped_and_started_it_is_the_same(made: BoxLab) -> None:
    """Its disk survives a stop. A second stop is no error."""
    made.run("box", "start")
    made.run("box", "ssh", "touch", "/root/mark")
    assert made.run("box", "stop") == "stopped\n"
    assert not made.processes()
    assert made.run("box", "stop") == "it was not started\n"
    made.run("box", "start")
    made.run("box", "ssh", "test", "-e", "/root/mark")
    made.run("box", "stop")


def mounts(folder: Path) -> list[str]:
    """Return the mounts below a folder."""
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_create_that_is_cut_short_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """No process and no mount is left, and `remove` deletes the rest at once."""
    if packages := image.missing_packages():
        pytest.skip(f"the box: not installed: {', '.join(packages)}")
    lab = BoxLab(ROOT, Box(tmp_path / "box"))
    process = lab.start("box", "create")
    making = lab.box.folder / "making"
    deadline = time.monotonic() + 300
    while (
        not list(making.glob("mmdebstrap.*/usr")) and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.2)
    time.sleep(5)
    assert lab.end(process, number) == (3 if number is signal.SIGINT else -signal.SIGKILL)
    lab.run("box", "remove")
    assert not lab.box.folder.exists()
    assert not any(leaks.processes(lab.box.machine("making").mark))
    assert not mounts(lab.box.folder)
