"""What host, runc and Kata are asked about isolation: each question with its reason and its answers.

A new one is a `probe(...)` in one of the groups below; manual/reference/probes.md says what its words mean.
"""

import re
from collections.abc import Sequence

from labreport.containers.probes.probe import HOSTS, OWN, Probe

SHARED = "what it says of the host is true, and what breaks that kernel breaks the host"
SEPARATE = "there is another kernel below, which the runtime started for this container"
ONE_KERNEL = {HOSTS: SHARED, OWN: SEPARATE}
EVERYTHING = r"(?s).+"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def in_between(host: Sequence[str], answer: str) -> str:
    """Return whether the first number lies between the host's of before and of afterwards: it only grows."""
    low, *_middle, high = sorted(map(_number, (host[0], host[-1])))
    return HOSTS if low <= _number(answer) <= high else OWN


def within_a_tenth(host: Sequence[str], answer: str) -> str:
    """Return whether the first number is the host's, give or take a tenth: it goes up and down."""
    values = [_number(one) for one in host]
    return HOSTS if min(values) * 0.9 <= _number(answer) <= max(values) * 1.1 else OWN


def same_load(host: Sequence[str], answer: str) -> str:
    """Return whether the load of a quarter of an hour is the host's: it moves by little in a minute."""
    low, *_middle, high = sorted(float(one.split()[2]) for one in (host[0], host[-1]))
    return HOSTS if low - 0.1 <= float(answer.split()[2]) <= high + 0.1 else OWN


def can(_host: Sequence[str], _answer: str) -> str:
    """Return that it was done: what was refused is no answer."""
    return "it can"


def same_moment(host: Sequence[str], answer: str) -> str:
    """Return whether a time is the host's, give or take a second of rounding."""
    return HOSTS if abs(_number(host[0]) - _number(answer)) <= 1 else OWN


def in_step(host: Sequence[str], answer: str) -> str:
    """Return whether a clock shows a time between the host's two, two seconds more or less."""
    first, last = _number(host[0]) - 2, _number(host[-1]) + 2
    return "in step" if first <= _number(answer) <= last else "off"


def filtered(_host: Sequence[str], answer: str) -> str:
    """Return whether a seccomp filter stands before the kernel: mode 2 (proc(5))."""
    return "filtered" if re.search(r"^Seccomp:\s+2$", answer, re.MULTILINE) else "not filtered"


def fewer(host: Sequence[str], answer: str) -> str:
    """Return whether the effective capabilities are the host root's, or a part of them."""
    theirs, its = (int(re.findall(r"^CapEff:\s+([0-9a-f]+)$", one, re.MULTILINE)[0], 16)
                   for one in (host[0], answer))  # fmt: skip
    if its == theirs:
        return "the host root's"
    return "fewer" if its & theirs == its else "others"


def namespaces(host: Sequence[str], answer: str) -> str:
    """Return whose namespaces these are; numbers can be compared within one boot of one kernel only."""
    theirs, its = host[0].splitlines(), answer.splitlines()
    if theirs[0] != its[0]:
        return "another kernel's"
    return "some the host's" if set(theirs[1:]) & set(its[1:]) else "all its own"


def opened(_host: Sequence[str], answer: str) -> str:
    """Return whether any device could be opened."""
    return "some" if re.search(r": opened$", answer, re.MULTILINE) else "none"


def _number(text: str) -> float:
    return float(re.findall(r"\d+(?:\.\d+)?", text)[0])


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
        judge=fewer,
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
        judge=filtered,
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
        judge=namespaces,
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

DEVICES = (
    "kmsg:c:1:11 mem:c:1:1 kvm:c:10:232 net/tun:c:10:200 fuse:c:10:229 virtio-disk:b:254:0 scsi-disk:b:8:0"
)

MACHINE = (
    Probe(
        "processors",
        "How many processors are seen, and which?",
        "it tells a container of the machine below, and of what it is given of it",
        "nproc; grep -m 1 'model name' /proc/cpuinfo",
        {HOSTS: "the host's are seen", OWN: "those of a machine of its own"},
    ),
    Probe(
        "memory",
        "How much memory is seen?",
        "it tells a container of the machine below, and of what it is given of it",
        "grep MemTotal /proc/meminfo",
        {HOSTS: "all that the host has", OWN: "that of a machine of its own"},
    ),
    Probe(
        "processes",
        "How many processes are seen?",
        "what is seen can be signalled, traced, read about",
        "ls -d /proc/[0-9]* | wc -l",
        {HOSTS: "all of the host's", OWN: "the container's alone"},
        volatile=EVERYTHING,
    ),
    Probe(
        "cgroup",
        "What does it see of its cgroup?",
        "the path names the container to itself, the files are where limits are set",
        "cat /proc/1/cgroup",
        {HOSTS: "the host's first process's", OWN: "a group of its own"},
    ),
    Probe(
        "mounts",
        "What is mounted, and from where?",
        "every mount that is shared with the host is a way to it",
        "cut -d ' ' -f 1-3 /proc/1/mounts",
        {HOSTS: "the host's mounts", OWN: "a table of its own"},
        volatile=r"snapshots/\d+",
    ),
    Probe(
        "devices",
        "What is in /dev?",
        "a device node is a way into a driver of the kernel below",
        "ls /dev",
        {HOSTS: "the host's devices", OWN: "a few that every container is given"},
    ),
    Probe(
        "device-nodes",
        "Which devices can be opened by who makes a node for them?",
        "the node is only a name: what counts is whether the kernel below lets it be opened",
        f"for one in {DEVICES}; do IFS=:; set -- $one; unset IFS; node=/dev/probe.$$; "
        'mknod $node $2 $3 $4 2>/dev/null || { echo "$1: no node can be made"; continue; }; '
        'said=$(dd if=$node count=0 2>&1 >/dev/null) && echo "$1: opened" || echo "$1: ${said##*: }"; '
        "rm -f $node; done",
        {"some": "at least one is opened", "none": "the kernel refuses all of them, or has none of them"},
        judge=opened,
    ),
)

LEAKS = (
    Probe(
        "clock",
        "Is the clock in step with the host's?",
        "certificates and logs go by it; a guest has a clock of its own",
        "date +%s",
        {"in step": "within two seconds", "off": "times of host and container cannot be held together"},
        judge=in_step,
        volatile=EVERYTHING,
    ),
    Probe(
        "uptime",
        "Whose uptime is it?",
        "it dates the machine's last start, and so its last update of the kernel",
        "cat /proc/uptime",
        ONE_KERNEL,
        judge=in_between,
        volatile=EVERYTHING,
    ),
    Probe(
        "load",
        "Whose load averages are these?",
        "how busy the neighbours are can be read from them",
        "cat /proc/loadavg",
        ONE_KERNEL,
        judge=same_load,
        volatile=EVERYTHING,
    ),
    Probe(
        "free-memory",
        "Whose free memory is it?",
        "it moves with what the neighbours do",
        "grep -E '^(MemFree|Cached)' /proc/meminfo",
        ONE_KERNEL,
        judge=within_a_tenth,
        volatile=EVERYTHING,
    ),
    Probe(
        "interrupts",
        "Whose interrupts are counted?",
        "key strokes and packets of others have been told apart by their times",
        "grep ^intr /proc/stat | cut -d ' ' -f 1-2",
        ONE_KERNEL,
        judge=in_between,
        volatile=EVERYTHING,
    ),
    Probe(
        "context-switches",
        "Whose context switches are counted?",
        "a channel between containers that nobody meant to open",
        "grep ^ctxt /proc/stat",
        ONE_KERNEL,
        judge=in_between,
        volatile=EVERYTHING,
    ),
    Probe(
        "boot-time",
        "Since when does the machine run?",
        "it names the machine among others",
        "grep ^btime /proc/stat",
        ONE_KERNEL,
        judge=same_moment,
        volatile=EVERYTHING,
    ),
    Probe(
        "open-files",
        "Whose open files are counted?",
        "the number moves with what the neighbours do",
        "cat /proc/sys/fs/file-nr",
        ONE_KERNEL,
        judge=within_a_tenth,
        volatile=EVERYTHING,
    ),
    Probe(
        "temperature",
        "Can the processor's temperature be read?",
        "it follows the load of the whole machine",
        "cat /sys/class/thermal/thermal_zone*/temp",
        ONE_KERNEL,
        volatile=EVERYTHING,
    ),
)
