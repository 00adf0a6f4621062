"""The report on a GPU, made of the CPU; and what it says where something is wrong."""

import math

import pytest
import tiny
import torch

from dcgan_course.commands import cli, gpu
from dcgan_course.machine.errors import UserError

CPU = torch.device("cpu")


@pytest.fixture
def quick(monkeypatch):
    """As if fp32 and bf16 had been measured, and a step took 10 ms, or compiled 8."""
    monkeypatch.setattr(gpu, "probe_precision", lambda device: {"fp32": 0.002, "bf16": 0.001})
    monkeypatch.setattr(gpu, "images_per_second", lambda config: {"fp32": 700.0, "bf16": 1500.4}[config.precision])
    times = iter([0.01, 0.008])
    monkeypatch.setattr(gpu, "time_of", lambda *_: next(times))
    monkeypatch.setattr(gpu, "trial", lambda config, make_step: 42.0)
    monkeypatch.setattr(gpu, "obstacle", lambda device: "")


def lines_of(device=CPU):
    return list(gpu.report(device, tiny.config("unused")))


def named(lines, name):
    return next(line for line in lines if line[6:].startswith(name + ":"))


def test_without_a_gpu_it_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert cli.main(["doctor", "--gpu"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err == ("dcgan-course: gpu: found neither CUDA nor Apple's MPS, expected one of "
                                           "them; without --gpu this machine is checked as it is\n")


def test_a_report(quick):
    lines = lines_of()
    assert all(line.startswith("ok    ") for line in lines)
    assert named(lines, "a convolution in bf16") == "ok    a convolution in bf16: 1.00 ms"
    assert named(lines, "smoke in bf16") == "ok    smoke in bf16: 1,500 images/s with data, not compiled"
    assert named(lines, "compilation in bf16") == ("ok    compilation in bf16: costs 42 s, supposed 60; saves 20% of a "
                                                   "step, supposed 15%")
    assert named(lines, "several processes") == "ok    several processes: gloo"
    assert named(lines, "gradients in fp32") == "ok    gradients in fp32: 0.0000 apart from the CPU's"
    assert 0.01 < float(named(lines, "gradients in bf16").split()[4]) < 0.3


def test_what_is_timed_is_a_real_training():
    config = tiny.config("unused", nc=1, compile="off")
    assert int(gpu.timed(config).split()[0].replace(",", "")) > 20


def test_what_a_device_lacks_is_a_note(quick, monkeypatch):
    """A T4: no bfloat16 of its own. Training uses another precision."""
    monkeypatch.setattr(gpu, "probe_precision", lambda device: {"fp32": 0.002, "bf16": math.inf})
    monkeypatch.setattr(gpu, "obstacle", lambda device: "there is no Triton")
    lines = lines_of()
    assert named(lines, "a convolution in bf16") == ("note  a convolution in bf16: cannot be run, or is only imitated")
    assert not any("gradients in bf16" in line or "smoke in bf16" in line for line in lines)
    assert named(lines, "compilation in fp32") == "ok    compilation in fp32: off, as there is no Triton"


def test_wrong_numbers_and_errors_are_failures(quick, monkeypatch, capsys):
    """As batch norm on MPS had them; and as drivers raise. All else is tried too."""
    real = gpu.gradients_after_a_step

    def wrong(config, device, precision):
        found = real(config, torch.device("cpu"), "fp32")
        return {name: 1.5 * gradient for name, gradient in found.items()} if precision == "bf16" else found

    def broken(config):
        raise RuntimeError("CUDA error: unspecified launch failure\nand a page more")

    monkeypatch.setattr(gpu, "gradients_after_a_step", wrong)
    monkeypatch.setattr(gpu, "images_per_second", broken)
    monkeypatch.setattr(gpu, "this_gpu", lambda: CPU)
    assert cli.main(["doctor", "--gpu"]) == 2
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert named(lines, "gradients in bf16") == ("FAIL  gradients in bf16: UserError: 0.500 apart from the CPU's, "
                                                 "expected less than 0.3")
    assert named(lines, "mnist64 in fp32") == ("FAIL  mnist64 in fp32: RuntimeError: CUDA error: unspecified launch "
                                               "failure")
    assert named(lines, "several processes").startswith("ok")
    assert named(lines, "penalties in bf16").startswith("FAIL  penalties in bf16: UserError: 0.500 apart")
    assert said.err == "dcgan-course: gpu: 4 of these parts failed\n"


def test_other_pictures_are_a_failure(monkeypatch):
    drawn = iter([torch.ones(4, 3, 64, 64), 0.5 * torch.ones(4, 3, 64, 64)])
    monkeypatch.setattr(gpu, "generate", lambda netG, z: next(drawn))
    with pytest.raises(UserError, match="0.500 apart from the CPU's, expected less than 0.1"):
        gpu.pictures_alike(gpu.preset("avatars", nc=3, ngf=4, ndf=4, compile="off"), CPU)
