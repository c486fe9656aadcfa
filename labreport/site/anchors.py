"""Anchors that macros make, told to mkdocs, which checks the links to them before it writes a page."""

from collections.abc import Mapping

from mkdocs.structure.pages import Page

from labreport.report.pages.anchors import PageAnchors


def add_anchors(page: Page, anchors: Mapping[str, PageAnchors]) -> None:
    """Let mkdocs know the anchors that a page links to and that a macro makes, by the path of their page."""
    for file, links in (page.links_to_anchors or {}).items():
        known = anchors.get(file.src_uri)
        if known is not None and file.page is not None and file.page.present_anchor_ids is not None:
            file.page.present_anchor_ids.update(anchor for anchor in links if anchor in known)
