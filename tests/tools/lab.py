"""A real JupyterLab on a free port and a real browser in front of it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
# What anywidget throws when a widget's script takes over two seconds. Nothing waits for it, and the widget comes all
# the same: that it does, each test asks.
SLOW = "[anywidget] Failed to initialize model."
# Without these the browser looks for updates and fails to, many times a second where there is no network.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The system's own Chromium; Playwright's download is not needed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def missing() -> str | None:
    """What is missing for browser tests, or None."""
    try:
        import jupyterlab  # noqa: F401
        import playwright.sync_api  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed"
    return None if chromium() else "no chromium on this machine (Debian: apt-get install chromium)"


@dataclass
class Lab:
    """A running JupyterLab and where it keeps its files."""

    url: str
    token: str
    folder: Path

    def write(self, name: str, cells: list[str]) -> str:
        """Put a notebook of code cells into the served folder; returns its name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, self.folder / name)
        return name


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_settings(folder: Path, theme: str) -> None:
    """No news, no update checks, every cell drawn, and the theme."""
    settings = {
        "apputils-extension/notification": {
            "fetchNews": "false",
            "checkForUpdates": False,
            "doNotDisturbMode": True,
        },
        "apputils-extension/themes": {"theme": THEMES[theme]},
        "notebook-extension/tracker": {"windowingMode": "none"},
        "docmanager-extension/plugin": {"autosave": False},
    }
    for name, values in settings.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))


@contextlib.contextmanager
def running_lab(folder: Path, theme: str = "light") -> Iterator[Lab]:
    """Start JupyterLab on ``folder`` for as long as the block runs."""
    work = folder / ".lab"
    write_settings(work / "settings", theme)
    port, token = free_port(), secrets.token_hex(16)
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(work / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(work / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(work / "config"),
        "JUPYTER_RUNTIME_DIR": str(work / "runtime"),
        "JUPYTER_DATA_DIR": str(work / "data"),
        "IPYTHONDIR": str(work / "ipython"),
        "PYTHONPATH": path,
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={token}",
        "--LabApp.news_url=None",
        "--KernelManager.transport_encryption=auto",
    ]
    with (work / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    lab = Lab(f"http://127.0.0.1:{port}", token, folder)
    try:
        wait_until_up(lab, server, work / "log")
        yield lab
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def wait_until_up(lab: Lab, server: subprocess.Popen, log: Path, seconds: float = 90) -> None:
    """Return once JupyterLab answers; RuntimeError with its log if it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{lab.url}/api?token={lab.token}", timeout=5),
        ):
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@dataclass
class Notebook:
    """One notebook open in the browser."""

    page: object
    lab: Lab
    errors: list[str] = field(default_factory=list)

    def open(self, name: str) -> None:
        """Open a notebook and wait for its kernel; where the page shows JupyterLab already, it is not loaded anew."""
        if self.page.evaluate("() => Boolean(window.jupyterapp)"):
            self.page.evaluate("path => void window.jupyterapp.commands.execute('docmanager:open', { path })", name)
        else:
            self.page.goto(
                f"{self.lab.url}/lab/tree/{name}?token={self.lab.token}&reset", wait_until="domcontentloaded"
            )
        self.page.wait_for_function(
            "name => window.jupyterapp?.shell?.currentWidget?.context?.path === name"
            " && window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'",
            arg=name,
            timeout=120_000,
        )

    def begin(self, cells: Sequence[str]) -> None:
        """Put code cells in the place of all that is here, before a kernel that has forgotten what was."""
        self.page.evaluate(
            """cells => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                const model = notebook.model.sharedModel;
                model.transact(() => {
                    model.deleteCellRange(0, model.cells.length);
                    model.insertCells(0, cells.map((source) => ({ cell_type: 'code', source, metadata: {} })));
                });
                notebook.activeCellIndex = 0;
                notebook.mode = 'command';
            }""",
            list(cells))
        told = self.ask("__import__('ipywidgets').Widget.close_all(), get_ipython().reset()")
        assert told == "None None", told

    def run(self, timeout: float = 300) -> None:
        """Run all cells and wait until the kernel rests."""
        self.page.set_default_timeout(timeout * 1000)
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.idle(timeout)
        self.page.set_default_timeout(30_000)

    def idle(self, timeout: float = 60) -> None:
        """Wait until the kernel rests."""
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'",
            timeout=timeout * 1000,
            polling=100,  # milliseconds; else it asks before each frame, and has the page drawn for that
        )

    def ask(self, expression: str) -> str:
        """The value of a Python expression in the notebook's kernel, or its error, as text."""
        return self.page.evaluate(
            """async code => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                let text = '';
                const future = kernel.requestExecute({ code, store_history: false });
                future.onIOPub = (message) => {
                    if (message.content.name === 'stdout') text += message.content.text;
                    if (message.header.msg_type === 'error') text += message.content.evalue;
                };
                await future.done;
                return text.trim();
            }""",
            f"print({expression}, end='')",
        )

    def leave(self) -> None:
        """Shut the kernel down and put the notebook away; the page goes on showing JupyterLab."""
        self.page.evaluate("""async () => {
            const notebook = window.jupyterapp.shell.currentWidget;
            await notebook.sessionContext.shutdown();
            notebook.dispose();
        }""")

    def close(self) -> None:
        """Shut the kernel down and close the page."""
        self.leave()
        self.page.close()

    def cells(self) -> list[dict]:
        """The notebook's code cells as the browser has them now."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                .map((cell) => cell.model.sharedModel.toJSON())
                .filter((cell) => cell.cell_type === 'code')""")

    def output_errors(self) -> list[str]:
        """The error outputs of all cells but those that are meant to raise."""
        return [f"{output['ename']}: {output['evalue']}" for cell in self.cells() for output in cell["outputs"]
                if output["output_type"] == "error" and "raises-exception" not in cell["metadata"].get("tags", [])]

    def unrun_cells(self) -> list[str]:
        """The code of all cells that were not run."""
        return ["".join(cell["source"]) for cell in self.cells() if cell["source"] and not cell["execution_count"]]


@contextlib.contextmanager
def running_browser() -> Iterator[object]:
    """A fresh headless browser; its pages share one cache."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        try:
            yield browser.new_context(viewport={"width": 1280, "height": 1000})
        finally:
            browser.close()


def open_notebook(browser: object, lab: Lab, name: str, reduced_motion: str = "no-preference") -> Notebook:
    """A notebook open in a page of its own, with the errors that our code writes to the console."""
    page = browser.new_page()
    page.emulate_media(reduced_motion=reduced_motion)
    notebook = Notebook(page, lab)
    page.on("pageerror", lambda error: str(error) != SLOW and notebook.errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and notebook.errors.append(message.text))
    notebook.open(name)
    return notebook


@dataclass
class Desk:
    """A page of JupyterLab for many notebooks, one after the other: loading it takes longer than most of them."""

    browser: object
    lab: Lab
    notebook: Notebook | None = None

    def open(self, name: str, reduced_motion: str = "no-preference") -> Notebook:
        """A notebook in this page, of whose errors none is told yet."""
        if self.notebook is None:
            self.notebook = open_notebook(self.browser, self.lab, name, reduced_motion)
        else:
            self.notebook.errors.clear()
            self.notebook.page.emulate_media(reduced_motion=reduced_motion)
            self.notebook.open(name)
        return self.notebook

    def sheet(self, cells: Sequence[str], reduced_motion: str = "no-preference") -> Notebook:
        """These cells, in a notebook that stays open with its kernel for the cells that come after them."""
        if not (self.lab.folder / "sheet.ipynb").exists():
            self.lab.write("sheet.ipynb", [])
        notebook = self.open("sheet.ipynb", reduced_motion)
        notebook.begin(cells)
        return notebook

    def clear(self) -> None:
        """Shut all kernels down and close the page: the next notebook meets another one."""
        if self.notebook is not None:
            with contextlib.suppress(Exception):  # whatever has happened to the page
                self.notebook.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
            self.notebook.page.close()
        self.notebook = None
