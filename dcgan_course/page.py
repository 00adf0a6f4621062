"""The latent sliders as a web page without code, by Voila."""

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from .errors import UserError


def notebook(run: Path) -> nbformat.NotebookNode:
    """One cell, which shows the explorer of a run."""
    code = f"from dcgan_course.widgets import explore\n\nexplore({str(run.resolve())!r})"
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    page.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    page.metadata["title"] = f"Latent space of {run.name}"
    return page


def serve(run: Path, port: int, browser: bool) -> None:
    """Serve the explorer of a run on this machine until Ctrl-C.

    Raises:
        UserError: Voila is not installed, or it could not start, as where the port is taken.
    """
    if importlib.util.find_spec("voila") is None:
        raise UserError("explore: voila is not installed, expected after `pip install 'dcgan-course[page]'`")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "explorer.ipynb"
        nbformat.write(notebook(run), file)
        command = [sys.executable, "-m", "voila", str(file), f"--port={port}", "--Voila.port_retries=0",
                   "--Voila.log_level=ERROR", *([] if browser else ["--no-browser"])]
        print(f"the page is at http://localhost:{port}; Ctrl-C ends it")
        status = subprocess.run(command).returncode
    if status:
        raise UserError(f"explore: the page could not be served on port {port} (status {status}); is the port taken? "
                        "Another one: --port 8867")
