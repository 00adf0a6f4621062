"""Which Chromium drives the tests of what a person sees, and prints the cheat sheet.

python site/chromium.py    names it, or ends with status 1
"""

import shutil
import sys

# the first one has no windows to care for: a third less work
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
         "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def program() -> str | None:
    """The path of one that is here."""
    return next(filter(None, map(shutil.which, NAMES)), None)


if __name__ == "__main__":
    print(program() or sys.exit(1))
