"""What an answer is given must be afterwards what it was before: each call of it is watched."""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from .guard import settings
from .words import Wrong

CHANGED = {  # what may be found changed, in words
    "numbers": "the {name} that was given has changed: it is still needed as it was. Work on a copy.",
    "items": "the {name} that was given holds something else now: it is still needed as it was. Work on a copy.",
    "type": "the {name} that was given has another type or shape now: it is still needed as it was. Work on a copy.",
    "history": "{name} itself was detached, or told whether to keep gradients (detach_(), requires_grad_()): the "
               "lesson still needs it as it was.",
    "gradients": "{name}.grad has changed: backward() ran in here, and what follows cannot go back a second time.",
    "dtype": "{name} is left in another type ({now}), and the lesson goes on in {then}.",
    "mode": "{name} came in {then}, and is left in {now}: put back the mode that it had.",
    "frozen": "{name}'s weights are left frozen (requires_grad is False): they could not go on learning.",
    "weights": "the weights of {name} have changed.",
    "statistics": "the running statistics of batch norm in {name} have changed.",
    "settings": "batch norm's eps or momentum in {name} has changed.",
}
GRADIENTS_OFF = ("gradients are left switched off for all that follows. Switch them off for a block only: "
                 "`with torch.no_grad():`.")


def watched(answer: Callable, own: Callable, may_change: Mapping[int, str], says: Mapping[str, str]) -> Callable:
    """The answer, as a function that raises Wrong where a call has changed an argument, or a setting of torch or NumPy.

    Args:
        own: names the arguments where the answer does not.
        may_change: what may change of which argument, by its place: words of CHANGED.
        says: other texts than those of CHANGED.
    """
    def call(*args: object, **kwargs: object) -> object:
        given = [*zip(named(answer, own, args), args, strict=True), *kwargs.items()]
        before, then = [record(x) for _, x in given], settings()
        with of_the_answer():
            result = answer(*args, **kwargs)
        expect_settings(then)
        for place, ((name, x), old) in enumerate(zip(given, before, strict=True)):
            expect_unchanged(x, old, name, may_change.get(place, ""), says)
        return result
    return functools.update_wrapper(call, answer, updated=())


@contextlib.contextmanager
def watched_networks(answer: type[nn.Module], own: type[nn.Module]) -> Iterator[None]:
    """Raises Wrong where a network of the class `answer` changes what it is given. `own` names the arguments where the
    answer does not."""
    before = {}

    def begins(net: nn.Module, args: tuple) -> None:
        if isinstance(net, answer):
            before[net] = [record(x) for x in args]

    def ends(net: nn.Module, args: tuple, _: object) -> None:
        if isinstance(net, answer):
            names = named(answer.forward, getattr(own, "forward", own), (net, *args))[1:]
            for name, x, old in zip(names, args, before[net], strict=True):
                expect_unchanged(x, old, name)

    hooks = [register_module_forward_pre_hook(begins), register_module_forward_hook(ends)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def of_the_answer() -> Iterator[None]:
    """Marks errors as made by the answer, not by the check; see `stumble`."""
    try:
        yield
    except Exception as error:
        vars(error)["of_the_answer"] = True
        raise


def expect_unchanged(x: object, old: dict[str, object], name: str, but: str = "",
                     says: Mapping[str, str] | None = None) -> None:
    """That something is as it was recorded, but for words of CHANGED."""
    for aspect, now in record(x).items():
        if aspect not in but.split() and not equal(old[aspect], now):
            words = {"then": in_words(old[aspect]), "now": in_words(now)}
            raise Wrong({**CHANGED, **(says or {})}[aspect].format(name=name, **words))


def expect_settings(then: dict[str, object]) -> None:
    """No answer may change for good how torch or NumPy work."""
    for name, now in settings().items():
        if now != then[name]:
            off = name == "the mode of gradients" and not now
            raise Wrong(GRADIENTS_OFF if off else f"{name} is left changed for all that follows: {now} instead of "
                        f"{then[name]}. Put it back, or leave it alone.")


def named(answer: Callable, own: Callable, args: tuple) -> list[str]:
    """The arguments' names: the learner's, else the package's."""
    for function in (answer, own):
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):  # as of some functions written in C
            continue
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        if len(names) >= len(args):
            return names[: len(args)]
    return [f"argument {i}" for i in range(1, len(args) + 1)]


def record(x: object) -> dict[str, object]:
    """What can be seen of an argument, as copies, under the words of CHANGED."""
    if isinstance(x, nn.Module):
        norms = [m for m in x.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        return {"dtype": [p.dtype for p in x.parameters()], "mode": [m.training for m in x.modules()],
                "frozen": [p.requires_grad for p in x.parameters()], "weights": copied(list(x.parameters())),
                "statistics": copied(list(x.buffers())), "settings": [(m.eps, m.momentum) for m in norms]}
    if torch.is_tensor(x):
        return {"type": (x.dtype, x.shape), "history": x.requires_grad, "numbers": copied(x),
                "gradients": copied(x.grad) if x.is_leaf else None}
    return {"items" if isinstance(x, (dict, list, tuple)) else "numbers": copied(x)}


def copied(x: Any) -> Any:
    """A copy of tensors, arrays, and lists and dicts of them."""
    if torch.is_tensor(x):
        return x.detach().clone()
    if isinstance(x, np.ndarray):
        return x.copy()
    if isinstance(x, dict):
        return {key: copied(value) for key, value in x.items()}
    return [copied(value) for value in x] if isinstance(x, (list, tuple)) else x


def equal(a: Any, b: Any) -> bool:
    """Whether two copies are the same, NaN included."""
    if torch.is_tensor(a) or torch.is_tensor(b):
        alike = torch.is_tensor(a) and torch.is_tensor(b) and a.shape == b.shape and a.dtype == b.dtype
        return alike and bool(((a == b) | ((a != a) & (b != b))).all())
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and bool(((a == b) | ((a != a) & (b != b))).all())
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return a is b or bool(a == b)


def in_words(value: object) -> str:
    """A net's mode or type, from that of its parts."""
    parts = set(value) if isinstance(value, list) and all(isinstance(x, (bool, torch.dtype)) for x in value) else set()
    if parts <= {True, False}:
        return {(True,): "train mode", (False,): "eval mode"}.get(tuple(parts), "a mixture of train and eval mode")
    return ", ".join(sorted(map(str, parts)))
