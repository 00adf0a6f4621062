"""The site of the course, built once for all tests and all of their processes."""

import functools
from pathlib import Path

import processes
from filelock import FileLock

ROOT = Path(__file__).parents[2]


def built(tmp_path_factory) -> Path:
    """The folder of the site, with the explorer of its home page alone."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if shared.name.startswith("popen-") else shared  # a worker's own lies in that of all
    with FileLock(shared / "site.lock"):
        folder = shared / "site"
        if not folder.exists():
            code = processes.script(ROOT / "site" / "build.py", folder.name, "avatars")
            made = processes.begin(f"import os; os.chdir({str(shared)!r}); {code}")
            said = "".join(made.communicate())
            assert made.returncode == 0 and said == "", said
            assert not (shared / "jupyter_execute").exists()  # nothing beside it
    return folder


@functools.cache
def script(*names: str) -> str:
    """JavaScript of the duel, and of the explorer what it shares."""
    files = [ROOT / "dcgan_course" / "publishing" / "assets" / "latent.js",
             *(ROOT / "site" / "_static" / "duel" / f"{name}.js" for name in names)]
    return "\n".join(file.read_text("utf-8") for file in files)
