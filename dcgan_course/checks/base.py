"""How a check answers: one line, and never an error that would stop the notebook."""

import contextlib
import functools
import inspect
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from ..machine import progress
from ..machine.display import say
from . import guard
from .guard import raised_on_purpose, settings, untouched
from .inputs import expect_settings, watched, watched_networks
from .words import (
    Wrong,
    described,
    expect,
    expect_none_of,
    expect_tensor,
    plain,
    same,
)

__all__ = ["Check", "Wrong", "described", "exercise", "expect", "expect_none_of", "expect_tensor", "plain",
           "same", "serves"]

NOT_OWN = (str(Path(__file__).parents[1]), str(Path(contextlib.__file__).parent), "<frozen")  # this package, Python's
RIGHT, NOT_ATTEMPTED = "Right. The lesson goes on with yours.", "Not attempted yet"
TOO_LONG = "had not finished after"


class Check(Protocol):
    """What `exercise` makes of a function."""

    def __call__(self, answer: object) -> object:
        """Say what was found; the answer where it is right, else the package's own."""

    def verdict(self, answer: object) -> str:
        """What was found, "" where the answer is right."""


def exercise(package_own: Callable, may_change: Mapping[int, str] | None = None, **says: str) -> Callable:
    """Turns a function that raises Wrong for a wrong answer into a check, which says what it found and returns the
    answer where it is right, else `package_own`. Its `verdict` only gives what it found, for whoever grades.

    Random streams and settings are left as they were, and what the answer is given must stay as it was.

    Args:
        may_change: what an answer may change of its arguments, by their place, such as {0: "weights statistics"}.
        says: texts for what has changed, instead of those of `inputs.CHANGED`.
    """
    def decorate(examine: Callable) -> Callable:
        def examined(answer: object) -> None:
            expect(callable(answer), f"what was given is {described(answer)}. Give the function or class itself, "
                   f"without brackets: {examine.__name__}(NAME).")
            then = settings()
            if inspect.isclass(answer):
                with watched_networks(answer, package_own):
                    examine(answer)
            else:
                examine(watched(answer, package_own, may_change or {}, says))
            expect_settings(then)

        @functools.wraps(examine)
        def check(answer: object) -> object:
            verdict = found(examined, answer)
            if not verdict:
                progress.note(examine.__name__.removeprefix("check_"))
            say("✓" if not verdict else "○" if verdict.startswith(NOT_ATTEMPTED) else "✗", verdict or RIGHT)
            return package_own if verdict else answer
        vars(check)["verdict"] = functools.partial(found, examined)
        return check
    return decorate


def found(examined: Callable, answer: object) -> str:
    """What is wrong with an answer, in one line; nothing where it is right."""
    try:
        with untouched(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            examined(answer)
    except Wrong as wrong:
        return f"Not yet: {wrong}"
    except NotImplementedError as error:
        return unwritten(error, answer)
    except guard.TooLong:
        return (f"Not yet: {called(answer)} {TOO_LONG} {guard.SECONDS:.0f} s, and was stopped. Is there a "
                "loop that never ends?")
    except SystemExit:
        return f"Not yet: {called(answer)} ends the whole program (exit, SystemExit). `return` ends a function."
    except KeyboardInterrupt as error:
        own = is_own(traceback.extract_tb(error.__traceback__)[-1])
        if not (own and raised_on_purpose(error)):  # Ctrl-C, or the stop button
            raise
        return f"Not yet: {stumble(error, answer)}"
    except Exception as error:
        return f"Not yet: {stumble(error, answer)}"
    return ""


def unwritten(error: NotImplementedError, answer: object) -> str:
    """The stub's `raise NotImplementedError`, unless it is one of torch's own."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    if error.args and not is_own(last):
        return f"Not yet: {stumble(error, answer)}"
    if last.name == "forward":
        return "Not yet: the line `raise NotImplementedError` is still reached in forward."
    return f"{NOT_ATTEMPTED}. The lesson goes on with the package's own version."


def is_own(frame: traceback.FrameSummary) -> bool:
    """Whether it is the learner's code."""
    return not frame.filename.startswith(NOT_OWN) and not any(
        part in frame.filename for part in ("site-packages", "dist-packages"))


def called(answer: object) -> str:
    """The answer's name, to begin a sentence with."""
    return getattr(answer, "__name__", "your code")


def stumble(error: BaseException, answer: object) -> str:
    """Where the learner's code stopped, in one line; or that the check could not go on with what came of it."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if is_own(frame)]
    line = f", at `{own[-1].line}`" if own and own[-1].line else ""
    message = " ".join(str(error).split())[:160]
    what = f"{type(error).__name__}{': ' if message else ''}{message}{line}"
    if own or getattr(error, "of_the_answer", False):
        return f"{called(answer)} stopped with {what}"
    return f"what {called(answer)} gives cannot be used as the lesson does ({what}). Is it of the kind that is wanted?"


@contextlib.contextmanager
def serves(needs: str) -> Iterator[None]:
    """The answer is right; here it is used as its lesson does. Where that fails, `needs` says what the lesson wants."""
    try:
        yield
    except Wrong:
        raise
    except Exception as error:
        message = " ".join(str(error).split())[:100]
        raise Wrong(f"the values are right, but the lesson would stop at them: {needs} ({type(error).__name__}"
                    f"{': ' if message else ''}{message})") from error
