"""Take each defence out of the code: scripts/campaign defences [--seed N] [--count N] [LINE...].

A line of the threat model names the test that holds it. In a copy of the project, the defence is taken out as
defences.yml says, and the test has to fail. Prints a line for each; the exit status is 1 if a test passed.
"""

import argparse
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
import yaml

from tests.campaigns.copies import Copy
from tests.test_threat_model import DEFENCES, threats


@dataclass(frozen=True)
class Defence:
    """A defence: `out` is its text in `file`, `put` replaces it, and `test` has to fail then."""

    line: str
    file: str
    out: str
    put: str
    test: str


def defences() -> list[Defence]:
    """Return all defences that defences.yml lists."""
    tests = {threat.name: threat.test for threat in threats()}
    entries = yaml.safe_load(DEFENCES.read_text())
    return [
        Defence(entry["line"], entry["file"], entry["out"], entry["in"], tests[entry["line"]])
        for entry in entries
    ]


def is_held(copy: Copy, defence: Defence) -> bool:
    """Return whether the test of a defence fails without it."""
    text = (copy.folder / defence.file).read_text()
    with copy.changed(defence.file, text.replace(defence.out, defence.put)):
        return not copy.passes([defence.test])


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--count", type=int, default=0, help="how many, drawn with the seed (default: all)")
    parser.add_argument("lines", nargs="*", metavar="LINE", help="lines of the threat model (default: all)")
    given = parser.parse_args()
    chosen = [one for one in defences() if not given.lines or one.line in given.lines]
    if given.count:
        chosen = random.Random(given.seed).sample(chosen, min(given.count, len(chosen)))  # noqa: S311
    held = 0
    with tempfile.TemporaryDirectory(prefix="lab-campaign-") as place:
        copy = Copy(Path(place))
        for test in sorted({one.test for one in chosen}):
            of_test = [one for one in chosen if one.test == test]
            if not copy.passes([test]):
                click.echo(f"{', '.join(one.line for one in of_test)}: {test} FAILS WITH its defence, too")
                continue
            for defence in of_test:
                fails = is_held(copy, defence)
                held += fails
                how = "fails" if fails else "PASSES"
                click.echo(f"{defence.line}: {defence.test} {how} without {defence.file}")
    click.echo(f"{held} of {len(chosen)} defences are held by their tests")
    sys.exit(held < len(chosen))


if __name__ == "__main__":
    main()
