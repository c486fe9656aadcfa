"""Lab 11 with the real nginx: unprivileged, on free ports, and with nothing left behind."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from collectors.lab11.stack import NEEDS
from collectors.lab11.waf import WAF
from collectors.lab11.waf_requests import ORDINARY, PAYLOADS
from labreport.capture.ports import listens
from labreport.contract.lab_config import Lab
from labreport.contract.reader import read_record, readable_records
from tests.other_user import UID, python_of_another_user

LAB = Lab(title="x", editions={})


@pytest.fixture(autouse=True)
def _packages() -> None:
    """Skip the tests where nginx, ModSecurity or the rules are not installed."""
    for need in (*NEEDS, WAF):
        if reason := need.reason(LAB):
            pytest.skip(f"{need.name}: {reason}")


def lab(root: Path, *words: str, python: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run `lab` in a clone; `python` are the words before its arguments for another user."""
    argv = [*(python or (sys.executable, str(root / "labreport"))), *words]
    return subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)


def collected(root: Path, *names: str, python: Sequence[str] = ()) -> Path:
    """Collect into evidence/hosts/try, assert that everything asked for was captured, and return the set."""
    ended = lab(root, "collect", *names, "--as", "try", "--json", python=python)
    assert ended.returncode == 0, ended.stderr
    rows = {row["name"]: row for row in json.loads(ended.stdout)}
    chosen = [name.partition("/")[2] for name in names if "/" in name]
    for name in chosen or [name for name in rows if rows[name]["role"] == "measure"]:
        assert rows[name]["state"] == "captured", rows[name]
    return root / "evidence/hosts/try/lab11"


def assert_nothing_is_left(folder: Path) -> None:
    """No port of a record is listened on, and no private folder is there."""
    texts = [record.model_dump_json() for record in readable_records(folder).values()]
    ports = {int(port) for text in texts for port in re.findall(r"127\.0\.0\.1:(\d+)", text)}
    assert ports
    assert not [port for port in ports if listens(port)]
    for text in texts:
        assert "-lab11/" not in text


@pytest.mark.slow
def test_the_proxy_of_the_sheet(clone: Path) -> None:
    """Redirect, headers, TLS versions and a limited login, as the sheet asks; the plain proxy beside it."""
    names = ("sheet_headers", "headers", "tls13", "tls_versions", "ratelimit", "sheet_ciphers")
    folder = collected(clone, *(f"lab11/{name}" for name in names))
    redirect = (folder / "results/http-redirect.txt").read_text()
    assert redirect.startswith("HTTP/1.1 308 ")
    assert "\nLocation: https://localhost/" in redirect
    assert "Strict-Transport-Security" not in redirect
    assert "\nstrict-transport-security: max-age=" in (folder / "results/headers.txt").read_text().lower()
    assert "\nProtocol version: TLSv1.3\n" in (folder / "results/tls13.txt").read_text()
    verdicts = re.findall(r"^--- (\w+)$|^=> (\w+)$", (folder / "tls/versions.txt").read_text(), re.MULTILINE)
    hardened = [verdicts[number + 1][1] for number, (arm, _) in enumerate(verdicts) if arm == "hardened"]
    assert hardened == ["refused", "refused", "refused", "accepted"]
    answers = (folder / "headers/responses.txt").read_text()
    assert answers.count("=> 6 of 6") == answers.count("--- hardened")
    limited = dict(line.split()[::-1] for line in (folder / "results/ratelimit.txt").read_text().splitlines())
    assert int(limited["429"]) > int(limited["401"]) >= 6
    assert (folder / "config/sheet-ciphers.txt").read_text().endswith("=> refused\n")
    assert {"nginx", "openssl", "curl", "python3"} <= read_record(folder, "tls13").tools.keys()
    assert_nothing_is_left(folder)
    assert lab(clone, "verify").returncode == 0


@pytest.mark.slow
def test_the_waf_and_the_rotation(clone: Path) -> None:
    """The sheet's payload is stopped by a rule of the Core Rule Set. A reload loses no request."""
    folder = collected(clone, "lab11/waf", "lab11/payloads", "lab11/rotation")
    assert (folder / "results/waf-probe.txt").read_text() == "no-waf: HTTP 200\nwith-waf: HTTP 403\n"
    assert '[id "942100"]' in (folder / "results/waf-audit.txt").read_text()
    assert "attack-sheet,942100," in (folder / "waf/payload-rules.csv").read_text()
    rows = (folder / "waf/payloads.csv").read_text().splitlines()
    assert len(rows) == 1 + 2 * len(PAYLOADS)
    assert not [row for row in rows if row.endswith(",hardened,403")]
    summary = (folder / "rotation/summary.txt").read_text()
    assert "\nlost: 0\n" in summary
    assert summary.endswith("certificates seen: 2\n")
    assert_nothing_is_left(folder)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_user_without_rights_captures_it_whole(clone: Path) -> None:
    """Everything but testssl.sh, in a copy that belongs to this user."""
    python = python_of_another_user()
    with TemporaryDirectory(dir="/var/tmp") as place:
        theirs = Path(shutil.copytree(clone, Path(place) / "clone", symlinks=True))
        for path in (Path(place), *Path(place).rglob("*")):
            os.chown(path, UID, UID, follow_symlinks=False)
        folder = collected(theirs, "lab11", python=[*python, "-m", "labreport"])
        assert "setpriv" not in {
            command.argv[0] for record in readable_records(folder).values() for command in record.commands
        }
        assert_nothing_is_left(folder)


def test_what_is_sent_to_the_waf() -> None:
    """20 payloads, 50 ordinary requests, each with a name of its own that is fit for a CSV."""
    assert (len(PAYLOADS), len(ORDINARY)) == (20, 50)
    for requests in (PAYLOADS, ORDINARY):
        names = [request.name for request in requests]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
        assert not [request for request in requests if "," in request.kind]
