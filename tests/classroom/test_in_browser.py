"""Formgrader and Validate as people use them: the course opened by its command, in a real browser."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

import nbformat
import pytest
from classmates import Class, copy_course, course, reference
from hostile import fill
from lab import Lab, Notebook, free_port, missing, wait_until_up, write_settings

pytestmark = [pytest.mark.classroom, pytest.mark.browser, pytest.mark.slow]
NAME = "a06_training"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Class, Lab]]:
    """The course as `python3 run.py course` opens it, with two submissions that nobody has graded yet."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    work = tmp_path_factory.mktemp("opened")
    folder = copy_course(work / "course")
    (folder / "gradebook.db").unlink()  # as on the teacher's first day
    course(folder, "release", NAME)
    students, release = Class(folder, NAME), folder / "release" / NAME / f"{NAME}.ipynb"
    students.hand_in("reference", fill(release, reference(NAME)))
    students.hand_in("untouched", fill(release, {}))
    nbformat.write(fill(release, reference(NAME)), folder / "solved.ipynb")
    write_settings(work / "settings", "light")
    port, token = free_port(), secrets.token_hex(16)
    names = {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
             "JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_DATA_DIR": "data"}
    command = [sys.executable, str(folder / "course.py"), "--no-browser", "--expose-app-in-browser", "--ip=127.0.0.1",
               f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    with (work / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True,
                                  env=os.environ | {name: str(work / path) for name, path in names.items()})
    lab = Lab(f"http://127.0.0.1:{port}", token, folder)
    try:
        wait_until_up(lab, server, work / "log", seconds=240)
        yield students, lab
        assert "without encryption" not in (work / "log").read_text()
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def test_opening_the_course_releases_nothing_that_was_not_set(opened: tuple[Class, Lab]):
    folder = opened[0].folder
    assert [path.name for path in (folder / "release").iterdir()] == [NAME]
    assert len(list((folder / "source").iterdir())) >= 8


def test_a_teacher_grades_and_marks_words_in_formgrader(opened: tuple[Class, Lab], browser: object):
    students, lab = opened
    student = students.students["reference"]
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{lab.url}/lab?token={lab.token}&reset", wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp?.commands?.hasCommand('nbgrader:open-formgrader')")
    page.evaluate("() => window.jupyterapp.commands.execute('nbgrader:open-formgrader')")
    frame = page.frame_locator("iframe")
    frame.get_by_text(NAME).first.wait_for()  # the list of assignments, inside JupyterLab

    page.goto(f"{lab.url}/formgrader/manage_submissions/{NAME}")
    row = page.locator("tr", has=page.get_by_text(student, exact=True))
    row.locator("td.autograde a").click()
    page.get_by_text("Successfully autograded").wait_for()
    assert students.score("reference") == 17, "Formgrader's button gives the marks that our command gives"
    assert students.lost("reference") == set()

    page.goto(f"{lab.url}/formgrader/gradebook/{NAME}/{NAME}")
    page.locator("td.name a").first.click()
    box = page.locator("input#words")
    box.wait_for()
    assert page.get_by_text("1 point: the same agent without its memory").count() == 1, "the marking guide is in view"
    for _ in range(30):  # what is typed before the page has asked for the old mark is overwritten by that
        box.fill("2")
        box.press("Tab")
        page.wait_for_timeout(1000)
        if students.score("reference") == 19:
            break
    assert students.score("reference") == 19
    page.close()


@pytest.mark.parametrize(("path", "verdict"), [("solved.ipynb", "validation-success"),
                                               (f"release/{NAME}/{NAME}.ipynb", "validation-failed")])
def test_a_student_validates(opened: tuple[Class, Lab], browser: object, path: str, verdict: str):
    _, lab = opened
    notebook = Notebook(browser.new_page(), lab)
    notebook.open(path)
    notebook.page.set_default_timeout(120_000)
    notebook.page.get_by_text("Validate", exact=True).first.click()
    notebook.page.locator(f".{verdict}").first.wait_for()
    notebook.close()
