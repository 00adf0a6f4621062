"""The site of the course, built once for all tests and all of their processes."""

import functools
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).parents[2]


def built(tmp_path_factory) -> Path:
    """The folder of the site, with the explorer of its home page alone."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if shared.name.startswith("popen-") else shared  # a worker's own lies in that of all
    with FileLock(shared / "site.lock"):
        folder = shared / "site"
        if not folder.exists():
            made = subprocess.run([sys.executable, ROOT / "site" / "build.py", folder.name, "avatars"], text=True,
                                  capture_output=True, cwd=shared)
            assert made.returncode == 0 and made.stdout + made.stderr == "", made.stdout + made.stderr
            assert not (shared / "jupyter_execute").exists()  # nothing beside it
    return folder


@functools.cache
def script(*names: str) -> str:
    """JavaScript of the duel, and of the explorer what it shares."""
    files = [ROOT / "dcgan_course" / "publishing" / "assets" / "latent.js",
             *(ROOT / "site" / "_static" / "duel" / f"{name}.js" for name in names)]
    return "\n".join(file.read_text("utf-8") for file in files)
