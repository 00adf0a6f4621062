"""The latent sliders as a web page without code, by Voila."""

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from .errors import UserError
from .flags import RunName, expect_positive


def explore(run: RunName, /, port: int = 8866, browser: bool = True) -> None:
    """Open sliders for a generator's latent space as a web page, on this machine only, until Ctrl-C.

    Args:
        run: A run folder, or the name of a recorded run.
        port: The page's address is http://localhost:PORT.
        browser: Open the page in the browser at once.
    """
    from .runs import load_run

    expect_positive(port=port)
    if port > 65535:
        raise UserError(f"port: found {port}, expected 1 to 65535")
    folder = load_run(run).path.resolve()
    if importlib.util.find_spec("voila") is None:
        raise UserError("explore: voila is not installed, expected after `pip install voila`")
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "explorer.ipynb"
        file.write_text(json.dumps(notebook(folder)), encoding="utf-8")
        print(f"the page is at http://localhost:{port}; Ctrl-C ends it", flush=True)
        command = [sys.executable, "-m", "voila", str(file), f"--port={port}", "--ServerApp.port_retries=0",
                   "--Voila.port_retries=0", "--Voila.log_level=CRITICAL", *([] if browser else ["--no-browser"])]
        status = subprocess.run(command).returncode
    if status:
        raise UserError(f"explore: the page ended with status {status}; is port {port} taken? Another one: "
                        f"--port {port + 1}")


def notebook(run: Path) -> dict:
    """One cell, which shows the explorer of a run."""
    code = f"from dcgan_course.widgets import explore\n\nexplore({str(run)!r})"
    cell = {"cell_type": "code", "id": "explorer", "source": code, "metadata": {}, "outputs": [],
            "execution_count": None}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "cells": [cell], "metadata": {"kernelspec": kernel,
            "title": f"Latent space of {run.name}"}}
