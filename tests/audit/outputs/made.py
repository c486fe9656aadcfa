"""Classes of reports, written for the tests of the outputs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from labreport.audit.audit import audit_class
from labreport.audit.evidence import EvidenceIndex, read_evidence
from labreport.audit.inputs.tree import FolderTree
from labreport.audit.model import ClassAudit
from labreport.audit.report import Report

EVIDENCE = {
    "kata/cpu.txt": "model name : AMD EPYC 9V74 80-Core Processor\n",
    "kata/kernel.txt": "Linux version 6.12.47 (builder@host)\nsecond line of the kernel\nthird line\n",
    "bench/startup.txt": "runc: 0.45 s\nKata: 1.62 s\nmedian: 1.03 s\n",
}
SOUND = """# Report

`kata/cpu.txt`:

```text
model name : AMD EPYC 9V74 80-Core Processor
```

`kata/kernel.txt`:

```text
Linux version 6.12.47 (builder@host)
second line of the kernel
```
"""
ALTERED = SOUND.replace("second line", "another line") + "\n```text\ninvented output that no file has\n```\n"

ACTS = (
    "<script>alert(1)</script>",
    "</code></pre></style><img src=http://evil.example/x onerror=alert(1)>",
    '=HYPERLINK("http://evil.example","x")',
    "@somebody see #12, GH-34 and www.evil.example",
    "::error file=x::obey",
    "##[error]obey",
    "````",
    "~~~~~~",
    "</details><!-- & -->",
    "| a | b |",
    "{{ 7 * 7 }}{% raw %}",
    "\x1b[31mred\x1b[0m \u202eright to left",
    "-2+3+cmd|' /C calc'!A0",
    "%0A::warning::x",
)
"""Lines that act in some output if it does not escape them."""
LOST = b"a byte that is no text: \xff"


@dataclass(frozen=True)
class Made:
    """A folder with a folder for each report: `report.md`, and its evidence in `evidence/`."""

    root: Path

    def add(self, name: str, report: str | bytes, evidence: Mapping[str, str | bytes] = EVIDENCE) -> None:
        """Write a report and its evidence."""
        files = {"report.md": report, **{f"evidence/{path}": data for path, data in evidence.items()}}
        for path, data in files.items():
            target = self.root / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data if isinstance(data, bytes) else data.encode())

    def pairs(self) -> Iterator[tuple[Report, EvidenceIndex]]:
        """Yield the reports with their evidence, in the order of their names."""
        for folder in sorted(self.root.iterdir()):
            tree = FolderTree(folder / "evidence", f"{folder.name}/evidence")
            report = Report(folder.name, f"{folder.name}/report.md", (folder / "report.md").read_bytes())
            yield report, read_evidence(tree, tree.files())

    def audit(self) -> ClassAudit:
        """Return the audit of all reports."""
        return audit_class(self.pairs())


def hostile(root: Path) -> Made:
    """Make a class whose names, reports and evidence try to act: quoted, altered, and in names."""
    made = Made(root)
    lines = "\n".join(ACTS)
    evidence: dict[str, str | bytes] = {
        "=cmd.txt": f"{lines}\n",
        "a<b>&`.txt": f"first\n{lines}\nlast\n",
        "lost.txt": LOST,
    }
    fence = "`" * 8
    quoted = f"# {ACTS[0]}\n\n`=cmd.txt`:\n\n{fence}<i>\n{lines}\n{fence}\n"
    altered = f"`=cmd.txt`\n\n{fence}\n{lines}\nmore\n{fence}\n\n{fence}1:2:=cmd.txt\n{ACTS[0]}\n{fence}\n"
    each = "".join(f"- {act[:1]}{act}\n\n{fence}text\n{act} and more of it\n{fence}\n\n" for act in ACTS)
    made.add("=1+1", quoted, evidence)
    made.add("@somebody <b>x", altered, evidence)
    made.add("::error::x", each.encode() + b"\n" + LOST + b"\n", evidence)
    return made


def plain(root: Path) -> Made:
    """Make a class of three: one without a finding, and two with the same findings."""
    made = Made(root)
    made.add("ada", SOUND)
    made.add("bob", ALTERED)
    made.add("cem", ALTERED)
    return made
