"""How long a class takes: 30 submissions, right, wrong and hostile, graded by one command, twice.

    python3 tests/benchmarks/classroom.py [assignment]
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
from hostile import fill, hostile  # noqa: E402

SIZE = 30


def main(name: str = "a02_loops") -> None:
    """Hand in, grade, grade again, change one, grade again."""
    with tempfile.TemporaryDirectory() as work:
        folder = copy_course(Path(work) / "course", call_seconds=10)
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


if __name__ == "__main__":
    main(*sys.argv[1:])
