"""SIGTERM at random moments of a container's start: scripts/campaign interrupts [--seed N] [--count N].

As root, with containerd and runc. Each round starts a collect that starts a container, ends it at a random
moment, in every third round with a second signal, and looks at what is left on the host. It prints the
seconds that the ends took; the exit status is 1 if one took more than LIMIT seconds or left something.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labreport.capture.cleanup import leaks, runs
from labreport.containers.images import busybox
from tests.containers.conftest import WEB, free_port
from tests.containers.host_state import host_state, new_things

ROOT = Path(__file__).parents[2]
LIMIT = 15.0
"""Seconds in which a collect has to end after SIGTERM."""

COLLECT = """
import sys
from pathlib import Path
from labreport.capture import signals
from labreport.capture.redact import Redactor, identity
from labreport.capture.run import Run
from labreport.capture.session import session
from labreport.containers import ctr
from labreport.containers.container import container, wait_http
from labreport.contract.lab_config import Lab

images = {"web": {"reference": "x:1", "digest": "sha256:" + "0" * 64, "archive_env": "TEST_WEB_ARCHIVE"}}
try:
    with signals.interruptible(), session(lambda _text: None) as own:
        print(own.name, flush=True)
        lab = Lab(title="x", editions={}, images=images)
        run = Run(own, lab, "lab.yml", Path(sys.argv[1]), Redactor(identity(Path.cwd())))
        with container(run, ctr.RUNC, "web", publish={int(sys.argv[2]): 3000}) as box:
            wait_http(run, box)
            print("ready", flush=True)
            run.command(box.exec("sleep", "600"))
except KeyboardInterrupt as interrupt:
    print(interrupt, flush=True)
    sys.exit(3)
"""


@dataclass(frozen=True)
class Ending:
    """One interrupted collect: when, by how many signals, how long its end took, and what it left."""

    moment: float
    signals: int
    seconds: float
    left: str

    @property
    def good(self) -> bool:
        """Whether it ended in time and left nothing, or said what."""
        return not self.left and self.seconds <= LIMIT


def interrupted(folder: Path, moment: float, pauses: Sequence[float] = ()) -> Ending:
    """Start a collect in `folder`, and send SIGTERM `moment` seconds after its session began.

    Send it again after each of `pauses`. What the collect says that it has left is cleared, as by the next
    run.
    """
    staging = Path(tempfile.mkdtemp(dir=folder))
    before = host_state()
    argv = [sys.executable, "-c", COLLECT, str(staging), str(free_port())]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TEST_WEB_ARCHIVE": str(folder / "web.tar")}
    with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        name = process.stdout.readline().strip()
        time.sleep(moment)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        for pause in pauses:
            time.sleep(pause)
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()
        seconds = time.monotonic() - began
        said = "left for the next run to clear" in process.stdout.read()
    if said:
        runs.clear_dead_runs()
    left = [str(leak) for leak in leaks.find(name)]
    left += [str(path) for path in runs.runs_folder().glob(name)]
    new = [f"{kind}: {line}" for kind, lines in new_things(before, name).items() for line in lines]
    left += [one for one in new if "/var/lib/lab/staging" not in one]  # the notes of other collects
    good = {3, -signal.SIGTERM} if pauses else {3}  # the last signal may come when all is torn down
    left += [] if process.returncode in good else [f"exit status {process.returncode}"]
    return Ending(moment, 1 + len(pauses), seconds, "; ".join(left))


def ready_seconds(folder: Path) -> float:
    """Return the seconds from a session's begin until its container answers."""
    argv = [sys.executable, "-c", COLLECT, str(folder), str(free_port())]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TEST_WEB_ARCHIVE": str(folder / "web.tar")}
    with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        began = time.monotonic()
        process.stdout.readline()
        seconds = time.monotonic() - began
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    return seconds


def campaign(folder: Path, seed: int, count: int) -> list[Ending]:
    """Interrupt `count` collects at random moments, each third one twice."""
    busybox.write_archive(folder / "web.tar", WEB)
    latest = ready_seconds(folder) * 1.1
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    endings = []
    for number in range(count):
        pauses = [chance.uniform(0, 1.5)] if number % 3 == 2 else []
        endings.append(interrupted(folder, chance.uniform(0, latest), pauses))
    return endings


def table(endings: Sequence[Ending]) -> str:
    """Return the seconds of the ends in a Markdown table, and what was left."""
    lines = ["| signals | rounds | median | 90 % | max | over 15 s | left something |", "|" + "---|" * 7]
    for signals in (1, 2):
        some = sorted(ending.seconds for ending in endings if ending.signals == signals)
        late = sum(seconds > LIMIT for seconds in some)
        left = [ending for ending in endings if ending.signals == signals and ending.left]
        if some:
            figures = (statistics.median(some), some[int(len(some) * 0.9)], some[-1])
            times = " | ".join(f"{figure:.2f} s" for figure in figures)
            lines.append(f"| {signals} | {len(some)} | {times} | {late} | {len(left)} |")
    bad = [f"at {one.moment:.3f} s, {one.seconds:.1f} s: {one.left}" for one in endings if not one.good]
    return "\n".join([*lines, *bad])


def main() -> None:
    """Run the campaign and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        endings = campaign(Path(folder), options.seed, options.count)
    sys.stdout.write(f"{table(endings)}\n")
    sys.exit(0 if all(ending.good for ending in endings) else 1)


if __name__ == "__main__":
    main()
