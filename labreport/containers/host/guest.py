"""Run the smallest guest that tells whether KVM works, and print how far it came. A program of its own.

It is run as a process, because KVM_RUN may never return: a caller can kill it. It uses the standard library
alone, and takes the path of the device. It prints a JSON object a line, the last of which counts: `step` is
the last of STEPS that the guest reported, `end` says why it went no further, empty if it did all, and
`is_lasting` is false if the system refused to make the guest, which may have a passing cause.

The guest is 121 bytes of 64-bit code. It executes what a kernel needs in its first milliseconds and what
incomplete KVMs do not emulate. After each step it writes the step's number to a port, which returns control
to this program (KVM_EXIT_IO). Interface: Documentation/virt/kvm/api.rst of Linux.
"""

import ctypes
import json
import mmap
import os
import struct
import sys
from collections.abc import Iterator
from fcntl import ioctl

STEPS = ("nothing", "its first instruction", "int3", "cmpxchg16b", "xsave and xrstor")
"""What the guest has executed when it reports the number of a step."""

DONE = len(STEPS) - 1
PORT = 0xE9
API_VERSION = 12

CODE = bytes.fromhex(
    "b001 e6e9"  # mov al, 1; out 0xe9, al
    "cc"  # int3, whose handler returns
    "b002 e6e9"  # mov al, 2; out 0xe9, al
    "31c0 31d2"  # xor eax, eax; xor edx, edx
    "bb564b0000 b9214d0000"  # mov ebx, 0x4b56; mov ecx, 0x4d21
    "f0480fc70c2500600000 7551"  # lock cmpxchg16b [0x6000]; jnz fail
    "48813c2508600000214d0000 7543"  # cmp qword ptr [0x6008], 0x4d21; jne fail
    "b003 e6e9"  # mov al, 3; out 0xe9, al
    "b801000000 0fa2 0fbae11a 732e"  # mov eax, 1; cpuid; bt ecx, 26; jnc done: no xsave
    "0f20e0 480fbae812 0f22e0"  # mov rax, cr4; bts rax, 18; mov cr4, rax
    "31c9 31d2 b803000000 0f01d1"  # xor ecx, ecx; xor edx, edx; mov eax, 3; xsetbv
    "31d2 b803000000"  # xor edx, edx; mov eax, 3
    "0fae242500700000 0fae2c2500700000"  # xsave [0x7000]; xrstor [0x7000]
    "b004 e6e9"  # done: mov al, 4; out 0xe9, al
    "f4 ebfd"  # fail: hlt; jmp fail
    "48cf"  # handler: iretq
)
HANDLER = len(CODE) - 2

MEMORY = 0x10000
"""The guest's memory in bytes. At 0x6000 is what cmpxchg16b changes, at 0x7000 what xsave writes."""

AT_CODE, AT_GDT, AT_IDT, AT_TABLES, STACK, AT_TSS = 0x1000, 0x2000, 0x2100, 0x3000, 0x9000, 0xA000
CODE_SEGMENT, DATA_SEGMENT, TASK_SEGMENT = 0x08, 0x10, 0x18
GDT = struct.pack("<3Q", 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF)
"""The segment descriptors of 64-bit code and of data."""

PAGES = struct.pack("<Q4088xQ4088xQ", AT_TABLES + 0x1003, AT_TABLES + 0x2003, 0x83)
"""Three levels of page tables: an identity mapping of the first 2 MiB."""

KVM_GET_API_VERSION, KVM_CREATE_VM, KVM_GET_VCPU_MMAP_SIZE = 0xAE00, 0xAE01, 0xAE04
KVM_CREATE_VCPU, KVM_RUN = 0xAE41, 0xAE80
KVM_GET_SUPPORTED_CPUID, KVM_SET_CPUID2 = 0xC008AE05, 0x4008AE90
KVM_SET_USER_MEMORY_REGION = 0x4020AE46
KVM_GET_SREGS, KVM_SET_SREGS, KVM_SET_REGS = 0x8138AE83, 0x4138AE84, 0x4090AE82
"""The numbers of ioctls (linux/kvm.h)."""

CPUID_ENTRIES, CPUID_ENTRY = 512, 40
EXIT_IO = 2
EXITS = {5: "halt", 8: "shutdown", 9: "entry refused", 17: "internal error"}
"""Why KVM_RUN returned (KVM_EXIT_*)."""


def main(device: str) -> None:
    """Run the guest; print each step, and last how it ended."""
    step = 0
    try:
        for step, end in run(os.open(device, os.O_RDWR | os.O_CLOEXEC)):
            print_line(step, end)
    except OSError as error:
        print_line(step, str(error.strerror), is_lasting=step > 0)


def print_line(step: int, end: str, *, is_lasting: bool = True) -> None:
    """Print a line at once: this process may be killed."""
    sys.stdout.write(json.dumps({"step": step, "end": end, "is_lasting": is_lasting}) + "\n")
    sys.stdout.flush()


def run(kvm: int) -> Iterator[tuple[int, str]]:
    """Yield each step that the guest reports, and last why it stops before the end."""
    if ioctl(kvm, KVM_GET_API_VERSION) != API_VERSION:
        yield 0, "another version of KVM's interface"
        return
    machine = ioctl(kvm, KVM_CREATE_VM, 0)
    memory = guest_memory()
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    ioctl(machine, KVM_SET_USER_MEMORY_REGION, struct.pack("<2I3Q", 0, 0, 0, MEMORY, address))
    processor = ioctl(machine, KVM_CREATE_VCPU, 0)
    cpuid = bytearray(struct.pack("<2I", CPUID_ENTRIES, 0) + bytes(CPUID_ENTRIES * CPUID_ENTRY))
    ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid)
    ioctl(processor, KVM_SET_CPUID2, cpuid)
    special = bytearray(312)
    ioctl(processor, KVM_GET_SREGS, special)
    ioctl(processor, KVM_SET_SREGS, special_registers(special))
    ioctl(processor, KVM_SET_REGS, struct.pack("<6Q2Q8Q2Q", *[0] * 6, STACK, 0, *[0] * 8, AT_CODE, 2))
    state = mmap.mmap(processor, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE))
    step = 0
    while step < DONE:
        ioctl(processor, KVM_RUN, 0)
        (reason,) = struct.unpack_from("<I", state, 8)
        _out, _size, port, _count, offset = struct.unpack_from("<BBHIQ", state, 32)
        if reason != EXIT_IO or port != PORT or state[offset] != step + 1:
            yield step, EXITS.get(reason, f"KVM exit {reason}")
            return
        step += 1
        yield step, ""


def guest_memory() -> mmap.mmap:
    """Return the guest's memory, with its code and tables."""
    memory = mmap.mmap(-1, MEMORY)
    offset = AT_CODE + HANDLER
    gate = struct.pack("<HHHHII", offset, CODE_SEGMENT, 0x8E00, 0, 0, 0)
    for place, data in ((AT_CODE, CODE), (AT_GDT, GDT), (AT_IDT + 3 * len(gate), gate), (AT_TABLES, PAGES)):
        memory[place : place + len(data)] = data
    return memory


def special_registers(before: bytearray) -> bytes:
    """Return the processor's special registers (struct kvm_sregs) for 64-bit code with paging."""
    code = _segment(CODE_SEGMENT, kind=11, long_mode=True)
    data = _segment(DATA_SEGMENT, kind=3, long_mode=False)
    task = struct.pack("<QIH10B", AT_TSS, 0x67, TASK_SEGMENT, 11, 1, 0, 0, 0, 0, 0, 0, 0, 0)
    unused = struct.pack("<QIH10B", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0)
    tables = struct.pack("<QH6xQH6x", AT_GDT, len(GDT) - 1, AT_IDT, 4 * 16 - 1)
    control = struct.pack("<6Q", 0x80000031, 0, AT_TABLES, 0x620, 0, 0x500)  # cr0, cr2, cr3, cr4, cr8, efer
    apic_base_and_interrupts = before[272:]
    return code + 5 * data + task + unused + tables + control + bytes(apic_base_and_interrupts)


def _segment(selector: int, *, kind: int, long_mode: bool) -> bytes:
    """Return a segment of 4 GiB (struct kvm_segment)."""
    return struct.pack(
        "<QIH10B", 0, 0xFFFFFFFF, selector, kind, 1, 0, not long_mode, 1, long_mode, 1, 0, 0, 0
    )


if __name__ == "__main__":
    main(sys.argv[1])
