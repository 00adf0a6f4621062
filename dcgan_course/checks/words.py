"""What is wrong, in words: what a check expects, and what it says about something else."""

import numpy as np
import torch
from torch import Tensor


class Wrong(Exception):
    """What is wrong with an answer, in the learner's words."""


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


def plain(x: object) -> object:
    """A single number or truth value as Python has it, out of NumPy's types, or an array or tensor without axes."""
    return x.item() if isinstance(x, (np.generic, np.ndarray, Tensor)) and np.ndim(x) == 0 else x


def same(a: Tensor, b: Tensor, tolerance: float = 1e-5) -> bool:
    """Whether two tensors have one shape and, as float32, the same numbers within `tolerance`, relative or absolute."""
    return a.shape == b.shape and torch.allclose(a.float(), b.float(), rtol=tolerance, atol=tolerance)


def expect_none_of(found: Tensor, mistakes: dict[str, Tensor], tolerance: float = 1e-4) -> None:
    """Name the mistake whose result was found."""
    for message, value in mistakes.items():
        expect(not same(found, value, tolerance), message)
