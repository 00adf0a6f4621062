"""The estimate against what a training really takes, and one line wherever memory does not suffice."""

import errno
import gc
import os
import re
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import processes
import pytest
import tiny
import torch
from torch import nn

from dcgan_course import trainer
from dcgan_course.backstage import memory
from dcgan_course.backstage.memory import control_group_limits, least_bytes, memory_limit, out_of_memory, training_bytes
from dcgan_course.backstage.resolve import match_images, resolve
from dcgan_course.commands import cli
from dcgan_course.config import preset
from dcgan_course.machine.errors import UserError
from dcgan_course.models import build_discriminator, build_generator, channels_seen, count_parameters
from dcgan_course.runs import Run
from dcgan_course.runs.writing import create
from dcgan_course.trainer import train

TINY = Path(__file__).with_name("tiny.py")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def child(code: str) -> subprocess.CompletedProcess:
    process = processes.begin(code)
    out, err = process.communicate()
    return subprocess.CompletedProcess(code, process.returncode, out, err)


# ---- the estimate


@pytest.mark.parametrize("changes", [{}, {"image_size": 28, "nc": 1}, {"d_downsample": "pool"}, {"norm": "none"},
                                     {"d_norm": "none", "r1": 1.0}, {"spectral_norm": True}, {"compile": "on"},
                                     {"precision": "bf16", "classes": 3}, {"classes": 3, "class_input": "projection"},
                                     {"precision": "fp16"}, {"ema_kimg": 1.0}, {"dense": True},
                                     {"network": "basic"}], ids=str)
def test_the_estimate_counts_what_the_layers_give_out(changes):
    """Against the layers themselves, by hooks; never more than they do."""
    config = preset("paper", **{"device": "cpu", "nc": 3, "ngf": 8, "ndf": 4} | changes)
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, *([nn.BatchNorm2d] if config.compile != "on" else []))
    numbers, parameters = [], []
    for build, times in ((build_generator, 1), (build_discriminator, 2)):
        net = build(config).eval()
        for layer in net.modules():
            if isinstance(layer, kinds):
                layer.register_forward_hook(lambda _, __, y, times=times: numbers.append(times * y.numel()))
        net(torch.zeros(1, config.nz + config.classes) if times == 1 else
            torch.zeros(1, channels_seen(config), config.image_size, config.image_size))
        parameters.append(count_parameters(net))
    kept = training_bytes(*parameters, config.ema_kimg > 0) - 4 * parameters[1]
    expected = kept + 128 * sum(numbers) * (2 if config.precision in ("bf16", "fp16") else 4)
    assert 0.93 * expected < least_bytes(config) <= 1.001 * expected
    assert least_bytes(config, 4) - kept == pytest.approx((least_bytes(config) - kept) / 4, rel=0.02)


@LINUX
@pytest.mark.slow
def test_the_estimate_against_what_a_training_takes():
    """Peak memory of two steps in a process of its own, less what it had before the networks were made."""
    code = f"""if True:
        import sys, tempfile; sys.path.insert(0, {str(TINY.parent)!r})
        import tiny
        from processes import own_memory
        from dcgan_course import trainer
        from dcgan_course.backstage.memory import least_bytes
        real, before = trainer.TrainState.start, []
        def start(config): before.append(own_memory("VmRSS")); return real(config)
        trainer.TrainState.start = start
        config = tiny.config(tempfile.mkdtemp(), ngf=64, ndf=64, batch_size=100, num_epochs=1)
        run = trainer.train(config, quiet=True)
        print(own_memory("VmHWM") - before[0], least_bytes(run.config))"""
    done = child(code)
    assert done.returncode == 0, done.stderr
    taken, estimated = map(int, done.stdout.split()[-2:])
    assert 1.0 < taken / estimated < 3.0


# ---- refused before it begins


def test_a_training_that_cannot_fit_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    config = tiny.config(tmp_path, batch_size=200, ngf=64)
    least = least_bytes(config)
    monkeypatch.setattr(memory, "memory_limit", lambda device: least - 1)
    monkeypatch.setattr("dcgan_course.backstage.resolve.images_of", lambda *_: pytest.fail("images were prepared"))
    size = f"{least / 1e6:.0f} MB"
    expected = (f"batch_size: found 200, expected at most what fits into the {size} of cpu: with ngf 64, ndf 4 and "
                f"image_size 28 it needs {size} at least. Try a smaller batch_size first")
    with pytest.raises(UserError, match=expected):
        train(config)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_what_fits_is_not_refused_and_a_resumed_run_never(tmp_path, monkeypatch):
    config = tiny.config(tmp_path, num_epochs=1)
    for limit in (least_bytes(config), None):
        monkeypatch.setattr(memory, "memory_limit", lambda device, limit=limit: limit)
        run = train(config, quiet=True)
    monkeypatch.setattr(memory, "memory_limit", lambda device: 1)
    assert train(run.config.replace(num_epochs=2), resume=run, quiet=True).stats()[-1]["step"] == 20


def test_each_of_several_processes_needs_its_share(tmp_path, monkeypatch):
    config = tiny.config(tmp_path, batch_size=200)
    monkeypatch.setattr(memory, "memory_limit", lambda device: least_bytes(config, 2))
    with pytest.raises(UserError, match="batch_size: found 200"):
        memory.require_memory(config)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    memory.require_memory(config)


@pytest.mark.slow
@LINUX
def test_the_limit_of_the_process():
    """ulimit -v, less what is mapped; from the command line."""
    code = f"""if True:
        import resource, sys
        sys.path.insert(0, {str(TINY.parent)!r})
        import tiny
        from dcgan_course.commands import cli
        from dcgan_course import trainer
        mapped = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + 300_000_000,) * 2)
        sys.exit(cli.main("train --preset smoke --data tiny --device cpu --precision fp32 --batch_size 200 --ngf 256"
                          .split()))"""
    done = child(code)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "expected at most what fits into the " in done.stderr and "MB of cpu: with ngf 256" in done.stderr


def test_the_limits_of_control_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "PROC", tmp_path)
    monkeypatch.setattr(memory, "CGROUP", tmp_path / "groups")
    assert control_group_limits() == []  # no such thing on this machine
    (tmp_path / "cgroup").write_text("0::/job/step\n")
    (tmp_path / "groups" / "job" / "step").mkdir(parents=True)
    assert control_group_limits() == []
    (tmp_path / "groups" / "job" / "step" / "memory.max").write_text("max\n")
    (tmp_path / "groups" / "job" / "memory.max").write_text("3000000\n")
    assert control_group_limits() == [3_000_000] and memory_limit(torch.device("cpu")) == 3_000_000
    (tmp_path / "cgroup").write_text("5:cpu:/x\n4:memory:/not/seen/in/a/container\n0::/\n")
    (tmp_path / "groups" / "memory").mkdir()
    (tmp_path / "groups" / "memory" / "memory.limit_in_bytes").write_text("2000000")
    assert control_group_limits() == [2_000_000]


def test_the_limit_of_a_gpu(monkeypatch):
    card = type("Card", (), {"total_memory": 5_000_000})
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    assert memory_limit(torch.device("cuda", 1)) == 5_000_000


def test_a_system_that_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "PROC", tmp_path)
    monkeypatch.delattr(os, "sysconf", raising=False)  # as on Windows
    monkeypatch.setitem(sys.modules, "resource", None)
    assert memory_limit(torch.device("cpu")) is None


# ---- when it happens


def numpys():
    np.empty(10**16, np.uint8)


def torchs():
    torch.empty(10**16, dtype=torch.uint8)


def raising(error):
    def raise_it(*_):
        raise error
    return raise_it


CUDA = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 15.77 GiB "
                              "of which 1.1 GiB is free.\nMore lines")
FAILURES = {"numpy": numpys, "torch on a CPU": torchs, "Python": raising(MemoryError()), "a GPU": raising(CUDA),
            "a GPU, in words": raising(RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be")),
            "a library": raising(RuntimeError("std::bad_alloc")),
            "oneDNN": raising(RuntimeError("could not create a primitive")),
            "the system": raising(OSError(errno.ENOMEM, "Cannot allocate memory"))}


@pytest.mark.parametrize("failure", FAILURES)
def test_every_command_says_it_in_one_line(failure, monkeypatch, capsys):
    monkeypatch.setitem(cli.COMMANDS, "doctor", lambda: FAILURES[failure]())
    assert cli.main(["doctor"]) == 2
    said = capsys.readouterr().err
    much = {"numpy": "8.88 PiB", "torch on a CPU": "10000000.0 GB", "a GPU": "2.50 GiB"}.get(failure)
    asked = f" (asked for {much} at once)" if much else ""
    assert said == (f"dcgan-course: doctor: out of memory{asked}; ask for fewer or smaller images, or free some "
                    "memory\n")


def test_other_errors_are_not_called_so():
    for error in (RuntimeError("shape mismatch"), OSError(errno.ENOSPC, "No space left"), ValueError("out of memory"),
                  RuntimeError("could not create a primitive descriptor for a convolution")):
        assert not out_of_memory(error)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("step", [3, 13])
def test_a_training_says_what_helps_and_what_is_kept(tmp_path, monkeypatch, failure, step):
    """Without a checkpoint no folder stays; with one, all does."""
    def both_steps(config, state, *rest):
        if state.step == step:
            FAILURES[failure]()
        real(config, state, *rest)

    real = trainer.both_steps
    monkeypatch.setattr(trainer, "both_steps", both_steps)
    with pytest.raises(UserError) as caught:
        train(tiny.config(tmp_path, num_epochs=2), quiet=True)
    said = str(caught.value)
    assert said.startswith("out of memory") and "\n" not in said and "Try a smaller batch_size first" in said
    assert "on cpu with batch_size 20, ngf 4, ndf 4 and image_size 28" in said
    if step == 3:
        assert not list(tmp_path.iterdir())
        return
    run = Run(tmp_path / "0001-smoke")
    assert said.endswith("in a new run; or free some memory: the last good checkpoint is step_0000010, go on with: "
                         f"dcgan-course resume {run.path}")
    with pytest.raises(UserError, match="last good checkpoint is step_0000010"):  # again too little
        train(run.config, resume=run, quiet=True)
    monkeypatch.setattr(trainer, "both_steps", real)
    assert train(run.config, resume=run, quiet=True).stats()[-1]["step"] == 20


def test_a_notebook_that_keeps_the_error_keeps_no_network(tmp_path, monkeypatch):
    """Else the next, smaller batch would not fit either: IPython holds the last error, and it what functions held."""
    def both_steps(config, state, netG, netD, x_real, z):
        held.extend(map(weakref.ref, (state.netG, state.netD, x_real)))
        FAILURES["a GPU"]()

    held = []
    monkeypatch.setattr(trainer, "both_steps", both_steps)
    with pytest.raises(UserError) as caught:
        train(tiny.config(tmp_path), quiet=True)
    gc.collect()
    assert isinstance(caught.value.__cause__, torch.OutOfMemoryError)
    assert len(held) == 3 and [reference() for reference in held] == [None] * 3


def test_too_little_for_the_networks_alone(tmp_path, monkeypatch):
    """Nothing is made of a new run, and nothing removed of an old one, even without a checkpoint."""
    monkeypatch.setattr(trainer.TrainState, "start", raising(CUDA))
    with pytest.raises(UserError, match="out of memory .*Try a smaller batch_size first, then ngf and ndf"):
        train(tiny.config(tmp_path))
    assert not list(tmp_path.iterdir())
    run = create(match_images(resolve(tiny.config(tmp_path), None), tiny.images(28)))
    with pytest.raises(UserError, match="out of memory"):
        train(run.config, resume=run)
    assert (run.path / "config.json").is_file()


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("instructions", ["DEFAULT", "AVX2"])
def test_a_real_want_of_memory(tmp_path, monkeypatch, instructions):
    """The process may map no more from the first step on. Which allocation fails is the processor's affair: with AVX2
    it is one of oneDNN's, which says only that it "could not create a primitive"."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", instructions)
    code = f"""if True:
        import resource, sys
        sys.path.insert(0, {str(TINY.parent)!r})
        import tiny
        from dcgan_course.commands import cli
        from dcgan_course import trainer
        def both_steps(config, state, *rest):
            mapped = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (mapped + 5_000_000, resource.RLIM_INFINITY))
            real(config, state, *rest)
        real, trainer.both_steps = trainer.both_steps, both_steps
        sys.exit(cli.main(["train", "--preset", "smoke", "--data", "tiny", "--device", "cpu", "--precision", "fp32",
                           "--batch_size", "200", "--ngf", "64", "--ndf", "64", "--out", {str(tmp_path)!r}]))"""
    done = child(code)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    last = done.stderr.splitlines()[-1]
    assert re.match(r"dcgan-course: out of memory (\(asked for .* at once\) )?on cpu with batch_size 200, ngf 64", last)
    assert not list(tmp_path.iterdir())
