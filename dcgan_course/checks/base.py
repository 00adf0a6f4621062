"""How a check answers: one line, and never an error that would stop the notebook."""

import contextlib
import functools
import traceback
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor


class Wrong(Exception):
    """What is wrong with an answer, in the learner's words."""


def exercise(package_own: Callable) -> Callable[[Callable], Callable]:
    """Turns a function that raises Wrong for a wrong answer into a check, which prints what it found and returns the
    answer where it is right, else `package_own`. Random streams and the gradient mode are left as they were."""
    def decorate(examine: Callable):
        @functools.wraps(examine)
        def check(answer: object) -> object:
            try:
                with untouched(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    examine(answer)
            except Wrong as wrong:
                print(f"Not yet: {wrong}")
            except NotImplementedError as error:
                where = traceback.extract_tb(error.__traceback__)[-1].name
                if error.args:  # torch's own, not the stub's
                    print(f"Not yet: {stumble(error, answer)}")
                elif where == "forward":
                    print("Not yet: the line `raise NotImplementedError` is still reached in forward.")
                else:
                    print("Not attempted yet. The lesson goes on with the package's own version.")
            except Exception as error:
                print(f"Not yet: {stumble(error, answer)}")
            else:
                print("Right. The lesson goes on with yours.")
                return answer
            return package_own
        return check
    return decorate


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """Runs the learner's code without letting it change what the notebook goes on with."""
    numpy_stream, grad = np.random.get_state(), torch.is_grad_enabled()
    try:
        with torch.random.fork_rng(), torch.enable_grad():
            torch.manual_seed(0)
            yield
            expect(torch.is_grad_enabled(), "gradients are left switched off for all that follows. Switch them off "
                   "for a block only: `with torch.no_grad():`.")
    finally:
        np.random.set_state(numpy_stream)
        torch.set_grad_enabled(grad)


def stumble(error: Exception, answer: object) -> str:
    """Where the learner's code stopped, in one line."""
    name = getattr(answer, "__name__", "your code")
    own = [frame for frame in traceback.extract_tb(error.__traceback__)
           if not any(part in frame.filename for part in ("dcgan_course", "site-packages", "dist-packages"))]
    line = f", at `{own[-1].line}`" if own and own[-1].line else ""
    message = " ".join(str(error).split())[:160]
    return f"{name} stopped with {type(error).__name__}{': ' if message else ''}{message}{line}"


def expect(good: bool, message: str) -> None:
    """Raise Wrong with the message unless `good`."""
    if not good:
        raise Wrong(message)


def expect_tensor(found: Tensor, shape: tuple, what: str = "the result", hint: str = "",
                  dtype: torch.dtype | None = None) -> None:
    """A tensor of that shape; of floating-point numbers, whichever where no type is asked for."""
    expect(isinstance(found, Tensor), f"{what} is {described(found)}, expected a tensor.")
    expect(tuple(found.shape) == tuple(shape), f"{what} has shape {tuple(found.shape)}, expected {tuple(shape)}{hint}.")
    expect(found.dtype == dtype if dtype else found.is_floating_point(),
           f"{what} holds {found.dtype}, expected {dtype or 'floating-point numbers'}.")


def described(x: object) -> str:
    """What came instead of the right thing, by its type, to stand after "is"; of None a guess at the reason."""
    return "None (is a `return` missing?)" if x is None else f"of type {type(x).__name__}"


def same(a: Tensor, b: Tensor, tolerance: float = 1e-5) -> bool:
    """Whether two tensors have one shape and, as float32, the same numbers within `tolerance`, relative or absolute."""
    return a.shape == b.shape and torch.allclose(a.float(), b.float(), rtol=tolerance, atol=tolerance)


def expect_none_of(found: Tensor, mistakes: dict[str, Tensor], tolerance: float = 1e-4) -> None:
    """Name the mistake whose result was found."""
    for message, value in mistakes.items():
        expect(not same(found, value, tolerance), message)
