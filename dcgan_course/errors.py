"""The error that is meant for the person at the keyboard."""


class UserError(Exception):
    """Bad input, said in one line: the file, flag or field, what was found, what was expected.

    The command line prints it without a traceback and exits with status 2.
    """


class Diverged(UserError):
    """A training whose losses or weights are no longer finite."""


class Unreadable(UserError):
    """Something that cannot be read now, and perhaps later: a drive that has gone, a file without permission."""
