"""The widgets' browser code: plain ES modules on disk, sent as one text because a kernel serves no files."""

from __future__ import annotations

import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"
IMPORT = re.compile(r'^import .* from "\./([\w.]+)";\n', re.MULTILINE)

LAYOUT = re.compile(r"^ *(?:(?://|/\*\*).*\n)?", re.MULTILINE)  # indentation and whole-line comments


def script(name: str) -> str:
    """The module ``static/name`` with everything it imports put before it, each file once."""
    seen: dict[str, str] = {}

    def visit(module: str) -> None:
        if module in seen:
            return
        seen[module] = ""  # marks it before its imports, whose text must come first
        text = (STATIC / module).read_text(encoding="utf-8")
        for needed in IMPORT.findall(text):
            visit(needed)
        text = IMPORT.sub("", text)
        del seen[module]
        seen[module] = text if module == name else re.sub(r"^export ", "", text, flags=re.MULTILINE)

    visit(name)
    return LAYOUT.sub("", "".join(seen.values()))


def styles(*names: str) -> str:
    """Style sheets one after the other."""
    return re.sub(
        r"^ +", "", "".join((STATIC / name).read_text(encoding="utf-8") for name in names), flags=re.MULTILINE
    )
