"""The errors that are meant for the person at the keyboard."""

import importlib.util


class UserError(Exception):
    """Bad input, said in one line: the file, flag or field, what was found, what was expected.

    The command line prints it without a traceback and exits with status 2.
    """


class Diverged(UserError):
    """A training whose losses or weights are no longer finite."""


class Unreadable(UserError):
    """Something that cannot be read now, and perhaps later: a drive that has gone, a file without permission."""


def require_packages(who: str, *names: str) -> None:
    """Raise UserError where one of these packages, which the core does not install, is not here."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"{who}: {missing[0]} is not installed, expected after `pip install {' '.join(missing)}`")
