import contextlib
import math
import time
import warnings
from pathlib import Path

import pytest
import tiny
import torch

from dcgan_course.backstage.resolve import resolve
from dcgan_course.commands import cli, info
from dcgan_course.machine import runtime
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.runtime import (
    fastest,
    has_bf16,
    memory_format,
    pick_device,
    pick_precision,
    probe_precision,
    seeded,
)
from dcgan_course.state import TrainState

CPU = torch.device("cpu")


@pytest.mark.parametrize(("called", "on_the_path", "expected"), [
    (".venv/bin/dcgan-course", None, str(Path(".venv/bin/dcgan-course"))),
    (".venv/bin/dcgan-course", "/usr/bin/dcgan-course", "dcgan-course"),
    ("dcgan_course/__main__.py", None, "python -m dcgan_course"),
    ("dcgan_course/__main__.py", "/usr/bin/dcgan-course", "dcgan-course"),
    ("ipykernel_launcher.py", None, "dcgan-course")])
def test_the_command_to_go_on_with(monkeypatch, called, on_the_path, expected):
    monkeypatch.setattr(runtime.sys, "argv", [called])
    monkeypatch.setattr(runtime.shutil, "which", lambda name: on_the_path)
    assert runtime.program() == expected


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match="nproc-per-node: found 2 processes or more, expected at most 1, one for each"):
        pick_device("cuda")


def test_several_gpus_are_no_reason_for_a_warning(monkeypatch):
    """All their streams are kept, and PyTorch warns unless it is told of each."""
    kept = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: device)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda stream, device: kept.append((stream, device)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with runtime.streams_kept():
            torch.rand(1)
    assert kept == [(0, 0), (1, 1)]


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


# ---- precision


@pytest.mark.parametrize("seconds, expected", [
    ({"fp32": 1.0, "bf16": 5.0}, "fp32"), ({"fp32": 1.0, "bf16": 0.95}, "fp32"), ({"fp32": 1.0, "bf16": 0.85}, "bf16"),
    ({"fp32": 1.0, "bf16": 0.5, "fp16": 0.4}, "bf16"),  # an A100
    ({"fp32": 1.0, "bf16": math.inf, "fp16": 0.2}, "fp16"),  # a T4
    ({"fp32": 1.0, "bf16": math.inf, "fp16": 60.0}, "fp32"),  # a GTX 1080
    ({"fp32": 1.0, "bf16": math.inf, "fp16": math.inf}, "fp32"),
    ({"fp32": math.inf, "bf16": math.inf}, "fp32")])
def test_precision_follows_the_probe(monkeypatch, seconds, expected):
    monkeypatch.setattr(runtime, "probe_precision", lambda device: seconds)
    assert fastest(seconds) == expected == pick_precision("auto", CPU)
    assert pick_precision("bf16", CPU) == "bf16"  # asked for: not probed
    assert pick_precision("auto", torch.device("mps")) == "fp32"  # nor is MPS


def test_the_probe_times_both_and_is_short():
    start = time.perf_counter()
    seconds = probe_precision(torch.device("cpu"))
    total = time.perf_counter() - start
    assert seconds.keys() == {"fp32", "bf16"}
    assert 0 < min(seconds.values()) and 3 * sum(seconds.values()) < total  # real times, not constants


def raising(*names):
    """An autocast with which convolutions in some precisions raise, as without kernels for them."""
    real = runtime.autocast

    @contextlib.contextmanager
    def autocast(device, precision):
        if precision in names:
            raise RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED\nand a page of more words")
        with real(device, precision):
            yield

    return autocast


@pytest.mark.parametrize("names", [("bf16",), ("fp32", "bf16")])
def test_a_precision_that_raises_is_infinitely_slow(monkeypatch, names):
    monkeypatch.setattr(runtime, "autocast", raising(*names))
    seconds = probe_precision(CPU)
    assert [name for name, time in seconds.items() if math.isinf(time)] == list(names)
    assert pick_precision("auto", CPU) == "fp32"
    with pytest.raises(UserError) as caught:
        pick_precision("bf16", CPU)
    assert str(caught.value) == ("precision: found bf16, in which cpu cannot run a convolution (cuDNN error: "
                                 "CUDNN_STATUS_NOT_SUPPORTED), expected auto or another one")


def test_a_run_of_a_better_gpu_is_not_resumed_in_its_precision(finished_run, monkeypatch):
    """Of the same kind, so that all else goes on; it may not be changed, for the run would be another."""
    monkeypatch.setattr(finished_run, "config", finished_run.config.replace(precision="bf16"))
    monkeypatch.setattr(runtime, "autocast", raising("bf16"))
    with pytest.raises(UserError, match="precision: found bf16, in which cpu cannot .*such as --device cpu"):
        resolve(finished_run.config, finished_run)


def test_choosing_draws_no_random_numbers():
    """They would be missing from the caller's stream."""
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    assert pick_precision("auto", pick_device("cpu")) in ("fp32", "bf16")
    assert torch.equal(torch.rand(3), expected)


def test_want_of_memory_while_probing(monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB.")

    monkeypatch.setattr(runtime, "time_of", full)
    assert pick_precision("auto", CPU) == "fp32"


@pytest.mark.parametrize("there", [True, False])
def test_a_cpu_without_onednn_imitates_bfloat16(monkeypatch, there):
    """Apple's, as PyTorch is built for it."""
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: there)
    assert has_bf16(CPU) == there


def test_imitated_bfloat16_is_not_tried(monkeypatch):
    """A T4 takes it without a word, and needs seconds for what fp16 does in milliseconds."""
    tried = []
    monkeypatch.setattr(runtime, "has_bf16", lambda device: False)
    monkeypatch.setattr(runtime, "autocast", lambda device, name: tried.append(name) or contextlib.nullcontext())
    assert math.isinf(probe_precision(CPU)["bf16"]) and set(tried) == {"fp32"}


# ---- a device that computes


def test_a_device_without_kernels_is_refused_in_one_line(monkeypatch, capsys, tmp_path):
    """A GPU too old for this PyTorch: it has memory, but no convolution."""
    def no_kernel(*_, **__):
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nand more")

    monkeypatch.setattr(torch.nn.functional, "conv2d", no_kernel)
    assert cli.main(["train", "--data", "tiny", "--device", "cpu", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        "dcgan-course: device: found 'cpu', which cannot run a small convolution (CUDA error: no kernel image is "
        "available for execution on the device), expected one that can, such as cpu\n")
    with pytest.raises(UserError, match="device: found 'meta', which cannot run a small convolution"):
        monkeypatch.undo()
        pick_device("meta")


def test_how_images_lie_in_memory(monkeypatch):
    """Not channels-last on MPS, where its batch norm has had wrong gradients."""
    assert memory_format(CPU) == memory_format(torch.device("cuda", 1)) == torch.channels_last
    assert memory_format(torch.device("mps")) == torch.contiguous_format
    config = tiny.config("unused", nc=1, compile="off")
    for form in (torch.channels_last, torch.contiguous_format):
        monkeypatch.setattr("dcgan_course.state.memory_format", lambda device, form=form: form)
        weight = TrainState.start(config).netD.blocks[1][0].weight
        assert weight.is_contiguous(memory_format=form)
        assert not weight.is_contiguous(memory_format=torch.contiguous_format) or form == torch.contiguous_format


def test_fast_arithmetic_is_for_cuda_and_says_nothing():
    before = torch.backends.cudnn.benchmark
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            torch.backends.cudnn.benchmark = False
            TrainState.start(tiny.config("unused", nc=1, compile="off"))
            assert not torch.backends.cudnn.benchmark
            runtime.use_fast_arithmetic(torch.device("cuda"))
            assert torch.backends.cudnn.benchmark and torch.get_float32_matmul_precision() == "high"
    finally:
        torch.backends.cudnn.benchmark = before
        torch.set_float32_matmul_precision("highest")


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_doctor_tells_what_was_measured(monkeypatch, device):
    """On MPS nothing is, and nothing is made up."""
    monkeypatch.setattr(info, "pick_device", lambda: torch.device(device))
    monkeypatch.setattr(info, "probe_precision", lambda device: {"fp32": 3.0, "bf16": 1.5, "fp16": math.inf})
    line = next(line for line in info.check_setup().splitlines() if "device:" in line)
    assert line == {"cpu": "ok    device: cpu; a convolution in bf16 takes 0.50 of its time in fp32, in fp16 cannot be "
                           "run, or is only imitated; training uses bf16",
                    "mps": "ok    device: mps; training uses fp32 (16 bits have not been tried on MPS)"}[device]
