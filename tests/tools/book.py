"""The series as a static site: chapters with their stored outputs, solutions, a page for each module, and search.

    python3 run.py book            build it in build/book; open build/book/index.html
    python3 run.py book --play     run the chapters anew, so that their replays play on the pages

Pages are generated into build/source, from the notebooks, the README and the docstrings. A link that leads nowhere
ends the build.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import refresh

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = ""  # of the public repository, "https://.../owner/name"; the badges for Binder and Colab follow from it
SKIPPED = ("exercises", "replay.jupyter")  # modules without a page: checks would give answers away

CONFIGURATION = """
project, author, html_title = "procmem_lite", "the procmem_lite authors", "procmem_lite"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "sphinx_book_theme"
html_theme_options = {options!r}
html_show_copyright = False
nb_execution_mode = "off"
nb_ipywidgets_js = {{}}
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
suppress_warnings = ["mystnb.unknown_mime_type", "myst.header", "misc.highlighting_failure", "docutils", "ref"]
html_extra_path = ["pictures"]


def setup(app):
    # What a module's words mean stands in columns: they are kept.
    import book

    app.connect("autodoc-process-docstring", lambda app, what, name, it, options, lines: book.keep_columns(what, lines))
"""


def options(address: str = ADDRESS) -> dict[str, object]:
    """The theme's options; with an address, buttons that open a chapter where it can be run."""
    if not address:
        return {}
    launch = {"binderhub_url": "https://mybinder.org", "colab_url": "https://colab.research.google.com"}
    return {"repository_url": address, "use_repository_button": True, "path_to_docs": "", "launch_buttons": launch}


def modules() -> list[str]:
    """The modules that have a page."""
    package = ROOT / "procmem_lite"
    names = [".".join(path.relative_to(package).with_suffix("").parts) for path in sorted(package.rglob("*.py"))]
    names = [name.removesuffix(".__init__") for name in names]
    return [name for name in names if name != "__init__" and not name.startswith(SKIPPED)]


def keep_columns(what: str, lines: list[str]) -> None:
    """Show the glossary at a module's beginning as it stands; one that is drawn as a table already is left alone."""
    if what != "module" or any(line.startswith("===") for line in lines):
        return
    in_columns = [bool(re.match(r"\S.*\S {2,}\S| {4,}\S", line)) for line in lines]
    kept: list[str] = []
    for line, here, before in zip(lines, in_columns, [False, *in_columns]):
        kept += ["", "::", ""] if here and not before else [""] if before and not here else []
        kept.append("   " + line if here else line)
    lines[:] = kept


def contents(caption: str, pages: Sequence[str]) -> str:
    """A part of the table of contents."""
    return f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"


def write_sources(source: Path, play: bool) -> None:
    """All that the site is made of, in an empty folder."""
    notebooks = source / "notebooks"
    unwanted = shutil.ignore_patterns(".*", "__pycache__", "source", "release", "submitted", "autograded", "feedback",
                                      "*.py", "*.toml", "*.db")
    shutil.copytree(ROOT / "notebooks", notebooks, ignore=unwanted)
    chapters = refresh.chapters(notebooks)
    if play:
        for path in chapters:
            put_players(path)
    # The README shows some pictures by HTML, which Sphinx does not follow.
    shutil.copytree(notebooks / "images", source / "pictures" / "notebooks" / "images")
    (source / "api").mkdir()
    for name in modules():
        page = f"# {name}\n\n```{{eval-rst}}\n.. automodule:: procmem_lite.{name}\n   :members:\n```\n"
        (source / "api" / f"{name}.md").write_text(page, encoding="utf-8")
    index = (ROOT / "README.md").read_text(encoding="utf-8")
    index = re.sub(r"\[([^\]]+)\]\((?:LICENSE)\)", r"\1", index)
    index += contents("Chapters", [f"notebooks/{path.stem}" for path in chapters])
    index += contents("Solutions", [f"notebooks/solutions/{path.stem}" for path in refresh.solutions(notebooks)])
    index += contents("For teachers", ["notebooks/assignments/README"])
    index += contents("The package", [f"api/{name}" for name in modules()])
    (source / "index.md").write_text(index, encoding="utf-8")
    (source / "conf.py").write_text(CONFIGURATION.format(options=options()), encoding="utf-8")


def put_players(path: Path) -> None:
    """Run a chapter where its data are, and put a player in the place of each replay's picture."""
    from procmem_lite.replay.export import played

    notebook, _ = played(ROOT / "notebooks" / path.name)
    refresh.write(notebook, path)


class Page(HTMLParser):
    """The links of a page and the places that links can lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if value and (name, tag) in (("href", "a"), ("href", "link"), ("src", "img"), ("src", "script")):
                self.links.append(value)
            if value and name in ("id", "name"):
                self.places.add(value)


def dead_links(site: Path) -> Iterator[str]:
    """The links within a site that lead nowhere."""
    found = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in found}
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            place = unquote(parts.fragment)
            if not target.exists() or place and target in pages and place not in pages[target].places:
                yield f"{path.relative_to(site)}: {link}"


def build(folder: Path, play: bool = False) -> int:
    """Build the site in ``folder/book``; the exit code."""
    from sphinx.cmd.build import main as sphinx

    source, site = folder / "source", folder / "book"
    for old in (source, site):
        shutil.rmtree(old, ignore_errors=True)
    source.mkdir(parents=True)
    started = time.monotonic()
    write_sources(source, play)
    code = sphinx(["-q", "-j", "2", "-d", str(folder / "doctrees"), str(source), str(site)])
    dead = list(dead_links(site)) if code == 0 else []
    for line in dead:
        print(f"dead link: {line}", file=sys.stderr)
    if code == 0:
        print(f"{len(list(source.rglob('*.ipynb')))} notebooks and {len(modules())} modules in {site / 'index.html'}, "
              f"{time.monotonic() - started:.0f} s, {len(dead)} dead links")
    return code or int(bool(dead))


if __name__ == "__main__":
    if set(sys.argv[1:]) - {"--play"}:
        sys.exit(__doc__)
    sys.exit(build(ROOT / "build", play="--play" in sys.argv[1:]))
