"""The second net: a scanner that is not ours finds secrets in evidence, records and pages."""

import random
import string
import subprocess
import sys
import time
import zlib
from datetime import date
from pathlib import Path

import pytest

from labreport.check import secret_scan
from labreport.check.secret_scan import NoScannerError, scan
from tests.contract.images.made import END, after_header, chunk, header, png
from tests.project import REPO, CapturedFile, Little, make

DAY = date(2026, 3, 4)
RANDOM = random.Random(25)  # noqa: S311 - test data
SHOWN = '# Task 1\n\n{{ evidence("a.txt") }}\n'


def some(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Return random characters, so that no scanner finds a secret in this file."""
    return "".join(RANDOM.choice(alphabet) for _ in range(length - 1)) + "7"


SECRETS = {
    "AWS Access Key": "AKIA" + some(16, string.ascii_uppercase),
    "GitHub Token": "ghp_" + some(36),
    "GitLab Token": "glpat-" + some(20),
    "Slack Token": "xoxb-" + some(12, string.digits) + "-" + some(24).lower(),
    "Stripe Access Key": "sk_" + "live_" + some(24),
    "PyPI Token": "pypi-AgEIcHlwaS5vcmc" + some(80),
    "Private Key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "Basic Auth Credentials": "https://joe:" + some(12) + "@lab.example/",
    "Secret Keyword": 'db_password = "' + some(12) + '"',
    "SendGrid API Key": "SG." + some(22) + "." + some(43),
}


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab with one page that shows its only file."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", b"nothing\n"))
    made.page("labs/lab12/task-1.md", SHOWN)
    return made


def places(little: Little) -> list[tuple[str, str, int]]:
    """Return kind, file and line of all findings."""
    return [(one.kind, one.file, one.line) for one in little.check(DAY).findings]


@pytest.mark.parametrize("kind", SECRETS)
def test_it_is_found_in_a_text(kind: str) -> None:
    """Its line and its kind are named, wherever it stands in a line of any length."""
    secret = SECRETS[kind]
    for line in (secret, f"value: {secret} ", f"{'x ' * 700}{secret}", f"\x1b[1m{secret}\x1b[0m"):
        assert (kind, 2) in {(found.kind, found.line) for found in scan(f"first\n{line}\nlast\n")}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("kind", ["GitHub Token", "Private Key", "Secret Keyword"])
def test_it_is_found_in_evidence_records_and_pages(little: Little, kind: str) -> None:
    """In each of them it is a finding, which does not show the secret."""
    secret = SECRETS[kind]
    assert places(little) == []
    little.capture(CapturedFile("a.txt", f"one\n{secret}\n".encode()))
    little.capture(CapturedFile("a.txt", f"{secret}\n".encode()), lab="hosts/there/lab12")
    little.page("labs/lab12/task-1.md", f"{SHOWN}\n`{secret}`\n")
    little.page("guide.md", f"# Guide\n\n`{secret}`\n")
    little.capture(CapturedFile("b.txt", b"b\n"), title=secret)
    found = {place for place in places(little) if place[0] == "secret"}
    assert {file for _kind, file, _line in found} == {
        "docs/guide.md",
        "docs/labs/lab12/task-1.md",
        "evidence/hosts/there/lab12/a.txt",
        "evidence/lab12/a.txt",
        "evidence/lab12/records/b.txt.json",
    }
    assert ("secret", "evidence/lab12/a.txt", 2) in found
    shown = "\n".join(map(str, little.check(DAY).findings))
    assert secret not in shown
    assert f"this looks like a secret ({kind})" in shown
    assert "revoke it" in shown


@pytest.mark.parametrize("lab", ["lab12", "hosts/there/lab12"])
def test_a_false_finding_is_waived(little: Little, lab: str) -> None:
    """By the lab that the file belongs to, in the report's own set and in that of another host."""
    little.capture(CapturedFile("a.txt", SECRETS["GitHub Token"].encode()), lab=lab)
    (found,) = (one for one in little.check(DAY).findings if one.kind == "secret")
    little.page(
        "labs/lab12/waivers.yml", f"{found.id}: {{reason: an example of the manual, expires: 2026-12-31}}\n"
    )
    assert places(little) == []


ORDINARY = (
    "password=[secret] token: [token] https://joe:[secret]@host/",
    "sha256:6baf43584bcb78f2e5847d1de515f23499913ac9f12bdf834811a3145eb11ca1",
    '"sha256": "6baf43584bcb78f2e5847d1de515f23499913ac9f12bdf834811a3145eb11ca1",',
    "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "UUID=0b1c2d3e-0001-4002-8003-000400050006 192.0.2.1 8.8.8.8",
    'password: "${PASSWORD}" secret = "<secret>" api_key: "{{ key }}"',
    "passwd:         files systemd",
)


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_are_no_findings(line: str) -> None:
    """Digests, commits, addresses, masks and placeholders."""
    assert list(scan(line)) == []


def test_this_repository_has_no_finding() -> None:
    """Evidence, records and pages are clean, without a list of exceptions."""
    texts = [*REPO.glob("docs/**/*.md"), *REPO.glob("evidence/**/*.txt"), *REPO.glob("evidence/**/*.json")]
    found = [(path, one.line, one.kind) for path in texts for one in scan(path.read_text(errors="replace"))]
    assert found == []


@pytest.mark.slow
def test_long_lines_take_no_time() -> None:
    """A megabyte of names in one line is scanned in seconds: detect-secrets alone would take hours."""
    for pattern in ("secret", "password='", '"secret" ', "://a:b", "eyJ", "a"):
        began = time.process_time()
        list(scan(pattern * (1_000_000 // len(pattern))))
        assert time.process_time() - began < 20


def test_without_the_scanner_the_check_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not pass in silence."""
    secret_scan._detectors.cache_clear()
    monkeypatch.setitem(sys.modules, "detect_secrets.core.plugins.util", None)
    with pytest.raises(NoScannerError, match="pip install"):
        list(scan("a line that no other test scans, because what was scanned is kept"))


def test_a_build_does_not_import_the_scanner() -> None:
    """Only `lab check` needs it."""
    code = (
        "import sys, labreport.site.plugin, labreport.check.project;"
        " sys.exit('detect_secrets' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False).returncode == 0


def test_a_clean_image_is_not_searched(tmp_path: Path) -> None:
    """What looks like a secret in its pixels is none; an image with a text is searched."""
    token = SECRETS["GitHub Token"].encode()
    row = png(header(len(token), 1), chunk(b"IDAT", zlib.compress(b"\0" + token, 0)), END)
    assert token in row
    little = make(tmp_path / "project")
    little.page("labs/lab12/task-1.md", SHOWN)
    little.capture(CapturedFile("pixels.png", row))
    little.capture(CapturedFile("text.png", after_header(row, chunk(b"tEXt", b"a\0\n" + token + b"\n"))))
    found = [one.file for one in little.check(DAY).findings if one.kind == "secret"]
    assert found == ["evidence/lab12/text.png"] * 2
