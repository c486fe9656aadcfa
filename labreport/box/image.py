"""The box's image: Debian 13 from packages alone, made by debvm-create."""

import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from labreport.box.accelerator import Accelerator, accelerator
from labreport.box.place import Box, BoxError, wipe
from labreport.box.room import needs_room
from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.capture.command import CommandSpec

RELEASE = "trixie"
SIZE = "12G"
CREATE_SECONDS = 1800.0
DISK_MIB = 3072
"""What the image, the files it is made from and a machine's disk take, with some to spare."""

PACKAGES = (
    "busybox-static", "ca-certificates", "containerd", "containernetworking-plugins", "curl", "git",
    "hyperfine", "iperf3", "iproute2", "iptables", "jq", "kmod", "libcap2-bin", "procps", "python3",
    "python3-click", "python3-filelock", "python3-pydantic", "python3-rich", "python3-sh",
    "python3-tomlkit", "python3-yaml", "qemu-system-x86", "runc", "systemd", "util-linux",
    "util-linux-extra", "virtiofsd", "wrk", "zstd",
)  # fmt: skip
"""A KVM host, and the collecting side on Debian's own Python: no pip in the box."""

HOLD = "import fcntl, os, signal; held = fcntl.ioctl(os.open('/dev/kvm', 2), 0xAE01, 0); signal.pause()"
"""Makes a machine of KVM's (KVM_CREATE_VM) and keeps it, without a processor or memory."""

FILES = {
    "/etc/modules-load.d/lab.conf": "vhost_vsock\nvhost_net\n",
    "/etc/sysctl.d/lab.conf": "kernel.panic = 1\n",
    "/etc/tmpfiles.d/lab.conf": "w /sys/kernel/mm/transparent_hugepage/shmem_enabled - - - - always\n",
    "/etc/udev/rules.d/99-lab.rules": 'KERNEL=="kvm", TAG+="systemd", ENV{SYSTEMD_WANTS}="lab-kvm.service"\n',
    "/etc/systemd/system/lab-kvm.service": f'[Service]\nExecStart=/usr/bin/python3 -c "{HOLD}"\n',
}
"""KVM's own module is loaded by the processor that it finds. A kernel that panics ends QEMU (-no-reboot), so
that the loss is seen at once. Memory of guests is in huge pages: without them 3 of 44 nested starts under
emulation hung, with them none of 59. One machine is there at all times: with the first machine of KVM's, and
again when the last one ends, the kernel rewrites an instruction in its scheduler (preempt_notifier_key,
virt/kvm/kvm_main.c), and QEMU 7.2's emulation now and then runs what stood there in between: `Oops: int3` in
__schedule, seen twice in some 90 nested starts, at the same instruction."""

HOSTNAME = "vm"
PROGRAMS = {"debvm-create": "debvm", "mmdebstrap": "mmdebstrap", "ssh-keygen": "openssh-client",
            "qemu-system-x86_64": "qemu-system-x86"}  # fmt: skip
"""What makes and runs the box, and the Debian package of each."""

STEPS = re.compile(r"^(?:I: (?P<step>.+)|(?:Setting up|Unpacking) (?P<package>[^ ]+) .*)$")


def missing() -> str:
    """Return the Debian packages that making and running a box lacks here, or an empty text."""
    return " ".join(sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)}))


def create(box: Box, say: Callable[[str], None]) -> Accelerator:
    """Make the image, unless it is there, and find out what runs it here; `say` is told of each step.

    Raise BoxError; interrupted or failed, nothing is there afterwards but the log, which the error names.
    """
    if packages := missing():
        raise BoxError(f"the box is made by programs that are not here: apt-get install {packages}")
    box.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not box.image.exists():
        needs_room(box.folder, DISK_MIB)
        _make(box, say)
    say("trying whether KVM can run it")
    return accelerator(box)


def _make(box: Box, say: Callable[[str], None]) -> None:
    """Make key and image; the image's name is given to it last."""
    work = box.folder / "making"
    mark = box.machine("making").mark
    leaks.end(mark)
    wipe(work)
    work.mkdir()
    _write_files(work / "files")
    for path in (box.key, box.key.with_suffix(".pub"), box.known_hosts, box.kernel, box.accelerator):
        path.unlink(missing_ok=True)
    try:
        _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "box", "-f", str(box.key)], box.log)
        made = work / "image.ext4"
        say("debvm-create")
        daemon = recorder.start(
            debvm_create(box.key.with_suffix(".pub"), made, work / "files"),
            log=box.log,
            env=recorder.environment(mark, {"TMPDIR": str(work)}),
        )
        try:
            if daemon.follow(lambda line: say(f"debvm-create: {step(line)}"), CREATE_SECONDS) != 0:
                raise BoxError(f"debvm-create failed: {last_words(box.log)}; all of it is in {box.log}")
        finally:
            daemon.stop()
        _complete(made, box.log)
        _take_out(made, box)
        made.rename(box.image)
    finally:
        leaks.end(mark)
        wipe(work)


def debvm_create(public_key: Path, image: Path, files: Path) -> list[str]:
    """Return the command that makes the image; the files that go into it are below `files`."""
    uploads = [f"--customize-hook=upload {shlex.quote(str(files) + path)} {path}" for path in FILES]
    # mounts of its own are gone with the last process, however it ends
    own_mounts = ["unshare", "--mount"] if os.geteuid() == 0 else []
    return [*own_mounts, "debvm-create", "--release", RELEASE, "--hostname", HOSTNAME, "--size", SIZE,
            "--skip", "autologin,packagelists", "--sshkey", str(public_key), "--output", str(image),
            "--", f"--include={','.join(PACKAGES)}", *uploads]  # fmt: skip


def _write_files(files: Path) -> None:
    """Write what the image gets besides packages."""
    for path, text in FILES.items():
        (files / path[1:]).parent.mkdir(parents=True)
        (files / path[1:]).write_text(text)


def step(line: str) -> str:
    """Return what a line of debvm-create's log says that it is doing, or an empty text.

    >>> step("Setting up containerd (1.7.24~ds1-6) ...")
    'containerd'
    """
    found = STEPS.match(line)
    return (found["step"] or found["package"]) if found else ""


def _complete(image: Path, log: Path) -> None:
    """Give the image's directories the type of each entry: debvm's have none, and overlayfs needs them."""
    _run(["/sbin/tune2fs", "-O", "filetype", str(image)], log)
    _run(["/sbin/fsck.ext4", "-f", "-D", "-p", str(image)], log, fine=(0, 1))


def _take_out(image: Path, box: Box) -> None:
    """Take the kernel and the host's public key out of the image."""
    link = recorder.output(["/sbin/debugfs", "-R", "stat /vmlinuz", str(image)])
    found = re.search(r'Fast link dest: "/?([^"]+)"', link)
    if not found:
        raise BoxError(f"the image has no kernel: see {box.log}")
    _run(["/sbin/debugfs", "-R", f"dump /{found[1]} {box.kernel}", str(image)], box.log)
    public = recorder.output(["/sbin/debugfs", "-R", "cat /etc/ssh/ssh_host_ed25519_key.pub", str(image)])
    kind, key = public.split()[:2]
    box.known_hosts.write_text(f"box {kind} {key}\n")


def _run(argv: list[str], log: Path, fine: tuple[int, ...] = (0,)) -> None:
    with log.open("ab") as output:
        command = CommandSpec(argv)
        ended = recorder.execute(command, stdout=output, stderr=output, env=recorder.environment(""))
    if ended.exit_status not in fine:
        raise BoxError(f"{argv[0]}: exit status {ended.exit_status}: {last_words(log)}")


def last_words(log: Path) -> str:
    """Return the last line of a log that says something."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
