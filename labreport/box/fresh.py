"""A machine that is put back to one moment again and again: disk and memory as they were then.

It goes on from the started machine's disk, which it does not write to, so that one has to be stopped. QEMU
keeps the moment in its throw-away overlay (savevm, loadvm). Where it cannot, the machine is booted anew each
time, which is as fresh and takes as long as a start.
"""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from labreport.box import machine as machines
from labreport.box.place import BoxError, Machine
from labreport.box.ssh import Door

MOMENT = "ready"
ORDER_SECONDS = 120.0
QUIET = ("systemctl", "service-watchdogs", "no")
"""For a service's watchdog the time between the moment and now is time in which the service said nothing."""

SOCKET_BYTES = 107


def put_back(machine: Machine, say: Callable[[str], None]) -> Door:
    """Return the way into the machine as it was at the moment when it was ready; boot it if it does not run.

    Its clock goes on: it is set by ours. Raise BoxError if it does not come up.
    """
    if machines.running(machine) and order(machine.monitor, f"loadvm {MOMENT}") == "":
        say("put back to the moment when it was ready")
    else:
        machines.end(machine)
        machine.monitor.unlink(missing_ok=True)
        if len(str(machine.monitor).encode()) > SOCKET_BYTES:
            raise BoxError(f"{machine.monitor}: too long for a socket: name a shorter folder in LAB_BOX")
        machines.start(machine, say)
        machines.door(machine).run(QUIET)
        if told := order(machine.monitor, f"savevm {MOMENT}"):
            say(f"no snapshot can be kept, so it is booted each time: {told}")
    way = machines.door(machine)
    way.run(["date", "--set", f"@{time.time():.0f}"])
    return way


def order(monitor: Path, line: str) -> str:
    """Have QEMU's monitor run a line; return what it says, empty where all is well.

    Protocol: QEMU's docs/interop/qmp-spec.rst; `human-monitor-command` returns the monitor's own words.
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ORDER_SECONDS)
            connection.connect(str(monitor))
            with connection.makefile("rw", encoding="utf-8") as talk:
                talk.readline()  # its greeting
                for asked in (
                    {"execute": "qmp_capabilities"},
                    {"execute": "human-monitor-command", "arguments": {"command-line": line}},
                ):
                    talk.write(json.dumps(asked) + "\n")
                    talk.flush()
                    answer = _answer(talk)
    except (OSError, ValueError) as error:
        return str(error) or "it gives no answer"
    return answer.strip()


def _answer(talk: TextIO) -> str:
    """Return the next answer, events left out; what an error says is an answer, too."""
    for text in talk:
        told = json.loads(text)
        if "return" in told:
            return str(told["return"] or "")
        if "error" in told:
            return str(told["error"].get("desc") or "an error")
    return "it hung up"
