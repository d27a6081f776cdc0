"""What a class earns, and how long it takes: 76 submissions that mean no good, 54 honest and odd; then 46 by time.

    python3 run.py bench classroom [assignment]
"""

from __future__ import annotations

import itertools
import re
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "classroom")]

from classmates import Class, copy_course, course, mistakes, reference  # noqa: E402
from honest import TIDY  # noqa: E402
from hostile import EVERYWHERE, MORE, ONCE, fill, hostile  # noqa: E402

SIZE = 46
TESTED = 17  # points by tests


def earned(name: str, work: Path) -> None:
    """Hand in whatever we can think of, and say who earned what they did not, or lost what they did."""
    folder = copy_course(work / "all", call_seconds=10)
    course(folder, "release", name)
    release, answers, students = folder / "release" / name / f"{name}.ipynb", reference(name), Class(folder, name)
    due: dict[str, float] = {}
    for what, (make, has_answers) in (EVERYWHERE | ONCE | MORE).items():
        students.hand_in(what, make(release, answers if has_answers else {}, folder))
        due[what] = TESTED * has_answers
    enemies = len(due)
    for what, make in TIDY.items():
        students.hand_in(what, make(release, answers, folder))
        due[what] = TESTED
    said = course(folder, "grade", name)
    lines = [line for line in said.splitlines() if re.match(r"\[ *\d+/", line)]
    assert len(lines) == len(due), "one line for each"
    found = {what: students.score(what) for what in due}
    print(f"{name}: {enemies} hostile or no notebook, {len(due) - enemies} honest and odd")
    for kind, wrong in (("unearned", [what for what in due if found[what] > due[what]]),
                        ("lost", [what for what in due if found[what] < due[what]])):
        print(f"{kind}: {len(wrong)}", *(f"    {what}: {found[what]:g} of {due[what]:g}" for what in wrong), sep="\n")
    refused = [line for line in lines if re.search(r": 0, ", line)]
    print(f"refused, each with a reason: {len(refused)}", *refused, sep="\n    ")
    print(said.splitlines()[-1], flush=True)


def timed(name: str, work: Path) -> None:
    """Hand in, grade, grade again, change one, grade again."""
    folder = copy_course(work / "course", call_seconds=10)
    course(folder, "release", name)
    release, answers, students = folder / "release" / name / f"{name}.ipynb", reference(name), Class(folder, name)
    for what, (make, has_answers) in hostile(name).items():
        students.hand_in(what, make(release, answers if has_answers else {}, folder))
    others = itertools.cycle([{}, *(changed for changed, _ in mistakes(name).values())])
    while len(students.students) < SIZE:
        students.hand_in(f"student {len(students.students)}", fill(release, answers | next(others)))
    print(f"{name}: {SIZE} submissions, {len(hostile(name))} of them hostile or no notebook")
    for what in ("first run", "second run, nothing changed", "third run, one changed"):
        if what.startswith("third"):
            path = folder / "submitted" / students.students["is an empty file"] / name / f"{name}.ipynb"
            path.write_text(release.read_text())
        started = time.monotonic()
        said = course(folder, "grade", name)
        done = re.search(r"(\d+) graded, (\d+) unchanged", said).group()
        print(f"{what}: {time.monotonic() - started:.0f} s ({done})", flush=True)


def main(name: str = "a02_loops") -> None:
    """All of it, for one assignment."""
    with tempfile.TemporaryDirectory() as work:
        earned(name, Path(work))
        timed("a02_loops", Path(work))


if __name__ == "__main__":
    main(*sys.argv[1:])
