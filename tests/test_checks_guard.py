"""What a check leaves as it was, how it ends answers that do not end, and whom it blames."""

import html
import os
import random
import re
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dcgan_course import checks
from dcgan_course.checks import base, guard
from dcgan_course.checks.base import exercise, serves
from dcgan_course.machine import display

TIMER = hasattr(signal, "setitimer")  # not on Windows
timed = pytest.mark.skipif(not TIMER, reason="no timer signal here")


def after(thing):
    """A right answer to check_alternating_step that does something besides."""
    def answer(x, y, lr):
        thing()
        return x - lr * y, y + lr * (x - lr * y)
    return answer


def said(answer, capsys, check=checks.check_alternating_step):
    check(answer)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    return printed


def states():
    return (guard.settings(), random.getstate(), torch.get_rng_state().tolist(),
            [np.asarray(part).tolist() for part in np.random.get_state()], TIMER and signal.getsignal(signal.SIGALRM))


@pytest.mark.parametrize(("thing", "words"), {
    "dtype": (lambda: torch.set_default_dtype(torch.float64), "default dtype is left changed"),
    "gradients": (lambda: torch.set_grad_enabled(False), "gradients are left switched off"),
    "threads": (lambda: torch.set_num_threads(torch.get_num_threads() % 2 + 1), "number of threads is left changed"),
    "deterministic": (lambda: torch.use_deterministic_algorithms(True), "deterministic mode is left changed"),
    "anomaly": (lambda: torch.autograd.set_detect_anomaly(True), "anomaly mode is left changed"),
    "seterr": (lambda: np.seterr(all="raise"), "np.seterr) is left changed"),
    "seeds": (lambda: (random.seed(1), np.random.seed(1), torch.manual_seed(1)), "Right. "),
}.values(), ids=lambda value: value if isinstance(value, str) else "")
def test_settings_and_random_streams_are_put_back(thing, words, capsys):
    before = states()
    assert words in said(after(thing), capsys)
    assert states() == before


def test_settings_of_a_class_are_put_back(capsys):
    class G(checks.networks.Reference64):
        def __init__(self, nz=100, ngf=64, nc=3):
            super().__init__(nz, ngf, nc)
            torch.set_default_dtype(torch.float64)

    before = states()
    assert "Not yet" in said(G, capsys, checks.check_generator)
    assert states() == before


def test_what_the_notebook_has_chosen_does_not_matter(capsys):
    before = states()
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    try:
        for check in (checks.check_slerp, checks.check_d_loss, checks.check_noise):
            own = check(not_attempted)
            capsys.readouterr()
            assert said(own, capsys, check).startswith("Right")
        assert torch.get_default_dtype() == torch.float64 and not torch.is_grad_enabled()
    finally:
        guard.restore(before[0])


def not_attempted(*_):
    raise NotImplementedError


def not_attempted_with_words(*_):
    raise NotImplementedError("your turn")


def test_a_stub_with_words_is_not_attempted(capsys):
    assert said(not_attempted_with_words, capsys).startswith("Not attempted yet")


@pytest.mark.parametrize("error", [SystemExit, SystemExit(1), KeyboardInterrupt, RecursionError, MemoryError])
def test_what_ends_programs_does_not_end_the_notebook(error, capsys):
    def answer(*_):
        raise error

    before = states()
    assert said(answer, capsys).startswith("Not yet: answer ")
    assert states() == before


@timed
def test_ctrl_c_interrupts(capsys):
    def answer(*_):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    before = states()
    then = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs behind it
    try:
        with pytest.raises(KeyboardInterrupt):
            checks.check_alternating_step(answer)
    finally:
        signal.signal(signal.SIGINT, then)
    assert states() == before and not capsys.readouterr().out


@timed
def test_ctrl_c_interrupts_where_somebody_handles_it(monkeypatch):
    """A handler written in Python raises with `raise`, as an answer would; it is no code of the learner's."""
    def handler(*_):
        raise KeyboardInterrupt

    def answer(*_):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(base, "is_own", lambda frame: frame.name != "handler")
    then = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            checks.check_alternating_step(answer)
    finally:
        signal.signal(signal.SIGINT, then)


def endless(*_):
    while True:
        pass


def endless_and_stubborn(*_):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            if time.monotonic() > endless_and_stubborn.until:
                raise


@timed
@pytest.mark.parametrize("answer", [endless, endless_and_stubborn])
def test_an_endless_loop_ends(answer, capsys, monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.2)
    endless_and_stubborn.until = time.monotonic() + 1
    before = states()
    assert "had not finished after 0 s, and was stopped. Is there a loop that never ends?" in said(answer, capsys)
    assert states() == before and signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@timed
def test_somebody_elses_timer_goes_on(capsys):
    signal.setitimer(signal.ITIMER_REAL, 50)
    try:
        assert said(after(lambda: None), capsys).startswith("Right")
        assert 40 < signal.getitimer(signal.ITIMER_REAL)[0] <= 50
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_in_another_thread_there_is_no_timer(capsys):
    thread = threading.Thread(target=checks.check_alternating_step, args=(after(lambda: None),))
    thread.start()
    thread.join()
    assert capsys.readouterr().out.startswith("Right")


@pytest.mark.parametrize("check", [c for name, c in vars(checks).items() if name.startswith("check_")],
                         ids=lambda check: check.__name__)
def test_a_result_in_place_of_the_function(check, capsys):
    for given in (3, "text", None, torch.zeros(3), {"A": 1}):
        printed = said(given, capsys, check)
        assert "without brackets" in printed and f"{check.__name__}(" in printed


@exercise(lambda x: x)
def check_nothing(answer):
    """Its own code stops at whatever comes."""
    len(answer(3))


@exercise(lambda x: x)
def check_lesson(answer):
    with serves("a number above 1."):
        if answer(3) <= 1:
            raise ValueError("too small")


def test_the_checks_own_errors_are_not_the_learners(capsys, monkeypatch):
    monkeypatch.setattr(base, "NOT_OWN", (*base.NOT_OWN, str(Path(__file__).parent)))  # where the checks above stand
    assert said(lambda x: x, capsys, check_nothing).startswith(
        "Not yet: what <lambda> gives cannot be used as the lesson does (TypeError: object of type 'int' has no len()")
    assert said(lambda x: len(x), capsys, check_nothing).startswith("Not yet: <lambda> stopped with TypeError")
    assert said(lambda x: 0, capsys, check_lesson) == (
        "Not yet: the values are right, but the lesson would stop at them: a number above 1. (ValueError: too "
        "small)\n")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)


@exercise(lambda net: net, {1: "numbers"}, mode="{name} was in {then}, is in {now}.")
def check_net(answer):
    answer(Net(), torch.zeros(3), [np.ones(2), torch.full((2,), torch.nan)])


@pytest.mark.parametrize(("thing", "words"), {
    "nothing": (lambda net, x, y: None, "Right"),
    "what may": (lambda net, x, y: x.add_(1), "Right"),
    "gradients of x": (lambda net, x, y: x.requires_grad_(), "requires_grad_()"),
    "an array": (lambda net, x, y: y[0].fill(3), "holds something else"),
    "a list": (lambda net, x, y: y.append(3), "holds something else"),
    "mode": (lambda net, x, y: net.eval(), "net was in train mode, is in eval mode."),
    "mode of a part": (lambda net, x, y: net.norm.eval(), "is in a mixture of train and eval mode."),
    "weights": (lambda net, x, y: net.layer.weight.data.mul_(2), "the weights of net have changed"),
    "a buffer": (lambda net, x, y: net.norm.running_var.add_(1), "the running statistics"),
    "a counter": (lambda net, x, y: net.norm.num_batches_tracked.add_(1), "the running statistics"),
    "frozen": (lambda net, x, y: net.layer.weight.requires_grad_(False), "frozen"),
    "dtype": (lambda net, x, y: net.double(), "torch.float64"),
    "eps": (lambda net, x, y: setattr(net.norm, "eps", 1), "eps or momentum"),
}.values(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_was_given_is_compared(thing, words, capsys):
    assert words in said(thing, capsys, check_net)


def test_keyword_arguments_are_compared(capsys):
    @exercise(lambda a, b: a)
    def check_named(answer):
        answer(torch.zeros(3), b=torch.zeros(3))

    assert "Right" in said(lambda a, b: a + b, capsys, check_named)
    assert "the b that was given has changed" in said(lambda a, b: b.add_(1), capsys, check_named)


def test_what_a_network_is_given_is_compared(capsys):
    class G(checks.networks.Reference64):
        def forward(self, noise):
            return super().forward(noise + 0)

    class Changing(checks.networks.Reference64):
        def forward(self, noise):
            images = super().forward(noise)
            noise.data.add_(1)
            return images

    assert said(G, capsys, checks.check_generator).startswith("Right")
    assert "the noise that was given has changed" in said(Changing, capsys, checks.check_generator)
    Changing(8)(torch.zeros(2, 8))  # only in a check


def test_words_in_a_notebook(capsys, monkeypatch):
    """HTML with a mark, whose words are those of the text, broken between words."""
    shown = []
    monkeypatch.setattr(display, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    for mark, text in (("✓", base.RIGHT), ("○", "3 of 4 solved here, 17 of 37 in the course."),
                       ("✗", "Not yet: `x < 1 & y` is " + "a long story with well-known words " * 5 + "x" * 120)):
        display.say(mark, text)
        bundle = shown.pop()
        assert " ".join(bundle["text/plain"].split()) == text
        lines = bundle["text/plain"].splitlines()
        assert all(len(line) <= 95 or line == "x" * 120 for line in lines)
        assert html.unescape(re.sub("<.*?>", "", bundle["text/html"].replace("<code>", "`").replace("</code>", "`"))
                             ) == f"{mark} {text}"
        assert display.COLOURS[mark] in bundle["text/html"]
    assert not capsys.readouterr().out


def test_words_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "20")
    display.say("✗", "Not yet: all pixels have the same value.")
    assert capsys.readouterr().out == "Not yet: all pixels\nhave the same value.\n"
