"""The course's settings; nbgrader, Formgrader and `python3 run.py course` read them from here."""

import sys
import warnings
from pathlib import Path

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import CheckCellMetadata, ClearMarkScheme, Execute, GetGrades
from sqlalchemy.exc import SAWarning

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from grading import Grade, HoldBack, Restore, SetSeed  # noqa: E402
from submission import Reader  # noqa: E402

c = get_config()  # noqa: F821

# ------------------------------------------------------------------ change these
c.SetSeed.seed = 2026  # new numbers and new hidden cases in every assignment; then release again
c.HoldBack.reveal = False  # True: feedback shows hidden tests and marking guides
c.Grade.call_seconds = 10  # for one cell, and for one call of a function
c.Grade.total_seconds = 120  # for all that the grader does for a submission
c.Grade.megabytes = 2048  # of memory for a submission
c.CourseDirectory.course_id = "procmem_lite"

# ------------------------------------------------------------------ leave these
warnings.filterwarnings("ignore", category=SAWarning)  # of nbgrader's own doing
c.CourseDirectory.root = str(HERE)
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".*"]
c.KernelManager.transport_encryption = "auto"  # for Validate, which runs a kernel
c.IncludeHeaderFooter.enabled = False
c.ClearMarkScheme.enforce_metadata = False  # a marking guide stands below its question, in a locked cell
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.ClearSolutions.text_stub = "*Your answer here.*"
c.GenerateAssignment.preprocessors = [SetSeed, *GenerateAssignment.preprocessors.default()]
# Cells are not checked once more: Restore leaves none but the released ones and some without metadata.
c.Autograde.sanitize_preprocessors = [
    Restore, *(step for step in Autograde.sanitize_preprocessors.default() if step is not CheckCellMetadata)
]
c.Autograde.exporter_class = Reader
c.Autograde.autograde_preprocessors = [
    Grade if step is Execute else step
    for step in Autograde.autograde_preprocessors.default() if step is not CheckCellMetadata
]
c.GenerateFeedback.preprocessors = [GetGrades, HoldBack, CSSHTMLHeaderPreprocessor]
assert ClearMarkScheme in c.GenerateAssignment.preprocessors
