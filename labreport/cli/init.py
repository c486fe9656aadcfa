"""lab init."""

import json
import os
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from labreport.cli import show
from labreport.cli.new import TEMPLATES, TemplateError, all_or_nothing, copy_template, title_words

REQUIREMENT = "labreport[publish,collect] @ "
UNKNOWN = f"# {REQUIREMENT}git+https://HOST/OWNER/NAME@COMMIT"
CHECKOUT = Path(__file__).parents[2]
"""The folder that holds the package: a clone of the tool's repository, or site-packages."""
SCP = re.compile(r"(?:([\w.-]+)@)?([\w.-]{2,}):(?!//)(.+)")
"""The short form of an ssh address, user@host:path; a drive of Windows is none."""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--title", help="The title of the site. Default: the name of DIR.")
def init(folder: Path, *, title: str | None) -> None:
    """Create a repository for labs, without the tool in it: DIR, which must be empty or absent.

    Its requirements.txt pins this version of the tool. In DIR: lab new NAME, lab collect, mkdocs serve.
    """
    if folder.exists() and not folder.is_dir():
        raise TemplateError("it is a file", "name a folder that is empty or absent", path=str(folder))
    there = sorted(path.name for path in folder.iterdir() if path.name != ".git") if folder.exists() else []
    if there:
        more = ", …" if len(there) > 5 else ""  # noqa: PLR2004 - as many as a line holds
        what = f"the folder is not empty: {', '.join(there[:5])}{more}"
        raise TemplateError(what, "name a folder that is empty or absent", path=str(folder))
    title = Path(os.path.realpath(folder)).name if title is None else title
    site_name = title_words(title.replace("<", "&lt;"))["title_yaml"]  # mkdocs' themes take it for HTML
    words = {**title_words(title), "site_name": site_name, "requirement": tool_requirement() or UNKNOWN}
    with all_or_nothing(folder):
        copy_template(TEMPLATES / "project", folder, words)
    show.line(f"created {folder}/")
    if words["requirement"] == UNKNOWN:
        show.line(
            f"{folder}/requirements.txt: the address of the tool is unknown: fill in the last line", err=True
        )
    show.line(f"next: cd {folder}, then lab new NAME")


def tool_requirement() -> str:
    """Return the line of a requirements file that pins this tool; empty if its public address is unknown."""
    address = _checkout_address() if (CHECKOUT / ".git").exists() else _installed_address()
    return f"{REQUIREMENT}{address}" if address else ""


def _checkout_address() -> str:
    """Return the address and the commit of the clone that this tool runs from; empty if it has none."""
    from labreport.capture.git import git
    from labreport.capture.recorder import output

    address = _public(output([*git(CHECKOUT), "config", "--get", "remote.origin.url"]))
    commit = output([*git(CHECKOUT), "rev-parse", "--verify", "HEAD"])
    return f"git+{address}@{commit}" if address and commit else ""


def _installed_address() -> str:
    """Return from where pip installed this tool (PEP 610), with a commit or a hash; empty if unknown."""
    try:
        text = distribution("labreport").read_text("direct_url.json")
    except PackageNotFoundError:
        return ""
    origin = json.loads(text or "{}")
    address = _public(origin.get("url", ""))
    commit = origin.get("vcs_info", {}).get("commit_id")
    digest = origin.get("archive_info", {}).get("hashes", {}).get("sha256")
    if address and commit:
        return f"git+{address}@{commit}"
    return f"{address}#sha256={digest}" if address and digest else ""


def _public(address: str) -> str:
    """Return an address as pip takes it, without a password; empty for a folder of this machine."""
    if short := SCP.fullmatch(address):
        user = f"{short[1]}@" if short[1] else ""
        address = f"ssh://{user}{short[2]}/{short[3].lstrip('/')}"
    parts = urlsplit(address)
    if parts.scheme not in {"https", "http", "ssh", "git"} or not parts.hostname:
        return ""
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, f"{user}{parts.hostname}{port}", parts.path, "", ""))
