import time

import pytest
import torch

from dcgan_course import runtime
from dcgan_course.errors import UserError
from dcgan_course.runtime import pick_device, pick_precision, probe_precision, seeded


@pytest.mark.parametrize(("called", "on_the_path", "expected"), [
    (".venv/bin/dcgan-course", None, ".venv/bin/dcgan-course"),
    (".venv/bin/dcgan-course", "/usr/bin/dcgan-course", "dcgan-course"),
    ("ipykernel_launcher.py", None, "dcgan-course")])
def test_the_command_to_go_on_with(monkeypatch, called, on_the_path, expected):
    monkeypatch.setattr(runtime.sys, "argv", [called])
    monkeypatch.setattr(runtime.shutil, "which", lambda name: on_the_path)
    assert runtime.program() == expected


def test_streams_are_independent_and_repeat():
    def draw(seed, purpose):
        return torch.rand(5, generator=seeded(seed, purpose)).tolist()

    assert draw(0, "z") == draw(0, "z")
    assert draw(0, "z") != draw(1, "z")
    assert draw(0, "z") != draw(0, "order")


def test_devices():
    assert pick_device("cpu").type == "cpu"
    assert pick_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("cuda:77", "gpu", ""):
        with pytest.raises(UserError, match=f"device: found '{name}', expected auto, cpu or a device"):
            pick_device(name)


@pytest.mark.parametrize("fp32, bf16, expected", [(1.0, 5.0, "fp32"), (1.0, 0.95, "fp32"), (1.0, 0.85, "bf16")])
def test_precision_follows_the_probe(monkeypatch, fp32, bf16, expected):
    monkeypatch.setattr(runtime, "probe_precision", lambda device: {"fp32": fp32, "bf16": bf16})
    assert pick_precision("auto", torch.device("cpu")) == expected
    assert pick_precision("bf16", torch.device("cpu")) == "bf16"  # asked for: not probed


def test_the_probe_times_both_and_is_short():
    start = time.perf_counter()
    seconds = probe_precision(torch.device("cpu"))
    total = time.perf_counter() - start
    assert seconds.keys() == {"fp32", "bf16"}
    assert 0 < min(seconds.values()) and 3 * sum(seconds.values()) < total  # real times, not constants
