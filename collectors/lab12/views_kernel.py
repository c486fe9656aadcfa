"""Task 3, beyond the sheet: which kernel answers a container, and what the container may do to it.

The probes run on the host and under both runtimes, with and without a seccomp profile. A new question is a
`Probe(...)` in one of the groups; manual/reference/probes.md describes its fields.
"""

import re
from collections.abc import Sequence

from collectors.lab12.smoke import KATA_NEEDS, smoke
from labreport.capture import Run, collector
from labreport.containers.probes import HOSTS, OWN, Probe, ask_all

IMAGE = "alpine"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

ONE_KERNEL = {
    HOSTS: "what it says of the host is true, and what breaks that kernel breaks the host",
    OWN: "there is another kernel below, which the runtime started for this container",
}
"""What the two answers mean if the question is about the kernel."""

KERNEL = (
    Probe(
        "release",
        "Which kernel answers the container's system calls?",
        "a hole in that kernel is a hole in everything that runs on it",
        "uname -r",
        ONE_KERNEL,
    ),
    Probe(
        "build",
        "When was that kernel built?",
        "two kernels of one release are told apart by it",
        "cat /proc/version",
        ONE_KERNEL,
    ),
    Probe(
        "boot-id",
        "Which boot of a kernel is this?",
        "the kernel draws it at random at its start: no two boots share one",
        "cat /proc/sys/kernel/random/boot_id",
        ONE_KERNEL,
        volatile=UUID,
    ),
    Probe(
        "command-line",
        "What was the kernel started with?",
        "it names the root device and the mitigations that are switched off",
        "cat /proc/cmdline",
        ONE_KERNEL,
    ),
    Probe(
        "kernel-log",
        "Can the kernel's log be read?",
        "addresses, devices and other containers' crashes stand in it",
        'log=$(dmesg) && echo "$log" | head -n 2',
        ONE_KERNEL,
        volatile=r"^\[ *\d+\.\d+\]",
    ),
    Probe(
        "modules",
        "How many modules are loaded into that kernel?",
        "each one is code that a container's system calls may reach",
        'all=$(cat /proc/modules) && echo "$all" | wc -l',
        ONE_KERNEL,
    ),
    Probe(
        "sysctl",
        "How is that kernel set?",
        "settings that harden a kernel, or that lead from a container to the host",
        "cd /proc/sys; for one in kernel/core_pattern kernel/dmesg_restrict kernel/kptr_restrict "
        "kernel/modules_disabled kernel/panic kernel/perf_event_paranoid kernel/randomize_va_space "
        "kernel/sysrq kernel/unprivileged_bpf_disabled kernel/yama/ptrace_scope "
        "user/max_user_namespaces vm/mmap_min_addr vm/overcommit_memory; do "
        'if [ -e $one ]; then echo "$one = $(cat $one 2>&1)"; else echo "$one: not there"; fi; done',
        {HOSTS: "one set of settings for both", OWN: "the host's settings are not this kernel's"},
    ),
    Probe(
        "cpu-flaws",
        "Which flaws of the processor does that kernel know, and what does it do about them?",
        "a guest that mitigates less than its host leaks within itself; the host has to see to the rest",
        "cd /sys/devices/system/cpu/vulnerabilities && grep . *",
        {HOSTS: "the host's mitigations are in force", OWN: "the guest's kernel decides for itself"},
    ),
)


@collector(edition=2025, task=3, writes=["isolation/kernel-view.txt"], needs=KATA_NEEDS, after=[smoke])
def kernel_view(run: Run) -> None:
    """The kernel of a container: its release, boot, log, modules, settings, and flaws of the processor."""
    ask_all(run, "isolation/kernel-view.txt", KERNEL, IMAGE)


def has_fewer(host: Sequence[str], answer: str) -> str:
    """Return whether the effective capabilities (CapEff) are those of the host's root, or a part of them."""
    hosts, own = (
        int(re.findall(r"^CapEff:\s+([0-9a-f]+)$", text, re.MULTILINE)[0], 16) for text in (host[0], answer)
    )
    if own == hosts:
        return "the host root's"
    return "fewer" if own & hosts == own else "others"


def is_filtered(_host: Sequence[str], answer: str) -> str:
    """Return whether a seccomp filter applies: mode 2 (proc(5))."""
    return "filtered" if re.search(r"^Seccomp:\s+2$", answer, re.MULTILINE) else "not filtered"


def can(_host: Sequence[str], _answer: str) -> str:
    """Return "it can", because an answer means that the command succeeded."""
    return "it can"


def whose_namespaces(host: Sequence[str], answer: str) -> str:
    """Return whose namespaces these are.

    The first line is the boot id: the numbers of namespaces can be compared only within one boot of one
    kernel.
    """
    host_lines, own_lines = host[0].splitlines(), answer.splitlines()
    if host_lines[0] != own_lines[0]:
        return "another kernel's"
    return "some the host's" if set(host_lines[1:]) & set(own_lines[1:]) else "all its own"


PRIVILEGES = (
    Probe(
        "capabilities",
        "Which capabilities has the container's first process?",
        "they are what root in the container may do to the kernel below",
        "grep ^Cap /proc/1/status",
        {
            "the host root's": "nothing was taken away",
            "fewer": "a part of what root on the host has",
            "others": "some that root on the host has not",
        },
        judge=has_fewer,
    ),
    Probe(
        "seccomp",
        "Does a seccomp filter stand before the kernel?",
        "without one the container may call everything that the kernel has",
        "grep -E '^(NoNewPrivs|Seccomp)' /proc/1/status",
        {
            "filtered": "system calls outside the profile are refused",
            "not filtered": "every system call reaches the kernel below",
        },
        judge=is_filtered,
    ),
    Probe(
        "user-namespace",
        "Can a process make itself root of a new user namespace?",
        "it opens code of the kernel that was written for root: many holes of late years began there",
        "unshare -U true && echo made",
        {"it can": "that code of the kernel below is open to it"},
        judge=can,
    ),
    Probe(
        "namespaces",
        "Which namespaces is it in?",
        "what is not in a namespace of its own is shared with the host",
        "cat /proc/sys/kernel/random/boot_id; cd /proc/1/ns; for one in *; do readlink $one; done; true",
        {
            "some the host's": "shared with every process of the host that has not left them",
            "all its own": "none is shared with the host's first process",
            "another kernel's": "the host's kernel knows none of them",
        },
        judge=whose_namespaces,
        volatile=rf"{UUID}|\[\d+\]",
    ),
    Probe(
        "lsm",
        "Does a security module confine it?",
        "AppArmor or SELinux hold where capabilities were given away",
        "tr -d '\\000' </proc/1/attr/current",
        {HOSTS: "as the host's first process", OWN: "under a label of its own"},
        absent=r"No such file or directory|Invalid argument",
    ),
)


@collector(edition=2025, task=3, writes=["isolation/privileges.txt"], needs=KATA_NEEDS, after=[smoke])
def privileges(run: Run) -> None:
    """What a container may do: its capabilities, seccomp, namespaces, security module."""
    ask_all(run, "isolation/privileges.txt", PRIVILEGES, IMAGE)
