"""Every claim can fail: for each of its facts, some evidence contradicts it, and the build fails.

The tests know nothing about a claim. mutation.py finds the evidence from its text.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from labreport.contract.fields import RECORDS
from labreport.contract.reader import readable_records
from labreport.contract.records import dump
from labreport.report.facts.claims import Claim
from labreport.report.facts.converters import CONVERTERS
from labreport.report.facts.expressions.evaluate import EvaluationState
from labreport.report.facts.expressions.nodes import (
    ArithmeticNode,
    ComparisonNode,
    FactNode,
    FunctionNode,
    LiteralNode,
    LogicalNode,
    NegativeNode,
    NotNode,
)
from labreport.report.facts.expressions.parse import parse
from labreport.report.facts.expressions.tokens import FUNCTIONS
from labreport.report.facts.readings import Reading
from labreport.report.pages.calls import CallResult
from labreport.report.pages.render import RenderPass
from labreport.report.pages.source import read_page
from labreport.report.source.slices import Content
from labreport.report.values import Quantity
from tests.project import REPO, CapturedFile, Little, make
from tests.report.facts.mutation import Turn, claimed, names

LABS = sorted(path.parent.name for path in (REPO / "docs" / "labs").glob("*/facts.yml"))
EVIDENCE = {
    "address.txt": b"2: eth0: <UP> mtu 1500\n    inet 10.4.0.7/24 scope global\n    inet6 fe80::1/64\n",
    "caps.txt": b"CapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\n",
    "counts.txt": b"=== Entries ===\nHost:\n245\nKata VM:\n52\n",
    "cpu.txt": b"model name\t: AMD EPYC 7763\n",
    "dd.txt": b"100+0 records out\n104857600 bytes (105 MB, 100 MiB) copied, 0.0123 s, 8.5 GB/s\n",
    "fish.txt": b"Executed in  393.85 millis    fish           external\n",
    "headers.txt": b"HTTP/1.1 200 OK\nServer: nginx\nX-Frame-Options: DENY\n",
    "hyperfine.json": b'{"results": [{"command": "true", "median": 0.00094, "times": [0.00097, 0.00094]}]}\n',
    "iperf3.txt": b"[  5]   0.00-5.06   sec  1.87 GBytes  3172 Mbits/sec                  receiver\n",
    "junit.xml": b"<testsuite>\n<testcase/>\n<testcase><failure/></testcase>\n</testsuite>\n",
    "kernel.txt": b"6.12.47\n",
    "levels.jsonl": b'{"level": 1, "bytes": 71201}\n{"level": 9, "bytes": 60312}\n',
    "limits.txt": b"HTTP 200\nHTTP 429\nHTTP 429\n",
    "memory.txt": b"MemTotal:       24684092 kB\nMemFree:        1048576 kB\n",
    "pairs.csv": b"run,order,runtime,seconds,exit_status\n1,1,runc,0.412,0\n1,2,kata,1.620,0\n",
    "phases.csv": b"phase,seconds\nboot,5.81\nend,1.20\n",
    "probe.txt": b"--- runc\n6.12\n=> the host's\n--- kata\n6.1\n=> its own\n",
    "rss.txt": b"rss: 7,25 MiB\npss: 6,50 MiB\n",
    "scan.sarif": b'{"runs": [{"results": [\n{"level": "error"},\n{"level": "note"}\n]}]}\n',
    "series.csv": b"runtime,run,seconds\nrunc,1,0.412\nkata,1,1.620\nrunc,2,0.409\n",
    "sizes.csv": b"runtime,pss_kib\nrunc,10240\nrunc,512\n",
    "startup.txt": b"runc:\nreal\t0m0.395s\nuser\t0m0.010s\nKata:\nreal\t0m1,620s\nuser\t0m0,020s\n",
    "status.txt": b"juice-runc: HTTP 200\n",
    "summary.txt": b"=== HTTP ===\navg=0.0026s min=0.0018s max=0.0071s n=50\n",
    "tls.txt": b"Protocol: TLSv1.3\nCipher: TLS_AES_256_GCM_SHA384\n",
    "times.txt": b"0.002914\n0.002936\n",
    "wrk.txt": b"  425 requests in 10.09s\nRequests/sec:     42.14\nTransfer/sec:      3.04MB\n",
    "version.txt": b"containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4\n",
}
FACTS = """\
net.address: {file: address.txt, read: address eth0}
net.addresses: {file: address.txt, read: addresses eth0}
net.mtu: {file: address.txt, read: mtu eth0}
caps.count: {file: caps.txt, read: capabilities CapEff}
caps.mask: {file: caps.txt, read: mask CapPrm}
proc.host: {file: counts.txt, read: count Host, start: "^Host:", end: "^Kata VM:"}
proc.kata: {file: counts.txt, read: count Kata VM, start: "^Kata VM:"}
cpu: {file: cpu.txt, read: cpu}
copy.bytes: {file: dd.txt, read: dd bytes}
copy.seconds: {file: dd.txt, read: dd seconds}
copy.rate: {file: dd.txt, read: dd rate}
fish: {file: fish.txt, read: seconds}
hyper.median: {file: hyperfine.json, read: hyperfine median, unit: ms}
hyper.times: {file: hyperfine.json, read: hyperfine times}
bitrate: {file: iperf3.txt, read: iperf3 receiver}
kernel: {file: kernel.txt, read: kernel}
memory: {file: memory.txt, read: meminfo MemTotal, unit: MiB}
free: {file: memory.txt, read: meminfo MemFree, lines: "2"}
pairs.kata: {file: pairs.csv, read: series median of kata}
boot: {file: phases.csv, read: median seconds where phase=boot, unit: s}
probe.kata: {file: probe.txt, read: verdict kata}
frame: {file: headers.txt, read: header x-frame-options}
hyper.json: {file: hyperfine.json, read: "json results[?command=='true'].median | [0]", unit: s}
bytes.best: {file: levels.jsonl, read: "jsonl [?level==`9`].bytes | [0]", unit: B}
tests.failed: {file: junit.xml, read: junit failures}
limited: {file: limits.txt, read: matches 429 of ^HTTP}
findings: {file: scan.sarif, read: "sarif where level=error"}
tls.protocol: {file: tls.txt, read: 'pattern ^Protocol: (\\S+)'}
tls.cipher: {file: tls.txt, read: text Cipher}
rss: {file: rss.txt, read: quantity rss}
pss: {file: rss.txt, read: quantity pss}
series: {file: series.csv, read: csv seconds where runtime=runc, unit: s}
sizes: {file: sizes.csv, read: total pss_kib where runtime=runc, unit: KiB}
startup.runc: {file: startup.txt, read: seconds runc, start: "^runc:", end: "^user"}
startup.kata: {file: startup.txt, read: seconds Kata, start: "^Kata:"}
status: {file: status.txt, read: status juice-runc}
http.avg: {file: summary.txt, read: summary avg, lines: "2"}
http.min: {file: summary.txt, read: summary min, lines: "2"}
http.max: {file: summary.txt, read: summary max, lines: "2"}
http.n: {file: summary.txt, read: summary n}
load: {file: wrk.txt, read: wrk}
times: {file: times.txt, read: samples}
containerd: {file: version.txt, read: version}
"""
CLAIMS = [
    "frame == 'DENY'",
    "hyper.json < 1 ms",
    "bytes.best < 70 kB",
    "tests.failed == 1",
    "limited == 2",
    "findings == 1",
    "tls.protocol == 'TLSv1.3' and tls.cipher == 'TLS_AES_256_GCM_SHA384'",
    "pairs.kata > 1 s",
    "boot > 5 s",
    "sizes < 11 MiB",
    "startup.runc < 1 s",
    "0 s < startup.runc < startup.kata <= 2 s",
    "not startup.kata < startup.runc",
    "startup.kata > 1 s and not http.avg > 5 ms",
    "startup.runc < 100 ms or startup.kata < 2 s",
    "fish < 1 s or fish > 5 s and http.avg > 1 ms",
    "not (http.min > http.avg or http.max < http.avg)",
    "startup.kata / startup.runc > 4",
    "ratio(startup.kata, startup.runc) < 4.2",
    "24 % < percent(startup.runc, startup.kata) < 25 %",
    "startup.kata - startup.runc > 1 s",
    "http.min + http.max < 0.01 s",
    "2 * http.avg < http.max",
    "-copy.seconds < 0 s and abs(copy.seconds - fish) < 1 s",
    "max(startup.runc, startup.kata) < 2 s",
    "min(startup.runc, fish) > 0.1 s",
    "median(http.avg, http.min, http.max) == 2.6 ms",
    "hyper.median < 1 ms",
    "copy.rate >= 8.5 GB/s and copy.bytes == 100 MiB",
    "3 Gbit/s < bitrate < 400 MB/s",
    "load == 42.14 requests/s",
    "memory > 16 GiB",
    "free == 1 GiB",
    "pss < rss <= 7.25 MiB",
    "net.mtu == 1500 B",
    "proc.kata < proc.host",
    "http.n == 50 and status == 200",
    "status == 200",
    "caps.count == 14",
    "caps.mask == 2818844155",
    "kernel == '6.12.47' and containerd != '1.7.24'",
    "cpu == 'AMD EPYC 7763'",
    "probe.kata == 'its own'",
    "net.address == '10.4.0.7/24'",
    "net.addresses == '10.4.0.7/24, fe80::1/64'",
]
PAGE = "labs/lab12/task-1.md"
FIRST_LINE = 3


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Return a lab whose facts use every converter, and a page with every claim, each on its own line."""
    made = make(tmp_path_factory.mktemp("mutations") / "project")
    for path, data in EVIDENCE.items():
        made.capture(CapturedFile(path, data))
    made.page("labs/lab12/facts.yml", FACTS)
    claims = [f'{{% call claim("{one}") %}}So it is.{{% endcall %}}\n' for one in CLAIMS]
    made.page(PAGE, "# Task 1\n\n" + "\n".join(claims))
    return made


def built(root: Path, page: str = "") -> RenderPass:
    """Return a render pass over a project's pages, or over one, without a site."""
    rendering = RenderPass(root / "docs", root / "evidence")
    rendering.check_evidence()
    docs = root / "docs"
    for path in [docs / page] if page else sorted(docs.rglob("*.md")):
        rendering.render(read_page(path.relative_to(docs).as_posix(), path.read_bytes()))
    return rendering


def claims_of(build: RenderPass) -> list[tuple[CallResult, Claim]]:
    """Return every claim of the pages with its call."""
    return [(one, one.shown) for one in build.results if isinstance(one.shown, Claim)]


def recapture(root: Path, lab: str, files: Mapping[str, bytes]) -> None:
    """Write evidence files with their records, as a newer capture would."""
    folder = root / "evidence" / lab
    for name, record in readable_records(folder).items():
        told = [
            one.model_copy(update=_as_recorded(Content(one.path, data)))
            if (data := files.get(one.path)) is not None
            else one
            for one in record.files
        ]
        if told != record.files:
            (folder / RECORDS / f"{name}.json").write_bytes(dump(record.model_copy(update={"files": told})))
    for path, data in files.items():
        (folder / path).write_bytes(data)


def _as_recorded(content: Content) -> dict[str, object]:
    return {"bytes": len(content.data), "sha256": content.sha256, "lines": len(content.lines)}


def evidence_of(root: Path, claim: Claim) -> dict[str, bytes]:
    """Return the evidence files of a claim's facts, by path."""
    paths = [one.file for one in claim.readings.values() if isinstance(one, Reading)]
    return {path.partition("/")[2]: (root / "evidence" / path).read_bytes() for path in paths}


def turn_of(root: Path, build: RenderPass, claim: Claim, fact: str) -> Turn:
    """Return the evidence that turns a claim by one of its facts; fail if there is none."""
    found = claimed(claim.result.text, build.lab_facts(claim.lab), evidence_of(root, claim))
    assert found is not None
    turn = found.turn(fact)
    assert turn is not None, (
        f"no evidence of {fact} can contradict {claim.result.text}: it claims nothing of it"
    )
    return turn


def assert_named(said: str, made: CallResult, fact: str, turn: Turn) -> None:
    """Assert that the build's list names the claim with page, line, state, the fact and its value."""
    head = re.escape(f"{made.page}:{made.line}: {made.call}")
    found = [line for line in said.splitlines() if re.search(rf"^ *{head}.*: contradicted: ", line)]
    assert found, said
    reason = found[-1].partition(": contradicted: ")[2]
    assert fact in reason
    bare = re.escape(fact)
    if re.search(rf"(?:^|; ){bare} is |[<>=] {bare} \(", reason):
        assert turn.value in reason
    else:
        assert re.search(rf"{bare}\b.*(?: is |\()-?[0-9]", reason), reason


def test_every_converter_and_every_form_is_claimed(little: Little) -> None:
    """The claims use each converter, each fact with one value, and each part of the language."""
    build = built(little.root)
    readings = build.lab_facts("lab12")
    assert {one.read.partition(" ")[0] for one in readings.facts.facts.values()} == set(CONVERTERS)
    series = {name for name in readings.facts.facts if readings.all[name].value is None}  # type: ignore[union-attr] # each has a reading
    used = {name for text in CLAIMS for name in names(text)}
    assert used == readings.facts.facts.keys() - series
    assert {readings.facts.facts[name].read.partition(" ")[0] for name in series} == {
        "csv",
        "samples",
        "hyperfine",
    }
    nodes = [node for text in CLAIMS for node in parse(text).parts]
    assert {type(node) for node in nodes} == {
        *(
            ArithmeticNode,
            ComparisonNode,
            FactNode,
            FunctionNode,
            LogicalNode,
            LiteralNode,
            NegativeNode,
            NotNode,
        ),
    }
    assert {node.name for node in nodes if isinstance(node, FunctionNode)} == set(FUNCTIONS)
    assert {node.operator for node in nodes if isinstance(node, ArithmeticNode)} == set("+-*/")
    assert {node.word for node in nodes if isinstance(node, LogicalNode)} == {"and", "or"}
    signs = {sign for node in nodes if isinstance(node, ComparisonNode) for sign in node.operators}
    assert signs == {"<", "<=", "==", "!=", ">=", ">"}
    assert any(len(node.operators) > 1 for node in nodes if isinstance(node, ComparisonNode))
    assert {type(node.value) for node in nodes if isinstance(node, LiteralNode)} == {Quantity, str}


@pytest.mark.slow
def test_every_fact_of_every_claim_turns_it(little: Little) -> None:
    """For each claim and each of its facts, one evidence makes it hold, and another fails the build."""
    build = built(little.root)
    assert [one.call.args[0] for one, _ in claims_of(build)] == CLAIMS
    assert not build.problems
    covered = set()
    for made, claim in claims_of(build):
        for fact in sorted(names(claim.result.text)):
            turn_is_told(little.root, build, made, claim, fact)
            covered.add((claim.result.text, fact))
    assert covered == {(text, fact) for text in CLAIMS for fact in names(text)}


def turn_is_told(root: Path, build: RenderPass, made: CallResult, claim: Claim, fact: str) -> None:
    """Assert that a claim holds with one evidence and is a named problem with another; restore it."""
    before = evidence_of(root, claim)
    turn = turn_of(root, build, claim, fact)
    recapture(root, claim.lab, turn.holds)
    held = {(one.line, str(one.call)): shown for one, shown in claims_of(built(root, made.page))}
    assert (
        held[made.line, str(made.call)].result.state is EvaluationState.HOLDS
    )  # its sentence may have values
    recapture(root, claim.lab, turn.contradicted)
    failed = built(root, made.page)
    assert_named("\n".join(map(str, failed.problems)), made, fact, turn)
    recapture(root, claim.lab, before)


@pytest.mark.slow
def test_the_real_build_fails_on_them(little: Little) -> None:
    """`mkdocs build` names each of the claims that changed evidence contradicts."""
    build = built(little.root)
    before = {path: (little.root / "evidence/lab12" / path).read_bytes() for path in EVIDENCE}
    now: dict[str, bytes] = {}
    turned = []
    for number, (made, claim) in enumerate(claims_of(build)):
        assert made.line == FIRST_LINE + 2 * number
        if now.keys().isdisjoint(evidence_of(little.root, claim)):
            fact = min(names(claim.result.text))
            turn = turn_of(little.root, build, claim, fact)
            now |= turn.contradicted
            turned.append((made, fact, turn))
    recapture(little.root, "lab12", now)
    site = little.build("--quiet")
    recapture(little.root, "lab12", before)
    assert site.returncode == 1
    for made, fact, turn in turned:
        assert_named(site.stderr, made, fact, turn)
    series = {"series.csv", "times.txt"}
    assert now.keys() == EVIDENCE.keys() - series


def test_the_real_build_passes_without(little: Little) -> None:
    """Without changes all claims hold."""
    assert little.build("--quiet").returncode == 0


@pytest.mark.parametrize(
    "text", ["startup.runc > 0 s", "startup.runc == startup.runc", "1 s < 2 s or fish < 1 s", "http.n != 0.5"]
)
def test_what_nothing_can_contradict_is_found(little: Little, text: str) -> None:
    """The search finds nothing for a claim that no evidence can contradict."""
    readings = built(little.root).lab_facts("lab12")
    files = {path: (little.root / "evidence/lab12" / path).read_bytes() for path in EVIDENCE}
    found = claimed(text, readings, files)
    assert found is not None
    assert [found.turn(fact) for fact in sorted(names(text))] == [None]


@pytest.mark.timeout(1200)
@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_the_claims_of_our_pages_can_be_contradicted(lab: str, tmp_path: Path) -> None:
    """Every claim of a lab whose facts have values can be contradicted by each of its facts.

    A claim that no evidence can contradict claims nothing.
    """
    root = make(tmp_path / "project").root
    shutil.copytree(REPO / "docs" / "labs" / lab, root / "docs" / "labs" / lab)
    shutil.copytree(REPO / "evidence" / lab, root / "evidence" / lab)
    build = built(root)
    able = {EvaluationState.HOLDS, EvaluationState.CONTRADICTED}
    every = claims_of(build)
    for made, claim in every:
        used = names(claim.result.text)
        assert used, f"{made.page}:{made.line}: a claim that rests on no evidence"
        if claim.result.state in able:
            for fact in sorted(used):
                turn_is_told(root, build, made, claim, fact)
    if every and not any(claim.result.state in able for _, claim in every):
        pytest.skip(f"the evidence of {lab} has the facts of none of its {len(every)} claims")
