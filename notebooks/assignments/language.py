"""A notebook's language without its kernel: what Jupyter takes in a cell, the student's process takes, too.

Magics that run Python run it here (`%%time`, `%%capture`, `%time`), those that show something do nothing, and shell
lines give no lines. `await` may stand outside functions, `_` is the last result, and `__name__` is "__main__".
"""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import os
import re
import sys
import types
from pathlib import Path

FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
RUN_THEIR_BODY = ("time", "capture", "prun", "memit", "debug")
INSTALLS = re.compile(r"^([ \t]*)((?:pip|conda|mamba) \w)", re.MULTILINE)  # a magic that needs no sign
RUN_THEIR_LINE = ("time", "prun", "memit", "debug")


class Lines(list):
    """What a shell line gives: no lines, in IPython's list with three more names."""

    n = s = p = ""


class Captured:
    """What `%%capture` leaves: nothing was printed."""

    stdout = stderr = ""
    outputs = ()

    def show(self) -> None:
        """Show nothing."""


class Shell:
    """Stands for IPython's shell: what a cell may ask of it runs the Python in it, or does nothing."""

    def __init__(self, space: dict) -> None:
        self.user_ns, self.flags, self.count = space, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, 0
        self.out: dict[int, object] = {}
        space |= {"__name__": "__main__", "get_ipython": lambda: self, "display": lambda *things, **more: None,
                  "In": [""], "Out": self.out, "_": "", "__": "", "___": ""}
        self.given = dict.fromkeys(("_", "__", "___"), "")

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **settings: None

    def getoutput(self, *line: str, **settings: object) -> Lines:
        """What a shell line prints: nothing."""
        return Lines()

    def run_line_magic(self, name: str, line: str, *more: object) -> object:
        """`%time x = 5` runs what follows, `%run file` what is in it; other magics do nothing."""
        if name == "run" and line.split():
            return self.run_file(*line.split())
        if name in ("env", "set_env") and line.strip():
            os.environ.update([re.split(r"=|\s+", line.strip(), maxsplit=1)])
        options, _, rest = line.partition(" ") if line.startswith("-") else ("", "", line)
        return self.run(rest) if name in RUN_THEIR_LINE and rest.strip() else None

    def run_file(self, *words: str) -> None:
        """`%run file` runs a file in a space of its own, and takes over what is in it then; `%run -i file` in ours."""
        path = Path(next(word for word in words if not word.startswith("-")).strip("\"'"))
        space = self.user_ns if "-i" in words else {"__name__": "__main__"}
        self.run((path if path.suffix else path.with_suffix(".py")).read_text(), space)
        self.user_ns |= {name: value for name, value in space.items() if not name.startswith("__")}

    def run_cell_magic(self, name: str, line: str, cell: str) -> object:
        """`%%time` and its like run what stands below; what is no Python of this notebook's is left alone."""
        if name == "capture":
            self.user_ns |= {each: Captured() for each in line.split() if each.isidentifier()}
        if name in ("writefile", "file") and line.split():
            with Path(line.split()[-1]).open("a" if "-a" in line.split() else "w") as file:
                file.write(cell)
        if name == "timeit":  # its names are its own
            return self.run(cell, dict(self.user_ns))
        return self.run(cell) if name in RUN_THEIR_BODY else None

    run_cell = ex = lambda self, source, *more, **settings: self.run(source)

    def run(self, source: str, space: dict | None = None) -> object:
        """Run a cell as a notebook would; what its last line is worth."""
        space = self.user_ns if space is None else space
        self.count += 1
        name = f"<your notebook, {self.count}>"
        if "IPython" in source:
            import_ipython(self)
        tree = parsed(source, name)
        linecache.cache[name] = (len(source), None, f"{source}\n".splitlines(keepends=True), name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        self.execute(compile(tree, name, "exec", self.flags, dont_inherit=True), space)
        if last is None:
            return None
        code = compile(ast.Expression(last.value), name, "eval", self.flags, dont_inherit=True)
        value = self.execute(code, space)
        if value is not None and not source.rstrip().endswith(";"):
            self.keep(value, space)
        return value

    def execute(self, code: types.CodeType, space: dict) -> object:
        """Run compiled code, on a loop where it awaits; `from __future__` holds for the cells that follow."""
        self.flags |= code.co_flags & FUTURE
        if not code.co_flags & inspect.CO_COROUTINE:
            return eval(code, space)
        import asyncio

        if "loop" not in vars(self):
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
        return self.loop.run_until_complete(eval(code, space))

    def keep(self, value: object, space: dict) -> None:
        """The last three results have names, unless the student has given these away."""
        self.out[self.count] = space[f"_{self.count}"] = value
        if all(space.get(name) is old for name, old in self.given.items()):
            self.given = {"_": value, "__": self.given["_"], "___": self.given["__"]}
            space |= self.given


def parsed(source: str, name: str) -> ast.Module:
    """A cell's statements; where it is no Python, with its magics, shell lines and questions turned into calls."""
    try:
        return ast.parse(source, name)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return ast.parse(TransformerManager().transform_cell(INSTALLS.sub(r"\1%\2", source)), name)


def import_ipython(shell: Shell) -> None:
    """Who imports IPython by name finds this shell there."""
    import IPython
    import IPython.core.getipython
    import IPython.display

    for module in (IPython, IPython.core.getipython):
        module.get_ipython = lambda: shell
    shown = {"display": shell.user_ns["display"]}
    for name in ("IPython.display", "IPython.core.display_functions"):
        vars(sys.modules[name]).update(shown)
