"""The series as a site: every module has a page, and no link leads nowhere."""

from pathlib import Path

import book
import pytest

from procmem_lite.replay import Replay


def test_every_module_but_the_checks_has_a_page():
    names = book.modules()
    assert {"agent", "worlds.gridworld", "navigation.goto", "replay", "replay.export", "lab.training"} <= set(names)
    assert not [name for name in names if name.startswith("exercises")], "its checks give answers away"
    assert Replay.__module__.removeprefix("procmem_lite.") in names


def test_the_words_at_a_modules_beginning_keep_their_columns():
    lines = ["Planning.", "", "plan     a chain      (a, b)", "price    its cost     3", "", "See there."]
    book.keep_columns("module", lines)
    assert lines == ["Planning.", "", "", "::", "", "   plan     a chain      (a, b)",
                     "   price    its cost     3", "", "", "See there."]
    for what, text in (("function", "a  b"), ("module", "====  ===")):
        same = [text]
        book.keep_columns(what, same)
        assert same == [text]


@pytest.mark.parametrize(("link", "dead"), [
    ("other.html", False), ("other.html#there", False), ("#here", False), ("folder/", False),
    ("https://a.org/x", False), ("mailto:a@b.org", False), ("gone.html", True),
    ("other.html#gone", True), ("#gone", True), ("folder/gone/", True),
    ("a%20b.png", False), ("a%20c.png", True)])
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link: str, dead: bool):
    (tmp_path / "folder").mkdir()
    (tmp_path / "_static").mkdir()
    (tmp_path / "folder" / "index.html").touch()
    (tmp_path / "other.html").write_text('<p id="there"></p>')
    (tmp_path / "a b.png").touch()
    (tmp_path / "_static" / "template.html").write_text('<a href="{{ path }}"></a>')
    (tmp_path / "index.html").write_text(f'<p id="here"></p><a href="{link}">x</a><img src="a b.png">')
    assert list(book.dead_links(tmp_path)) == ([f"index.html: {link}"] if dead else [])


def test_badges_follow_from_one_address():
    assert book.options("") == {}
    options = book.options("https://host.org/a/b")
    assert options["repository_url"] == "https://host.org/a/b"
    assert set(options["launch_buttons"]) == {"binderhub_url", "colab_url"}
