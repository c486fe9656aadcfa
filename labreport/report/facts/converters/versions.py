"""The version that a tool prints about itself, in whatever words."""

import re

from labreport.report.facts.converters.lines import (
    Unreadable,
    ValueKind,
    excerpt,
    form,
    labelled_lines,
    means,
    no_value,
    parse_line,
)
from labreport.report.values import UNITS

_UNIT = "|".join((*(re.escape(unit) for unit in UNITS if unit), "us", "seconds?", "bytes?", "[kMG]?Hz", "x"))
_SUFFIX = rf"(?!(?:{_UNIT})(?!\w))(?:[-+~]?[A-Za-z][\w.+~:-]*|[-+~][\w.+~:-]*)?"
_VERSION = rf"[vV]?([0-9]+(?:\.[0-9]+)+{_SUFFIX})(?:\([0-9]+\)\S*)?"
_REST = rf"(?:,.*|\s+(?!(?:{_UNIT})(?!\w)).*)?"
_NO_TOOL = (
    "real|user|sys|total|elapsed|time|times|avg|average|mean|median|min|max|stddev|rate|ratio|size|memory|load"
    "|uptime|HTTP|IP|inet|port|the|took|about|is|was|of|in|at|to|and|or|run|boot|p[0-9]+"
)
_NAME = rf"(?!(?:{_NO_TOOL})\b)[A-Za-z][\w.+-]*?"
_VERSIONS = ValueKind(
    "version",
    (
        form(rf"(?:containerd|ctr) \S+ {_VERSION}(?: \S+)?", lambda m: m[1]),
        form(
            r"Kata Containers containerd shim(?: \(\w+\))?: id: \"?io\.containerd\.kata\.v2\"?, "
            rf"version: {_VERSION}, commit: \S+",
            lambda m: m[1],
        ),
        form(rf"(?:.*\S )?[vV]ersion[:,]?\s+(?:[A-Za-z]+[/ -]?)?\"?{_VERSION}\"?{_REST}", lambda m: m[1]),
        form(rf"{_NAME}(?: \([^()]+\))? {_VERSION}{_REST}", lambda m: m[1]),
        form(rf"{_NAME}[-/_]{_VERSION}{_REST}", lambda m: m[1]),
        form(rf"{_NAME} \[core {_VERSION}\]", lambda m: m[1]),
        form(rf"\*+ .* {_VERSION}, by .*", lambda m: m[1]),
        form(rf"{_VERSION} [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} .*", lambda m: m[1]),
        form(r"[vV]?([0-9]+\.[0-9]+\.[0-9]+(?:[-+~][\w.+~:-]*)?)", lambda m: m[1]),
    ),
    re.compile(r"(?:containerd|ctr|runc version|curl|hyperfine|Kata Containers)\b"),
)
_AFTER_LABEL = ValueKind(
    "version", (*_VERSIONS.forms, form(rf"(?![0.]+$){_VERSION}", lambda m: m[1])), re.compile(r"[vV]?[0-9]")
)


def version(text: str, label: str = "") -> str:
    r"""Return the version that a tool prints, or a bare one. A label may be the tool's name.

    >>> version("containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4")
    '2.1.4'
    >>> version("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\ngo: go1.19.8\n")
    '1.1.5+ds1'
    >>> shim = "Kata Containers containerd shim (Rust): id: io.containerd.kata.v2"
    >>> version(f"{shim}, version: 3.23.0, commit: 8f1a2c")
    '3.23.0'
    >>> version("gzip 1.12\nCopyright (C) 2018 Free Software Foundation, Inc.\n")
    '1.12'
    >>> version("xz (XZ Utils) 5.4.1\nliblzma 5.4.1\n"), version("OpenSSL 3.0.15 3 Sep 2024\n")
    ('5.4.1', '3.0.15')
    >>> version("nginx version: nginx/1.22.1\n"), version("openjdk version \"17.0.9\" 2023-10-17\n")
    ('1.22.1', '17.0.9')
    >>> version("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n"), version("jq-1.6\n")
    ('5.2.15', '1.6')
    >>> version("gzip 1.12\nzstd 1.5.4\n", "zstd"), version("Client: v1.7.27\n", "Client")
    ('1.5.4', '1.7.27')
    """
    found = labelled_lines(text, label)
    own = re.compile(rf"{re.escape(label)}\b", re.IGNORECASE)
    lines = found.below if found.below or not label else filter(own.match, map(str.strip, text.split("\n")))
    versions = [parse_line(line, _AFTER_LABEL) for line in found.after]
    versions += [parse_line(line, _VERSIONS) for line in lines if means(_VERSIONS, line)]
    if not versions:
        raise no_value(text, label, "version")
    if len(set(versions)) > 1:
        what = f"more than one version: {excerpt(versions[0])} and {excerpt(versions[1])}"
        raise Unreadable(what, "name the tool, as in `version gzip`, or the lines of one")
    return versions[0]
