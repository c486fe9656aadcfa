"""Write a lab as a crate or as a bundle, for `lab export`."""

from collections.abc import Mapping
from pathlib import Path

from labreport import __version__
from labreport.cli import show
from labreport.cli.project import ProjectError, root
from labreport.contract.errors import ExitStatus


def package(lab: str, to: Path, *, is_bundle: bool) -> ExitStatus:
    """Write a lab to a zip, a tar or a folder; return whether its pages have problems."""
    from labreport.check.project import late_table_of
    from labreport.report.export import export
    from labreport.report.export.archive import tar_of, zip_of
    from labreport.report.export.crate import CrateSubject, crate_members
    from labreport.report.source.evidence import Evidence
    from labreport.report.today import today
    from labreport.site.bundle import bundle_members
    from labreport.site.pages import Site

    if not is_bundle and to.suffix.lower() != ".zip":
        raise ProjectError("a crate is a zip", f"write --to {to.stem}.zip", path=str(to))
    project = root()
    site = Site(project).pages()
    exported = export(site, lab, f"evidence/{lab}/", lambda shown: late_table_of(site, shown, today()), None)
    for problem in exported.problems:
        show.line(f"lab: {problem}", err=True)
    found = Evidence(project / "evidence").set(lab)
    is_whole = not exported.problems
    if is_bundle:
        members, is_built = bundle_members(project, exported.title, found)
        is_whole = is_whole and is_built
    else:
        members = crate_members(CrateSubject(exported.title, exported.markdown, __version__, today()), found)
    match to.suffix.lower():
        case ".zip":
            show.save(to, zip_of(members))
        case ".tar":
            show.save(to, tar_of(members))
        case _:
            _write_folder(to, members)
    show.line(f"{to}: written, {len(members)} files", err=True)
    return ExitStatus.FINE if is_whole else ExitStatus.FINDINGS


def _write_folder(folder: Path, members: Mapping[str, bytes]) -> None:
    """Write files into a new folder."""
    folder.mkdir()
    for name, data in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
