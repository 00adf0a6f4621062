"""torch.compile: only where it can and pays; and a training where it fails."""

import importlib
import sys
import types

import pytest
import tiny
import torch
from safetensors.torch import load_file
from torch import nn

from dcgan_course.backstage import compiling, resolve
from dcgan_course.backstage.compiling import decided, obstacle, pays
from dcgan_course.experiments.studies import Study, begun
from dcgan_course.machine.errors import UserError
from dcgan_course.models import build_generator
from dcgan_course.runs import Run
from dcgan_course.sampling import generate
from dcgan_course.trainer import train

CUDA = torch.device("cuda")


@pytest.fixture
def card(monkeypatch):
    """As if there were a T4 and Triton."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    monkeypatch.setitem(sys.modules, "triton", types.ModuleType("triton"))


def test_where_it_may(card):
    assert obstacle(CUDA) == ""
    assert obstacle(torch.device("cpu")) == "on cpu nothing is gained"
    assert obstacle(torch.device("mps")) == "on mps nothing is gained"


def test_an_old_card(card, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (6, 0))
    assert obstacle(CUDA) == "the GPU is older than Triton wants, capability 7.0"


@pytest.mark.parametrize("error", [ImportError("No module named 'triton'"), OSError("libtriton.so: bad\nmore")])
def test_no_triton_or_a_broken_one(card, monkeypatch, error):
    def import_module(name):
        raise error

    monkeypatch.setattr(importlib, "import_module", import_module)
    assert obstacle(CUDA) == f"Triton cannot be imported ({str(error).splitlines()[0]})"


@pytest.mark.parametrize("seconds, steps, expected", [(0.05, 5000, False), (0.1, 5000, True), (1.0, 300, False),
                                                     (1.0, 500, True), (0.003, 4687, False)])
def test_when_it_pays(seconds, steps, expected):
    """A training of seven minutes or more: 15 % of 400 s is the minute that compiling takes."""
    assert pays(seconds, steps) is expected


@pytest.mark.parametrize("asked, hindered, steps, expected", [
    ("off", False, 10**9, "off"), ("on", True, 1, "on"), ("auto", True, 10**9, "off"), ("auto", False, 399, "off"),
    ("auto", False, 401, "on"), ("on", False, 0, "on"), ("auto", False, 0, "off")])
def test_the_decision(monkeypatch, asked, hindered, steps, expected):
    """A step takes one second here; only a training that will be compiled is tried."""
    tried = []
    monkeypatch.setattr(compiling, "obstacle", lambda device: "because" if hindered else "")
    monkeypatch.setattr(compiling, "time_of", lambda call, device: 1.0)
    config = tiny.config("unused", compile=asked)
    assert decided(config, steps, lambda c: lambda: tried.append(c.compile)) == expected
    assert tried == (["on"] if expected == "on" and steps else [])


def test_auto_stays_open_until_the_images_are_counted(monkeypatch):
    config = tiny.config("unused")
    assert resolve.resolve(config, None).compile == "off"  # on the CPU it is never
    monkeypatch.setattr(resolve, "obstacle", lambda device: "")
    assert resolve.resolve(config, None).compile == "auto"


def test_a_study_compiles_no_training(monkeypatch, tmp_path):
    """Its trainings must not differ in that, and most are short."""
    monkeypatch.setattr(resolve, "obstacle", lambda device: "")
    study = Study("some", tiny.config("unused"), {"plain": {}})
    assert begun(study, tmp_path).base.compile == "off"


def test_what_is_auto_in_a_resumed_training_is_the_runs(tmp_path):
    run = train(tiny.config(tmp_path, num_epochs=1, precision="bf16"), quiet=True)
    asked = run.config.replace(num_epochs=2, device="auto", precision="auto", compile="auto")
    resolved = resolve.resolve(asked, run)
    assert (resolved.device, resolved.precision, resolved.compile) == ("cpu", "bf16", "off")


def weights(run: Run) -> dict:
    return load_file(run.last_checkpoint() / "netG.safetensors")


def test_samples_are_drawn_without_the_compiler():
    """Which would make other versions of G: for eval mode, and for each number of images."""
    graphs, netG = [], build_generator(tiny.config(".", nc=1, g_dropout=0.0))
    netG.compile(backend=lambda graph, inputs: graphs.append(graph) or graph.forward)
    z = torch.randn(60, 8)
    images = generate(netG, z)
    assert not graphs and not torch.equal(netG(z), images) and len(graphs) == 1  # in training it is what was compiled


def broken(monkeypatch, error):
    """A compiler that always fails."""
    real = nn.Module.compile

    def backend(graph, inputs):
        raise error

    monkeypatch.setattr(nn.Module, "compile", lambda self: real(self, backend=backend))


def test_a_training_goes_on_where_compiling_fails(tmp_path, monkeypatch, capsys):
    """Asked for by hand too: it is the same training, to the bit, and one line says so."""
    plain = train(tiny.config(tmp_path, num_epochs=1, compile="off"), quiet=True)
    broken(monkeypatch, RuntimeError("Cannot find a working triton installation.\nMore information ..."))
    capsys.readouterr()
    run = train(tiny.config(tmp_path, num_epochs=1, compile="on"), quiet=True)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1 and said[0].startswith("compile: off, as compiling failed here: ")
    assert "Cannot find a working triton installation." in said[0]
    assert run.config.compile == "off" and Run(run.path).config.compile == "off"
    for name, value in weights(plain).items():
        assert torch.equal(weights(run)[name], value)


def test_a_compiled_run_goes_on_where_compiling_fails(tmp_path, monkeypatch, capsys):
    run = train(tiny.config(tmp_path, num_epochs=1, compile="off"), quiet=True)
    file = run.path / "config.json"
    file.write_text(file.read_text("utf-8").replace('"compile": "off"', '"compile": "on"'))
    broken(monkeypatch, RuntimeError("no compiler"))
    run = Run(run.path)
    resumed = train(run.config.replace(num_epochs=2), resume=run, quiet=True)
    assert "compile: off, as compiling failed here" in capsys.readouterr().out
    assert resumed.stats()[-1]["step"] == 20 and Run(run.path).config.compile == "off"
    train(Run(run.path).config.replace(num_epochs=3), resume=Run(run.path), quiet=True)  # and once more


def test_want_of_memory_is_not_called_a_failure_to_compile(tmp_path, monkeypatch):
    def full(config, world):
        def step():
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB.")
        return step

    monkeypatch.setattr("dcgan_course.trainer.one_step", full)
    with pytest.raises(UserError, match="out of memory .asked for 2.50 GiB at once. on cpu with batch_size 20"):
        train(tiny.config(tmp_path, compile="on"), quiet=True)
    assert not list(tmp_path.iterdir())
