"""A lab as a folder that stands alone: the site, the evidence, and hashes that stock tools check."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from labreport.report.export.crate import evidence_name
from labreport.report.export.markdown import heading_words
from labreport.report.source.evidence_set import EvidenceSet
from labreport.report.today import EPOCH, midnight
from labreport.site.one_page import build_site
from labreport.site.raw import SUMS, sums_of

README = """\
# {title}

- `site/index.html`: the report. It opens from this folder, without a network.
- `evidence/{lab}/`: what the commands printed, byte for byte. `evidence/{lab}/records/` says of each file
  which command printed it, when, and on what host.
- `SHA256SUMS`: the hash of every other file here.

## Check that nothing was changed

In this folder:

```sh
sha256sum -c --quiet SHA256SUMS       # GNU and busybox; prints each file that was changed or is missing
shasum -a 256 -c SHA256SUMS           # macOS
find . -type f ! -name SHA256SUMS | wc -l; wc -l < SHA256SUMS   # two equal numbers: no file was added
```

This says that the files are those that were bundled. It does not say who made them: compare the hash of
`SHA256SUMS` with one that you got from the author.
"""


def bundle_members(root: Path, title: str, found: EvidenceSet) -> tuple[dict[str, bytes], bool]:
    """Return the files of a bundle by their names, and whether the build of the site had no problem."""
    with TemporaryDirectory(prefix="lab-export-") as folder, _one_moment():
        built = Path(folder) / "site"
        is_whole = build_site(root, built)
        members = {
            f"site/{path.relative_to(built).as_posix()}": path.read_bytes()
            for path in sorted(built.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
    members |= {evidence_name(found, path): found.read(path) for path in found.files()}
    members["README.md"] = README.format(title=heading_words(title), lab=found.lab).encode()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    members[SUMS] = sums_of(digests).encode()
    return members, is_whole


@contextmanager
def _one_moment() -> Iterator[None]:
    """Build as at the midnight that began the day, unless SOURCE_DATE_EPOCH says when: twice the same."""
    given = os.environ.get(EPOCH)
    os.environ[EPOCH] = given or str(midnight())
    try:
        yield
    finally:
        if given is None:
            del os.environ[EPOCH]
        else:
            os.environ[EPOCH] = given
