"""Where things lie: the course, its data, what was downloaded."""

import os
from pathlib import Path


def course_dir() -> Path | None:
    """The folder that holds notebooks/ and data/: a clone of the repository, or inside the package that its wheel has
    installed; None where there is only the package."""
    package = Path(__file__).resolve().parents[1]
    return next((f for f in (package.parent, package / "course") if (f / "data" / "README.md").is_file()), None)


def repo_data_dir() -> Path | None:
    """The course's data/ folder, or None where there is only the package."""
    course = course_dir()
    return course and course / "data"


def cache_dir() -> Path:
    """Where downloads go: $DCGAN_COURSE_CACHE, or ~/.cache/dcgan_course."""
    return Path(os.environ.get("DCGAN_COURSE_CACHE") or "~/.cache/dcgan_course").expanduser()
