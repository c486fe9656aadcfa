"""The image of the box: Debian 13, made from its packages by debvm-create."""

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from labreport.box.host import Accelerator, accelerator, require_disk
from labreport.box.layout import Box, BoxError, remove_folder
from labreport.capture import recorder
from labreport.capture.cleanup import leaks
from labreport.capture.command import CommandSpec
from labreport.capture.packages import install_command
from labreport.capture.program import which

RELEASE = "trixie"
SIZE = "12G"
CREATE_SECONDS = 1800.0
DISK_MIB = 3072
"""Disk space for the image, the files it is made from, and one machine's disk, with a reserve."""

PACKAGES = (
    "busybox-static", "ca-certificates", "containerd", "containernetworking-plugins", "curl", "git",
    "hyperfine", "iperf3", "iproute2", "iptables", "jq", "kmod", "libcap2-bin", "procps", "python3",
    "python3-click", "python3-filelock", "python3-pydantic", "python3-rich", "python3-sh",
    "python3-tomlkit", "python3-yaml", "qemu-system-x86", "runc", "systemd", "util-linux",
    "util-linux-extra", "virtiofsd", "wrk", "zstd",
)  # fmt: skip
"""The packages of a KVM host, and what `lab collect` needs: Debian's own Python packages, no pip."""

HOLD = "import fcntl, os, signal; held = fcntl.ioctl(os.open('/dev/kvm', 2), 0xAE01, 0); signal.pause()"
"""A program that creates a virtual machine (KVM_CREATE_VM) without processor or memory, and keeps it."""

FILES = {
    "/etc/modules-load.d/lab.conf": "vhost_vsock\nvhost_net\n",
    "/etc/sysctl.d/lab.conf": "kernel.panic = 1\n",
    "/etc/tmpfiles.d/lab.conf": "w /sys/kernel/mm/transparent_hugepage/shmem_enabled - - - - always\n",
    "/etc/udev/rules.d/99-lab.rules": 'KERNEL=="kvm", TAG+="systemd", ENV{SYSTEMD_WANTS}="lab-kvm.service"\n',
    "/etc/systemd/system/lab-kvm.service": f'[Service]\nExecStart=/usr/bin/python3 -c "{HOLD}"\n',
}
"""The files that the image gets besides packages.

A kernel panic ends QEMU (-no-reboot), so that a crash is noticed at once. Guest memory is in huge pages:
without them 3 of 44 nested starts under emulation hung, with them none of 59.

lab-kvm.service keeps one virtual machine at all times. When the first one is created and when the last one
ends, the kernel patches an instruction in its scheduler (preempt_notifier_key, virt/kvm/kvm_main.c). QEMU
7.2's emulation sometimes executes the breakpoint that stands there meanwhile: `Oops: int3` in __schedule,
twice in about 90 nested starts, at the same instruction."""

HOSTNAME = "vm"
PROGRAMS = {"debvm-create": "debvm", "mmdebstrap": "mmdebstrap", "ssh-keygen": "openssh-client",
            "qemu-system-x86_64": "qemu-system-x86"}  # fmt: skip
"""The programs that make and run the box, with the Debian package of each."""

STEPS = re.compile(r"^(?:I: (?P<step>.+)|(?:Setting up|Unpacking) (?P<package>[^ ]+) .*)$")


def missing_packages() -> list[str]:
    """Return the packages, by Debian's names, that are missing to make and run a box."""
    return sorted({package for program, package in PROGRAMS.items() if not which(program)})


def create(box: Box, on_step: Callable[[str], None]) -> Accelerator:
    """Make the image unless it exists, and return what runs it here. Call `on_step` with each step.

    Raise BoxError. If it fails or is interrupted, only the log stays; the error names it.
    """
    if packages := missing_packages():
        raise BoxError("programs that make the box are not installed", install_command(packages))
    box.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not box.image.exists():
        require_disk(box.folder, DISK_MIB)
        _make(box, on_step)
    on_step("testing whether KVM can run it")
    return accelerator(box)


def _make(box: Box, on_step: Callable[[str], None]) -> None:
    """Make the keys and the image. The image gets its name last, when it is complete."""
    work = box.folder / "making"
    mark = box.machine("making").mark
    leaks.kill_processes(mark)
    remove_folder(work)
    work.mkdir()
    _write_files(work / "files")
    for path in (box.key, box.key.with_suffix(".pub"), box.known_hosts, box.kernel, box.accelerator):
        path.unlink(missing_ok=True)
    try:
        _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "box", "-f", str(box.key)], box.log)
        made = work / "image.ext4"
        on_step("debvm-create")
        daemon = recorder.start(
            debvm_create(box.key.with_suffix(".pub"), made, work / "files"),
            log=box.log,
            env=recorder.environment(mark, {"TMPDIR": str(work)}),
        )
        try:
            if daemon.follow(lambda line: on_step(f"debvm-create: {step(line)}"), CREATE_SECONDS) != 0:
                raise BoxError(f"debvm-create failed: {last_line(box.log)}", f"read {box.log}")
        finally:
            daemon.stop()
        _add_file_types(made, box.log)
        _extract(made, box)
        made.rename(box.image)
    finally:
        leaks.kill_processes(mark)
        remove_folder(work)


def debvm_create(public_key: Path, image: Path, files: Path) -> list[str]:
    """Return the command that makes the image. The folder `files` holds the contents of FILES."""
    uploads = [f"--customize-hook=upload {shlex.quote(str(files) + path)} {path}" for path in FILES]
    # in a mount namespace of its own, nothing stays mounted after it is killed
    own_mounts = ["unshare", "--mount"] if os.geteuid() == 0 else []
    return [*own_mounts, "debvm-create", "--release", RELEASE, "--hostname", HOSTNAME, "--size", SIZE,
            "--skip", "autologin,packagelists", "--sshkey", str(public_key), "--output", str(image),
            "--", f"--include={','.join(PACKAGES)}", *uploads]  # fmt: skip


def _write_files(files: Path) -> None:
    """Write the contents of FILES into a folder."""
    for path, text in FILES.items():
        (files / path[1:]).parent.mkdir(parents=True)
        (files / path[1:]).write_text(text)


def step(line: str) -> str:
    """Return the step that a line of debvm-create's log reports, or an empty text.

    >>> step("Setting up containerd (1.7.24~ds1-6) ...")
    'containerd'
    """
    found = STEPS.match(line)
    return (found["step"] or found["package"]) if found else ""


def _add_file_types(image: Path, log: Path) -> None:
    """Add the file type to each directory entry. overlayfs needs them, and debvm leaves them out."""
    _run(["/sbin/tune2fs", "-O", "filetype", str(image)], log)
    _run(["/sbin/fsck.ext4", "-f", "-D", "-p", str(image)], log, good=(0, 1))


def _extract(image: Path, box: Box) -> None:
    """Copy the kernel and the public host key out of the image."""
    link = recorder.output(["/sbin/debugfs", "-R", "stat /vmlinuz", str(image)])
    found = re.search(r'Fast link dest: "/?([^"]+)"', link)
    if not found:
        raise BoxError("the image has no kernel", f"read {box.log}")
    _run(["/sbin/debugfs", "-R", f"dump /{found[1]} {box.kernel}", str(image)], box.log)
    public = recorder.output(["/sbin/debugfs", "-R", "cat /etc/ssh/ssh_host_ed25519_key.pub", str(image)])
    kind, key = public.split()[:2]
    box.known_hosts.write_text(f"box {kind} {key}\n")


def _run(argv: list[str], log: Path, good: tuple[int, ...] = (0,)) -> None:
    with log.open("ab") as output:
        command = CommandSpec(argv)
        ended = recorder.execute(command, stdout=output, stderr=output, env=recorder.environment(""))
    if ended.exit_status not in good:
        raise BoxError(f"{argv[0]}: exit status {ended.exit_status}: {last_line(log)}", f"read {log}")


def last_line(log: Path) -> str:
    """Return the last line of a log that is not blank, cut to 300 characters."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no output"
