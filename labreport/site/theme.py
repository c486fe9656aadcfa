"""The theme: our templates before Material's, and text on its way into templates, which escape nothing.

A page's own HTML is what its Markdown makes. Everything else that comes from a page is text: its title, its
front matter, the name of its file.
"""

import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    TemplateNotFound,
)
from jinja2.filters import do_striptags
from markupsafe import Markup, escape
from mkdocs.structure.pages import Page
from mkdocs.theme import Theme

from labreport.site.build import Build
from labreport.site.compiled import CompiledTemplates
from labreport.site.html.environment import ENVIRONMENT
from labreport.site.nav_items import NavigationItems, NavigationLoader

_SECTION_TITLE = re.compile(
    r'<label class="md-nav__title" for="(__nav_[0-9_]+)">\s*<span[^>]*></span>\s*(.*?)\s*</label>', re.DOTALL
)
"""A section of Material's navigation: its id, and the HTML of its title."""

_SECTION_LABEL = re.compile(
    r'<label [^>]*id="(__nav_[0-9_]+)_label"[^>]*>(?P<arrow>(?=\s*<span class="md-nav__icon))?'
)
"""What Material names a section after. If it has an arrow first, it has nothing else."""


def escape_meta(meta: MutableMapping[str, Any]) -> None:
    """Escape the front matter of a page in place."""
    for key, value in meta.items():
        meta[key] = _escaped(value)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return str(escape(value))
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
    return value


def escape_names(page: Page) -> None:
    """Escape what a page has from the name of its file: its title, if nothing else gives one, and its links.

    A title from a heading is HTML without tags already, and one from front matter is escaped.
    """
    title = str(page.title or "")
    if "<" in title or ">" in title:
        page.title = str(escape(title))
    if page.edit_url:
        page.edit_url = str(escape(page.edit_url))


def prepare_page(page: Page, env: Environment, build: Build) -> None:
    """Make a page ready for the theme's templates, which escape nothing.

    What it wants of the theme and the theme does not have would end the build: it is dropped.
    """
    escape_names(page)
    for key in missing_in_theme(page.meta, env):
        build.drop(page.file.src_uri, key, page.meta)


def missing_in_theme(meta: Mapping[str, object], env: Environment) -> list[str]:
    """Return the keys of a page's front matter that name what the theme does not have."""
    templates = (("template", "{}"), ("icon", ".icons/{}.svg"))
    return [key for key, name in templates if key in meta and not _has(env, name.format(meta[key]))]


def _has(env: Environment, template: str) -> bool:
    """Return whether a theme has a template."""
    try:
        env.get_template(template)
    except TemplateNotFound:
        return False
    return True


def escape_stripped(env: Environment) -> None:
    """Let the filter `striptags` return HTML: it also decodes entities, and could make a tag of `&lt;b>`."""

    def striptags(value: Any) -> Markup:
        return escape(do_striptags(value))

    env.filters["striptags"] = striptags


def put_overrides_first(env: Environment, theme: Theme, project: Path) -> None:
    """Let our templates come before Material's of the same name, which they include as `material/NAME`.

    A project's own, in its custom_dir, come before both. Another theme keeps its templates. All templates,
    those of the macros too, are compiled once for the user. `project` is the folder of the project.
    """
    if theme.name != "material" or env.loader is None:
        return
    own = [theme.custom_dir] if theme.custom_dir else []
    below = [folder for folder in theme.dirs if folder not in own]
    env.bytecode_cache = ENVIRONMENT.bytecode_cache = CompiledTemplates(project)
    env.filters["name_sections"] = name_sections
    env.globals["navigation_items"] = NavigationItems()
    env.loader = ChoiceLoader(
        [
            FileSystemLoader(own),
            PackageLoader("labreport.site", "overrides"),
            NavigationLoader(env.loader),
            env.loader,
            PrefixLoader({"material": FileSystemLoader(below)}),
        ]
    )


def name_sections(html: str) -> str:
    """Return the navigation in which each section that is open has the name of its title.

    Material names such a section after the label with its arrow, which is empty if the section has an index
    page, and missing if it has nothing else.
    """
    names = {path: re.sub(r"<[^>]*>", "", title) for path, title in _SECTION_TITLE.findall(html)}
    labelled = set()

    def with_name(label: re.Match[str]) -> str:
        labelled.add(label[1])
        if label["arrow"] is None or label[1] not in names:
            return label[0]
        return f'{label[0]}<span class="ev-unseen">{names[label[1]]}</span>'

    html = _SECTION_LABEL.sub(with_name, html)
    for path in names.keys() - labelled:
        attribute = names[path].replace('"', "&quot;")
        html = html.replace(f'aria-labelledby="{path}_label"', f'aria-label="{attribute}"')
    return html
