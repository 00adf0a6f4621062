"""The command line: dcgan-course COMMAND ..., or python -m dcgan_course COMMAND ..."""

import os
import sys

from . import __version__, commands
from .config import PRESETS, nearest
from .errors import UserError
from .flags import interrupt_on_signals, parse
from .page import explore

OWN_PARSING = {"train": commands.train, "resume": commands.resume}
COMMANDS = OWN_PARSING | {f.__name__: f for f in (
    commands.prepare, commands.sample, commands.interpolate, commands.gif, commands.score, commands.neighbours,
    commands.features, commands.judge, commands.record, commands.export, commands.page, commands.study, explore,
    commands.info, commands.bench, commands.doctor)}


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, 2 after bad input, 130 after Ctrl-C."""
    args = list(sys.argv[1:] if argv is None else argv)
    interrupt_on_signals()
    try:
        if not args or args[0] in ("-h", "--help"):
            print(overview())
        elif args[0] == "--version":
            print(__version__)
        elif args[0] not in COMMANDS:
            known = ", ".join(COMMANDS)
            raise UserError(f"command: found {args[0]!r}, expected one of {known}{nearest(args[0], COMMANDS)}")
        elif args[0] in OWN_PARSING:
            OWN_PARSING[args[0]](args[1:])
        else:
            parse(COMMANDS[args[0]], args[1:], args[0])
    except UserError as error:
        rank = f"rank {os.environ['RANK']}: " if "RANK" in os.environ else ""  # one of torchrun's processes
        print(f"dcgan-course: {rank}{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"dcgan-course: {str(stop) or 'stopped'}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as head, has gone
        sys.stdout = None
    return 0


def overview() -> str:
    lines = [f"  {name:<12} {command.__doc__.splitlines()[0]}" for name, command in COMMANDS.items()]
    return "\n".join(["dcgan-course COMMAND [--help] ...", "", *lines, "", f"presets: {', '.join(PRESETS)}"])


def script() -> None:
    """The console script `dcgan-course`."""
    sys.exit(main())
