"""Compare two ways of doing one thing: run them in turn, and take the median of the pairs' ratios."""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Compared:
    """The seconds of each run of ours and of the rival's, measured in pairs on one machine."""

    against: str
    bound: float
    ours: tuple[float, ...]
    rival: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        return statistics.median(a / b for a, b in zip(self.ours, self.rival, strict=True))

    def as_json(self) -> dict[str, object]:
        """Return the result as `--json` prints it. `seconds` and `seconds_against` are medians."""
        return {
            "ratio": round(self.ratio, 3),
            "against": self.against,
            "bound": self.bound,
            "seconds": round(statistics.median(self.ours), 6),
            "seconds_against": round(statistics.median(self.rival), 6),
            "pairs": len(self.ours),
        }


def compare(
    ours: Callable[[], float], rival: Callable[[], float], *, against: str, bound: float, pairs: int
) -> Compared:
    """Run both once as a warm-up, then `pairs` times in turn (A B B A); return their seconds."""
    ours(), rival()
    a, b = [], []
    for number in range(pairs):
        if number % 2:
            b.append(rival())
            a.append(ours())
        else:
            a.append(ours())
            b.append(rival())
    return Compared(against, bound, tuple(a), tuple(b))


def seconds_of(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> float:
    """Run a command as a process; return the seconds that it took. It must succeed.

    Python may write bytecode, as it does for users. So only the warm-up run compiles.
    """
    kept = {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(argv, cwd=cwd, env=kept, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
