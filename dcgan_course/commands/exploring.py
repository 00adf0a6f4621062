"""The latent sliders as a web page without code, by Voila."""

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from ..machine.errors import UserError, require_packages
from ..machine.flags import RunName, expect_positive

PATIENCE = 8  # seconds for the server and its kernels to end by themselves; `docker stop` waits for 10
# what the page may load: Voila's own templates ask for icons on the network, which nobody here needs
POLICY = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; connect-src 'self' ws: wss: blob: data:"
# Voila, until its standard input is closed: by `serve`, or by the system where this process was killed
SERVER = """
import os, signal, threading
from dcgan_course.commands.websocket import hasten
from voila.app import main

def watch():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=watch, daemon=True).start()
hasten()
main()
"""


def explore(run: RunName, /, port: int = 8866, browser: bool = True) -> None:
    """Open sliders for a generator's latent space as a web page, on this machine only, until Ctrl-C.

    Args:
        run: A run folder, or the name of a recorded run.
        port: The page's address is http://localhost:PORT.
        browser: Open the page in the browser at once.
    """
    from ..runs import load_run

    expect_positive(port=port)
    if port > 65535:
        raise UserError(f"port: found {port}, expected 1 to 65535")
    folder = load_run(run).path.resolve()
    require_packages("explore", "voila", "anywidget", "ipywidgets")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        file, log = Path(temporary) / "explorer.ipynb", Path(temporary) / "log"
        file.write_text(json.dumps(notebook(folder, working_folder())), encoding="utf-8")
        print(f"the page is at http://localhost:{port}; Ctrl-C ends it", flush=True)
        options = [f"--port={port}", "--ServerApp.port_retries=0", "--Voila.port_retries=0",
                   "--Voila.log_level=CRITICAL", f"--Voila.connection_dir_root={temporary}",
                   f"--Voila.tornado_settings={{'headers': {{'Content-Security-Policy': \"{POLICY}\"}}}}",
                   "--KernelManager.shutdown_wait_time=1",  # a busy kernel has nothing to lose
                   *([] if browser else ["--no-browser"])]
        status = serve([sys.executable, "-c", SERVER, str(file), *options], log)
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if status:
        reason = f" ({said[-1]})" if said else ""
        raise UserError(f"explore: the page ended with status {status}{reason}; is port {port} taken? Another one: "
                        f"--port {port + 1}")


def working_folder() -> Path:
    """The folder of this process. Raises UserError where it has been removed meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UserError("explore: the working folder is no longer there, and pictures are saved in it") from error


def serve(command: list[str], log: Path) -> int:
    """Run SERVER until it ends by itself, and return its status. However this function ends, the server ends before.

    It is in a session of its own: Ctrl-C in the terminal is for this process, which then asks the server to end.
    """
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True)
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return server.wait(0.5)  # Windows hears no Ctrl-C during a wait without an end
    finally:
        server.stdin.close()
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(PATIENCE)
        finally:
            server.kill()  # its kernels notice within a second
            server.wait()


def notebook(run: Path, folder: Path) -> dict:
    """One cell, which shows the explorer of a run, for pictures that are saved in a folder."""
    code = ("from dcgan_course.machine.runtime import settle_threads\nfrom dcgan_course.widgets import explore\n\n"
            f"settle_threads()\nexplore({str(run)!r}, folder={str(folder)!r})")
    cell = {"cell_type": "code", "id": "explorer", "source": code, "metadata": {}, "outputs": [],
            "execution_count": None}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "cells": [cell], "metadata": {"kernelspec": kernel,
            "title": f"Latent space of {run.name}"}}
