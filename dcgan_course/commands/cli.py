"""The command line: dcgan-course COMMAND ..., or python -m dcgan_course COMMAND ..."""

import contextlib
import errno
import os
import signal
import sys

from .. import __version__
from ..machine.errors import UserError, nearest
from ..machine.files import shown
from ..machine.flags import parse
from ..machine.signals import Lossy, came, interrupted_by_all
from .catalogue import COMMANDS, OWN_PARSING, overview


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        the exit status: 0; 1 where `grade` finds exercises that are not solved; 2 after bad input, or for want of
        memory; 130 after Ctrl-C, and 143 after SIGTERM or 129 after SIGHUP, as shells say it, so that a batch system
        never takes what was cut short for done. A training that Ctrl-C stopped has done what it was told: 0.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    if hasattr(sys.stdout, "reconfigure"):  # names of files may hold any bytes
        sys.stdout.reconfigure(errors="backslashreplace")
    with interrupted_by_all(), contextlib.redirect_stderr(Lossy(sys.stderr)):
        status = run(args)
    cut_short = [128 + signum for signum in came if signum != signal.SIGINT]
    return cut_short[-1] if cut_short and status != 2 else status


def run(args: list[str]) -> int:
    """Call the command that `args` name, and say in one line what ended it."""
    try:
        if not args or args[0] in ("-h", "--help"):
            print(overview())
        elif args[0] == "--version":
            print(__version__)
        elif args[0] not in COMMANDS:
            known = ", ".join(COMMANDS)
            raise UserError(f"command: found {args[0]!r}, expected one of {known}{nearest(args[0], COMMANDS)}")
        elif args[0] in OWN_PARSING:
            COMMANDS[args[0]](args[1:])
        else:
            return parse(COMMANDS[args[0]], args[1:], args[0]) or 0
    except UserError as error:
        rank = f"rank {os.environ['RANK']}: " if "RANK" in os.environ else ""  # one of torchrun's processes
        print(f"dcgan-course: {rank}{shown(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"dcgan-course: {str(stop) or 'stopped'}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as head, has gone
        sys.stdout = None
    except (MemoryError, RuntimeError, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            print("dcgan-course: what is said cannot be written (No space left on device)", file=sys.stderr)
            sys.stdout = None
            return 2
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:  # whatever was to be done with that file or folder
            print(f"dcgan-course: {args[0]}: {shown(str(error.filename))}: found a name that is too long, expected one "
                  "that the file system takes", file=sys.stderr)
            return 2
        asked = memory_asked_for(error)
        if asked is None:
            raise
        print(f"dcgan-course: {args[0]}: out of memory{asked}; ask for fewer or smaller images, or free some memory",
              file=sys.stderr)
        return 2
    return 0


def memory_asked_for(error: Exception) -> str | None:
    """How much memory was asked for, in words, "" where that is not known; None for an error of another kind."""
    try:
        from ..backstage.memory import asked_for, out_of_memory
    except MemoryError:  # not enough even for that
        return "" if isinstance(error, MemoryError) else None
    return asked_for(error) if out_of_memory(error) else None


def script() -> None:
    """The console script `dcgan-course`."""
    sys.exit(main())
