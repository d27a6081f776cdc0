"""The README keeps its word: its code runs, its links lead somewhere, its picture shows what is written beneath it."""

import re
from pathlib import Path

import pytest
import readme_picture
from screenshots import PICTURES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
ALT = " ".join(re.search(r"!\[(.*?)\]", README, flags=re.DOTALL).group(1).split())


def test_the_code_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert any("def perceive(env)" in snippet for snippet in SNIPPETS)
    assert all("assert" in snippet for snippet in SNIPPETS), "a snippet that checks nothing proves nothing"
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    for snippet in SNIPPETS:
        exec(compile(snippet, "README.md", "exec"), names)


def test_every_module_of_the_package_is_on_its_map():
    package = ROOT / "procmem_lite"
    table = README.partition("## The package")[2].partition("## ")[0]
    named = {name.split("/")[-1] for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
             for name in re.findall(r"`([\w/]+)`", row)}
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    assert folders <= named
    assert named - folders <= {path.stem for path in package.glob("*.py")}, "a module that is not there"


def test_every_local_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)\s]+)\)", README)
    local = [link for link in links if not link.startswith("http")]
    assert len(local) > 7
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_every_file_named_in_code_exists():
    named = re.findall(r"`([\w/]+\.(?:py|yml|lock)|[\w]+/[\w/]*/)`", README)
    assert len(named) >= 4
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_picture_shows_what_its_text_says():
    before, after = readme_picture.before_and_after()
    assert f"{before.steps} steps, all of them exploring" in ALT
    assert before.exploring_steps == before.steps
    assert f"{after.steps} steps in the hands of three skills" in ALT
    assert len(after.invocations) == 3
    assert after.exploring_steps == 0
    assert f"shortest path takes {after.optimal_steps}." in ALT
    assert f"{readme_picture.EPISODES} episodes" in ALT


def test_the_stored_picture_is_the_one_that_is_drawn():
    size = slice(16, 24)  # where a PNG states its width and height
    assert readme_picture.PICTURE.read_bytes()[size] == readme_picture.draw()[size]


def test_every_widget_is_pictured_in_both_themes():
    pictures = {f"notebooks/images/widgets/{name}_{theme}.png" for name in PICTURES for theme in ("light", "dark")}
    assert set(re.findall(r'(?:src|srcset)="([^"]+)"', README)) == pictures
    assert [path for path in sorted(pictures) if not (ROOT / path).read_bytes().startswith(b"\x89PNG")] == []
    assert len(re.findall(r'alt="[^"]{40,}"', README)) == len(PICTURES), "a text for those who cannot see it"


def test_the_commands_are_those_of_run_py():
    commands = set(re.findall(r"python3 run\.py (\w+)", README))
    told = (ROOT / "run.py").read_text(encoding="utf-8").split('"""')[1]
    assert commands >= {"lab", "test"}
    assert {command for command in commands if f"python3 run.py {command}" not in told} == set()
