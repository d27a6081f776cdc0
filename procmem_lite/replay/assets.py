"""The widgets' browser code: plain ES modules on disk, sent as one text because a kernel serves no files."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .. import scenes

STATIC = Path(__file__).parent / "static"
IMPORT = re.compile(r'^import .* from "\./([\w.]+)";\n', re.MULTILINE)

COMMENT, SPACE = re.compile(r"/\*.*?\*/", re.DOTALL), re.compile(r"\s*([{};])\s*")  # of a style sheet
LAYOUT = re.compile(r"^ *(?:(?://|/\*\*).*\n)?", re.MULTILINE)  # indentation and whole-line comments


def palette_script() -> str:
    """What a thing's colour is called, as ``palette.js``."""
    told = {"NAMED": scenes.NAMED, "KINDS": scenes.KINDS, "OTHER": scenes.OTHER, "HUES": len(scenes.SKILLS)}
    return "".join(f"export const {name} = {json.dumps(value)};\n" for name, value in told.items())


def palette_styles() -> str:
    """The palette as variables of a style sheet, for a light page and a dark one."""

    def block(selector: str, colours: dict[str, str], skills: tuple[str, ...]) -> str:
        numbered = {str(number): colour for number, colour in enumerate(skills)}
        inside = "".join(f"--pm-{name}: {colour}; " for name, colour in (colours | numbered).items())
        return f"{selector} {{ {inside}}}\n"

    return (block(".pm", scenes.COLOURS, scenes.SKILLS)
            + block('[data-jp-theme-light="false"] .pm', scenes.DARK, scenes.DARK_SKILLS))


def source(module: str) -> str:
    """The text of a module; ``palette.js`` is written from the palette."""
    return palette_script() if module == "palette.js" else (STATIC / module).read_text(encoding="utf-8")


def script(name: str) -> str:
    """The module ``static/name`` with everything it imports put before it, each file once."""
    seen: dict[str, str] = {}

    def visit(module: str) -> None:
        if module in seen:
            return
        seen[module] = ""  # marks it before its imports, whose text must come first
        text = source(module)
        for needed in IMPORT.findall(text):
            visit(needed)
        text = IMPORT.sub("", text)
        del seen[module]
        seen[module] = text if module == name else re.sub(r"^export ", "", text, flags=re.MULTILINE)

    visit(name)
    return LAYOUT.sub("", "".join(seen.values()))


def styles(*names: str) -> str:
    """The palette, then style sheets one after the other."""
    texts = [palette_styles(), *((STATIC / name).read_text(encoding="utf-8") for name in names)]
    return SPACE.sub(r"\1", COMMENT.sub("", "".join(texts)))
