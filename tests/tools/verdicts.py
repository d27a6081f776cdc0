"""What a check of an exercise tells its reader."""

from procmem_lite.exercises.report import report


def verdict(check, answer, capsys) -> str:
    """What the reader sees, without the check's name."""
    report(check, answer)
    return capsys.readouterr().out.partition(": ")[2]


def refused(check, answer, capsys, says: str = "") -> None:
    """A wrong answer is told what is wrong."""
    told = verdict(check, answer, capsys)
    assert told.startswith("not right yet: ")
    assert says in told
