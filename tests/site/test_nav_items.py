"""Items of the navigation that are rendered once: the HTML is what Material's own template makes."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, Environment
from mkdocs.config.base import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, get_navigation

from labreport.site.nav_items import TEMPLATE, NavigationItems, NavigationLoader, remembering

NAVIGATION = """{% import "partials/nav-item.html" as item with context %}
{% for nav_item in nav.items %}{{ item.render(nav_item, "__nav_" ~ loop.index, 1) }}{% endfor %}"""

INDEXED = ["navigation.indexes", "navigation.prune", "navigation.tabs"]
FEATURES: list[list[str]] = [
    INDEXED,
    ["navigation.prune"],
    ["navigation.sections", "navigation.tabs", "navigation.expand"],
    [],
]


def paths(chosen: random.Random) -> list[str]:
    """Return paths of pages in folders of up to four levels, some of them with an index."""
    folders = ["", *("/".join(chosen.choices(["a", "b", "c.d"], k=chosen.randint(1, 4))) for _ in range(9))]
    names = [f"{folder}/{chosen.choice(['index', 'x', 'y', 'z'])}.md".lstrip("/") for folder in folders * 3]
    return list(dict.fromkeys(["index.md", *names]))


def written(chosen: random.Random, pages: list[str], depth: int = 0) -> list[object]:
    """Return a navigation written by hand: pages of any folder beside each other, sections and links."""
    items: list[object] = [{f"To {page}": page} for page in chosen.sample(pages, k=min(4, len(pages)))]
    items.append({"Out": "https://example.invalid/x"})
    if depth < 2:
        sections = [{f"Section {n}": written(chosen, pages, depth + 1)} for n in range(chosen.randint(1, 3))]
        items += sections
    chosen.shuffle(items)
    return items


def project(folder: Path, features: list[str], chosen: random.Random) -> tuple[MkDocsConfig, Navigation]:
    """Return the settings of a project with random pages, and its navigation."""
    (folder / "docs").mkdir()
    (folder / "mkdocs.yml").write_text("site_name: Some\ntheme: {name: material}\n")
    config = load_config(str(folder / "mkdocs.yml"), use_directory_urls=chosen.random() < 0.5)
    config.theme["features"] = features
    pages = paths(chosen)
    if chosen.random() < 0.5:
        config.nav = written(chosen, pages)
    return config, get_navigation(files_of(pages, config), config)


def files_of(pages: list[str], config: MkDocsConfig) -> Files:
    """Return the pages as mkdocs finds them. Nothing is read: each has the title that its name gives."""
    return Files([File(page, config.docs_dir, config.site_dir, config.use_directory_urls) for page in pages])


def rendered(env: Environment, config: MkDocsConfig, nav: Navigation) -> Iterator[str]:
    """Yield the navigation for each page, and for the template of an error, which is no page."""
    features = config.theme["features"]
    template = env.from_string(NAVIGATION)
    for page in nav.pages:
        page.active = True
        yield template.render(page=page, nav=nav, config=config, features=features, base_url=".")
        page.active = False
    yield template.render(page=None, nav=nav, config=config, features=features, base_url="/")


def without_empty_lines(html: str) -> str:
    """Return HTML without the blanks around the ends of its lines."""
    return re.sub(r"\s*\n\s*", "\n", html)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [0, 1, 14, 15])
def test_the_html_is_that_of_material(tmp_path: Path, seed: int) -> None:
    """Pages, sections, links and their prefixes are the same, whatever the features; empty lines are not."""
    features = FEATURES[seed % len(FEATURES)]
    config, nav = project(tmp_path, features, random.Random(seed))  # noqa: S311 # a seeded choice of cases
    plain, ours = config.theme.get_env(), config.theme.get_env()
    assert ours.loader is not None
    ours.loader = ChoiceLoader([NavigationLoader(ours.loader), ours.loader])
    ours.globals["navigation_items"] = NavigationItems()
    for one, other in zip(rendered(ours, config, nav), rendered(plain, config, nav), strict=True):
        assert without_empty_lines(one) == without_empty_lines(other)


def test_an_item_that_is_not_open_is_rendered_once(tmp_path: Path) -> None:
    """The pages of thirty folders render each other's items once, and only the open one anew."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: Some\n")
    config = load_config(str(tmp_path / "mkdocs.yml"))
    pages = [f"labs/{number:02d}/{name}.md" for number in range(30) for name in ("x", "y")]
    nav = get_navigation(files_of(pages, config), config)
    (labs,) = nav.items
    calls: list[tuple[int, bool]] = []

    def child(item: object, number: int, *_rest: object) -> str:
        calls.append((number, bool(getattr(item, "active", False))))
        return f"{number} "

    items = NavigationItems()
    for page in nav.pages:
        page.active = True
        assert items.of(child, labs, None, "__nav_1", 1, page).split() == [str(n) for n in range(1, 31)]
        page.active = False
    closed = [number for number, is_open in calls if not is_open]
    assert len(closed) == len(set(closed)) == 30
    assert len(calls) - len(closed) == len(pages)


def test_materials_template_is_the_one_that_is_known() -> None:
    """The template of the locked version of Material is changed; one that is written otherwise is not."""
    package = pytest.importorskip("material")
    source = (Path(package.__file__).parent / "templates" / TEMPLATE).read_text()
    changed = remembering(source)
    assert "navigation_items.of(" in changed
    assert "navigation_items.index(" in changed
    other = source.replace("loop.index", "loop.index0")
    assert remembering(other) == other
