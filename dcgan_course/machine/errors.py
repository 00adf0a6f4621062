"""The errors that are meant for the person at the keyboard."""

import difflib
import importlib.util
from collections.abc import Iterable


class UserError(Exception):
    """Bad input, said in one line: the file, flag or field, what was found, what was expected.

    The command line prints it without a traceback and exits with status 2.
    """


class Diverged(UserError):
    """A training whose losses or weights are no longer finite."""


class Unreadable(UserError):
    """Something that cannot be read now, and perhaps later: a drive that has gone, a file without permission."""


def nearest(name: str, known: Iterable[str]) -> str:
    """"; did you mean X?" for the known name closest to a mistyped one, or ""."""
    close = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def require_packages(who: str, *names: str) -> None:
    """Raise UserError where one of these packages, which the core does not install, is not here."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"{who}: {missing[0]} is not installed; `pip install {' '.join(missing)}` installs it")
