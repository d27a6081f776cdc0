#!/usr/bin/env python3
"""Run the course: every step is nbgrader's own, in the right order and place. Called by `python3 run.py course`.

    course                          open JupyterLab with Formgrader
    course release NAME ...         make release/NAME, the notebook to hand out (--again: although it has come back)
    course collect NAME FOLDER      take over submissions: FOLDER/STUDENT.ipynb or FOLDER/STUDENT/ANY.ipynb
    course grade NAME [--again]     grade what is new or has changed (--again: all of it)
    course feedback NAME            make feedback/STUDENT/NAME/NAME.html
    course marks                    write marks.csv
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import json
import multiprocessing
import os
import re
import shutil
import sys
import time
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATE = ".graded.json"
CODE = ("grading.py", "submission.py", "sandbox.py", "worker.py", "language.py", "rights.py")
NAME = re.compile(r"[^\W_][\w.@-]*")


class Mistake(Exception):
    """Something for the teacher to mend; one line."""


def assignments() -> list[str]:
    """The names of all assignments."""
    return sorted(path.parent.name for path in (Path.cwd() / "source").glob("*/*.ipynb"))


def need(name: str, folder: str = "source") -> None:
    """Raise unless the assignment is there."""
    if name not in assignments():
        raise Mistake(f"there is no assignment {name!r}; there are {', '.join(assignments())}")
    if not (Path.cwd() / folder / name).is_dir():
        raise Mistake(f"{name} is not released yet: run `course release {name}`")


def nbgrader(app: str, *arguments: str) -> int:
    """Run one of nbgrader's commands in this process; its exit code."""
    import nbgrader.apps

    command = getattr(nbgrader.apps, app)
    command.clear_instance()
    try:
        command.launch_instance(list(arguments))
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    finally:
        command.clear_instance()
    return 0


def quietly(log: Path, app: str, *arguments: str) -> int:
    """The same with everything it says in a file: nbgrader is talkative."""
    with log.open("w") as handle:
        os.dup2(handle.fileno(), 1)
        os.dup2(handle.fileno(), 2)
        return nbgrader(app, *arguments)


def apart(seconds: float, app: str, *arguments: str) -> tuple[int | None, str]:
    """Run a command in a process of its own: exit code (None: it took too long and was ended) and what it said."""
    log = Path.cwd() / f".nbgrader-{os.getpid()}.txt"
    process = multiprocessing.get_context("fork").Process(target=lambda: sys.exit(quietly(log, app, *arguments)))
    process.start()
    process.join(seconds)
    late = process.is_alive()
    if late:
        process.kill()
        process.join()
    said = log.read_text(errors="replace") if log.exists() else ""
    log.unlink(missing_ok=True)
    return None if late else process.exitcode, said


# ---------------------------------------------------------------- release, collect


def release(*arguments: str) -> int:
    """Make what students get; not again once answers to it have come in, unless told so."""
    names = [each for each in arguments if each != "--again"]
    if not names:
        raise Mistake(f"release which? Only what you set: marks list whatever is released ({', '.join(assignments())})")
    for name in names:
        need(name)
        if any(Path.cwd().glob(f"submitted/*/{name}")) and "--again" not in arguments:
            raise Mistake(f"answers to {name} have come in already, and another release could change what they are "
                          f"marked by: run `course release {name} --again` if you are sure")
    for name in names:
        code, said = apart(300, "GenerateAssignmentApp", name, "--force")
        if code != 0:
            raise Mistake(f"{name} was not released:\n{said[-3000:]}")
        print(f"released: release/{name}/{name}.ipynb", flush=True)
    return 0


def collect(name: str, folder: str) -> int:
    """Copy notebooks to where nbgrader looks for them: submitted/STUDENT/NAME/NAME.ipynb; of the rest, say why."""
    need(name)
    found: dict[str, list[Path]] = {}
    left_out = 0
    for student, path, why in handed_in(Path(os.environ["COURSE_FROM"]) / folder):
        student = unicodedata.normalize("NFC", student)  # a Mac writes an umlaut as two characters
        if not why and not NAME.fullmatch(student):
            why = "a student's name is made of letters, digits, . _ @ and -, and begins with one of the first two"
        if why:
            left_out += 1
            print(f"left out: {path} ({why})")
        else:
            found.setdefault(student, []).append(path)
    taken = 0
    for student, paths in sorted(found.items()):
        first, *others = sorted(paths, key=lambda path: (path.stem != name, -path.stat().st_mtime, path.name))
        for other in others:
            print(f"left out: {other} ({student} has {len(paths)} notebooks: {first.name} counts, which is called "
                  "like the assignment or was changed last)")
        target = Path.cwd() / "submitted" / student / name / f"{name}.ipynb"
        try:
            if target.parent.parent.is_symlink() or target.parent.is_symlink() or target.is_symlink():
                raise OSError("there is a link in its place in submitted/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(first, target)
            taken, left_out = taken + 1, left_out + len(others)
        except OSError as error:
            left_out += len(paths)
            print(f"left out: {first} ({error.strerror or error})")
    print(f"collected: {taken} notebooks in submitted/" + (f", {left_out} entries not taken" if left_out else ""))
    return 0


def handed_in(folder: Path) -> Iterator[tuple[str, Path, str]]:
    """(student, path, why not) for all in a folder; of STUDENT.ipynb and STUDENT/ANY.ipynb there is no why not."""
    if not folder.is_dir():
        raise Mistake(f"{folder} is no folder")
    for path in sorted(folder.iterdir()):
        why = unfit(path)
        if path.is_symlink() or not path.is_dir():
            yield path.stem, path, why
        elif path.name.startswith(".") or path.suffix.lower() == ".ipynb":
            yield path.name, path, "a folder: neither a notebook nor named like a student"
        else:
            try:
                inside = sorted(path.iterdir())
            except OSError as error:
                yield path.name, path, error.strerror or "it cannot be opened"
                continue
            if not inside:
                yield path.name, path, "an empty folder"
            yield from ((path.name, each, unfit(each)) for each in inside)


def unfit(path: Path) -> str:
    """Why this cannot be a student's notebook, in a few words; nothing where it can."""
    if path.is_symlink():
        return "a link"
    if path.is_dir():
        return "a folder in a folder: put the notebook beside it"
    if not path.is_file():
        return "no file that can be read"
    if path.name.startswith("."):
        return "a hidden file"
    if path.suffix.lower() != ".ipynb":
        return "no notebook" + (": unpack it" if path.suffix.lower() in (".zip", ".gz", ".7z", ".rar", ".tar") else "")
    return ""


# ---------------------------------------------------------------- grade


def digest(*files: Path) -> str:
    """The contents of some files, and their names, as one short text."""
    found = hashlib.sha256()
    for file in sorted(files):
        content = file.readlink().as_posix().encode() if file.is_symlink() else file.read_bytes()
        found.update(f"{file.name} {len(content)} ".encode() + content)
    return found.hexdigest()


def version(name: str) -> str:
    """Whatever a mark depends on beside the submission: the release, the source, the settings and the grader."""
    files = [*(Path.cwd() / "source" / name).glob("*.ipynb"), *(Path.cwd() / "release" / name).glob("*.ipynb"),
             *(HERE / f for f in CODE), Path.cwd() / "nbgrader_config.py"]
    return digest(*files)


def gradebook() -> object:
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SAWarning

    warnings.filterwarnings("ignore", category=SAWarning)  # of nbgrader's own doing
    return Gradebook(f"sqlite:///{Path.cwd() / 'gradebook.db'}", "procmem_lite")


def score(name: str, student: str) -> str:
    """A student's mark as one line."""
    with gradebook() as book:
        submission = book.find_submission(name, student)
        waiting = sum(grade.max_score for notebook in submission.notebooks for grade in notebook.grades
                      if grade.needs_manual_grade)
        more = f", {waiting:g} to mark by hand" if waiting else ""
        return f"{submission.score:g} of {submission.max_score:g}{more}"


def record_nothing(name: str, student: str) -> None:
    """No points for a submission that cannot be graded, whatever an earlier one has earned."""
    with gradebook() as book:
        book.update_or_create_student(student)
        submission = book.update_or_create_submission(name, student)
        for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
            grade.auto_score, grade.manual_score, grade.needs_manual_grade = 0, None, False
        book.db.commit()


def reason(code: int | None, said: str) -> str:
    """Why a submission could not be graded."""
    if code is None:
        return "grading it took too long"
    refused = re.search(r"Unacceptable: (.*)", said)
    if refused:
        return refused.group(1)
    changed = re.search(r"RuntimeError: (.* has changed since its release.*)", said)
    if changed:
        raise Mistake(changed.group(1))
    if "No notebooks were matched" in said or "No notebooks found" in said:
        return "no notebook of the right name"
    errors = re.findall(r"^\s*(\w*(?:Error|Exception)\b.*)$", said, re.MULTILINE)
    last = (errors or [line for line in said.splitlines() if line.strip()] or ["it said nothing"])[-1]
    return f"nbgrader stopped: {last[:200]}"


def remarks(said: str) -> str:
    """What a teacher should know of a submission that was graded."""
    found = list(dict.fromkeys(re.findall(r"Note: (.*)", said)))
    return f" ({'; '.join(found)})" if found else ""


def grade(name: str, *options: str) -> int:
    """Grade each submission in a process of its own; those that have not changed keep their marks."""
    need(name, "release")
    if os.name == "nt":
        raise Mistake("students' code can be kept apart on Linux and macOS alone: grade in WSL or in a container")
    students = sorted(path.parent.name for path in Path.cwd().glob(f"submitted/*/{name}"))
    state_file = Path.cwd() / STATE
    state: dict[str, list[str]] = {}  # of a submission: what its mark depends on, and what was said of it
    with contextlib.suppress(OSError, ValueError):
        state = {key: pair for key, pair in json.loads(state_file.read_text()).items() if isinstance(pair, list)}
    from submission import Unacceptable, check_folder

    warn_of_open_doors()
    for module in ("nbgrader.apps", "matplotlib.pyplot", "grading"):  # loaded once here, inherited by every process
        importlib.import_module(module)
    present, started, graded = version(name), time.monotonic(), 0
    for number, student in enumerate(students, 1):
        folder = Path.cwd() / "submitted" / student / name
        key, print_ = f"{name}/{student}", f"[{number:3}/{len(students)}] {student}: "
        try:
            check_folder(folder)
            mark = digest(*(path for path in folder.iterdir() if path.is_file())) + present
        except (Unacceptable, OSError) as error:
            code, said, mark = 1, f"Unacceptable: {error}", "refused"
        else:
            if state.get(key, [""])[0] == mark and "--again" not in options:
                print(print_ + f"unchanged, {state[key][1]}", flush=True)
                continue
            code, said = apart(300, "AutogradeApp", name, "--student", student, "--force")
        if code == 0:
            line = score(name, student) + remarks(said)
        else:
            why = reason(code, said)
            record_nothing(name, student)
            for made in ("autograded", "feedback"):  # of an earlier submission
                shutil.rmtree(Path.cwd() / made / student / name, ignore_errors=True)
            line = f"0, {why}"
        print(print_ + line, flush=True)
        graded, state[key] = graded + 1, [mark, line]
        temporary = state_file.with_suffix(".new")
        temporary.write_text(json.dumps(state))
        temporary.replace(state_file)
    print(f"{graded} graded, {len(students) - graded} unchanged, in {time.monotonic() - started:.0f} s")
    return 0


def warn_of_open_doors() -> None:
    """Say what this machine cannot keep students' code from."""
    import sandbox

    with sandbox.Sandbox([]) as empty:
        empty.start()
        protected, closed = empty.protected, empty.closed
    grade_in = "Grade in a container (README.md)."
    if not protected:
        print("warning: no Landlock here (Linux 5.13 or newer has it): students' code can read and write what you can. "
              + grade_in)
    if not sandbox.isolation():
        print("warning: no namespaces here: students' code may end other processes of yours"
              f"{'' if closed else ', reach the network and leave each other messages in memory'}. {grade_in}")
    elif not closed:
        print(f"warning: no filter of system calls here: students' code can leave keys in the kernel. {grade_in}")


# ---------------------------------------------------------------- feedback, marks, Lab


def feedback(name: str) -> int:
    """Make the pages that go back to students."""
    need(name, "release")
    if any(Path.cwd().glob(f"autograded/*/{name}")):
        code, said = apart(1800, "GenerateFeedbackApp", name, "--force")
        if code != 0:
            raise Mistake(f"feedback was not made:\n{said[-3000:]}")
    students = {path.parent.name for path in Path.cwd().glob(f"submitted/*/{name}")}
    with_page = {path.parents[1].name for path in Path.cwd().glob(f"feedback/*/{name}/*.html")}
    print(f"feedback: {len(with_page)} pages in feedback/STUDENT/{name}/")
    state_file = Path.cwd() / STATE
    state = json.loads(state_file.read_text()) if state_file.exists() else {}
    for student in sorted(students - with_page):
        print(f"no page: {student} ({state.get(f'{name}/{student}', ['', 'not graded yet'])[1]})")
    return 0


def marks() -> int:
    """Write all marks as a table."""
    code, said = apart(300, "ExportApp", "--to", "marks.csv")
    if code != 0:
        raise Mistake(f"marks were not written:\n{said[-3000:]}")
    print("marks: marks.csv")
    return 0


def lab(*options: str) -> int:
    """Open JupyterLab here."""
    print("Formgrader is in JupyterLab's menu: Nbgrader > Formgrader.", flush=True)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={Path.cwd()}",
               "--KernelManager.transport_encryption=auto"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    os.execve(sys.executable, [*command, *options], os.environ)


def main(arguments: list[str]) -> int:
    commands = {"release": release, "collect": collect, "grade": grade, "feedback": feedback, "marks": marks}
    os.environ.setdefault("COURSE_FROM", os.getcwd())
    os.chdir(HERE)
    sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be any bytes
    sys.path.insert(0, str(HERE))
    # nbgrader starts other commands by name, and they live beside this Python.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    try:
        if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
            return lab(*arguments)
        name, *rest = arguments
        if name not in commands:
            print(__doc__.strip())
            return 0 if name in ("help", "-h", "--help") else 2
        with contextlib.redirect_stderr(io.StringIO()) if name == "marks" else contextlib.nullcontext():
            return commands[name](*rest)
    except Mistake as mistake:
        print(f"course: {mistake}", file=sys.stderr)
    except TypeError as error:
        if "positional argument" not in str(error):
            raise
        print(__doc__.strip(), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
