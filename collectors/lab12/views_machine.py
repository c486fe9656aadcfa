"""Task 3, beyond the sheet: what a container sees of the machine, and what it learns of the host."""

import re
from collections.abc import Sequence

from collectors.lab12.smoke import KATA_NEEDS, smoke
from collectors.lab12.views_kernel import IMAGE, ONE_KERNEL
from labreport.capture import EVERYTHING, Run, collector
from labreport.containers.probes import HOST_TWICE, HOSTS, OWN, Probe, ask_all

DEVICES = (
    "kmsg:c:1:11 mem:c:1:1 kvm:c:10:232 net/tun:c:10:200 fuse:c:10:229 virtio-disk:b:254:0 scsi-disk:b:8:0"
)
"""Devices as name:type:major:minor, where the type is c (character) or b (block)."""


def any_opened(_host: Sequence[str], answer: str) -> str:
    """Return whether any device could be opened."""
    return "some" if re.search(r": opened$", answer, re.MULTILINE) else "none"


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
        judge=any_opened,
    ),
)


@collector(edition=2025, task=3, writes=["isolation/machine-view.txt"], needs=KATA_NEEDS, after=[smoke])
def machine_view(run: Run) -> None:
    """What a container sees of the machine: processors, memory, processes, cgroup, mounts, devices."""
    ask_all(run, "isolation/machine-view.txt", MACHINE, IMAGE)


def first_number(text: str) -> float:
    """Return the first number in a text; raise IndexError if there is none."""
    return float(re.findall(r"\d+(?:\.\d+)?", text)[0])


def in_between(host: Sequence[str], answer: str) -> str:
    """Return whose a counter is: the host's if it lies between the host's values from before and after."""
    low, high = sorted((first_number(host[0]), first_number(host[-1])))
    return HOSTS if low <= first_number(answer) <= high else OWN


def within_a_tenth(host: Sequence[str], answer: str) -> str:
    """Return whose a changing value is: the host's if it differs from the host's by at most 10 %."""
    values = [first_number(text) for text in host]
    return HOSTS if min(values) * 0.9 <= first_number(answer) <= max(values) * 1.1 else OWN


def same_load(host: Sequence[str], answer: str) -> str:
    """Return whose the load average of 15 minutes is: the host's if it differs by at most 0.1."""
    low, high = sorted(float(text.split()[2]) for text in (host[0], host[-1]))
    return HOSTS if low - 0.1 <= float(answer.split()[2]) <= high + 0.1 else OWN


def same_moment(host: Sequence[str], answer: str) -> str:
    """Return whose a time in seconds is: the host's if it differs by at most one second."""
    return HOSTS if abs(first_number(host[0]) - first_number(answer)) <= 1 else OWN


def in_step(host: Sequence[str], answer: str) -> str:
    """Return whether a clock is in step: it shows a time between the host's two, give or take two seconds."""
    low, high = first_number(host[0]) - 2, first_number(host[-1]) + 2
    return "in step" if low <= first_number(answer) <= high else "off"


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


@collector(edition=2025, task=3, writes=["isolation/leaks.txt"], needs=KATA_NEEDS, after=[smoke])
def leaks(run: Run) -> None:
    """What /proc and /sys reveal of the host: its values before and after, and those in containers."""
    ask_all(run, "isolation/leaks.txt", LEAKS, IMAGE, HOST_TWICE)
