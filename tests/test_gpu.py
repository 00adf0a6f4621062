"""On a GPU: what the other tests try on the CPU, and what only a GPU has.

Without one all of it is skipped; `TEST_DEVICE=cpu pytest tests/test_gpu.py` tries the tests themselves.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import processes
import pytest
import tiny
import torch

from dcgan_course.backstage.compiling import obstacle, trial
from dcgan_course.commands import bench, gpu
from dcgan_course.config import PRESETS, preset
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.parallel import World, backend
from dcgan_course.machine.runtime import memory_format, pick_device, pick_precision
from dcgan_course.runs import Run
from dcgan_course.sampling import draw_z, generate
from dcgan_course.state import TrainState
from dcgan_course.trainer import one_step, train

FOUND = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else ""
NAME = os.environ.get("TEST_DEVICE", FOUND)
pytestmark = pytest.mark.skipif(not NAME, reason="there is no GPU")
PRECISIONS = ("fp32", "bf16", "fp16")
PENALISED = {"d_norm": "none", "init": "he", "r1": 1.0, "r2": 1.0, "penalty_every": 2}
TINY = Path(__file__).with_name("tiny.py")


@pytest.fixture(scope="module")
def device():
    return pick_device(NAME)


@pytest.fixture
def config(device, tmp_path):
    return tiny.config(tmp_path, device=str(device), compile="off")


def on_it(device, precision):
    """The name of a precision that the device can compute in; else the test is skipped."""
    try:
        return pick_precision(precision, device)
    except UserError as error:
        pytest.skip(str(error))


def test_it_is_the_one_that_is_taken(device):
    assert NAME != FOUND or pick_device("auto").type == device.type
    assert pick_precision("auto", device) in PRECISIONS


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_step_is_that_of_the_cpu(device, precision):
    """Gradients of both networks, with batch norm, and with penalties, in the layout that is used there."""
    small = preset("avatars", nc=3, batch_size=16, ngf=16, ndf=16, lr_d=1e-9, compile="off")
    for config in (small, small.replace(**gpu.STEEP)):
        assert "apart" in gpu.gradients_alike(config, device, on_it(device, precision))
        assert "apart" in gpu.pictures_alike(config, device)


def test_gradients_of_batch_norm(device):
    """By itself, in float32, where nothing is rounded away: those of MPS were wrong in channels-last."""
    found = []
    for place in (torch.device("cpu"), device):
        torch.manual_seed(0)
        norm = torch.nn.BatchNorm2d(16).to(place)
        x = torch.randn(8, 16, 9, 9).to(place, memory_format=memory_format(place)).requires_grad_()
        (norm(x) ** 3).sum().backward()
        found.append([t.cpu() for t in (x.grad, norm.weight.grad, norm.bias.grad)])
    for here, there in zip(*found, strict=True):
        torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-3 * here.abs().max().item())


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_step(device, name):
    asked = preset(name, device=str(device), compile="off", precision=pick_precision("auto", device))
    asked = asked.replace(nc=asked.nc or 1, **({} if device.type != "cpu" else {"ngf": 4, "ndf": 4, "batch_size": 4}))
    step = one_step(asked, World())
    step()
    state = TrainState.start(asked)
    assert all(t.device.type == device.type for t in (*state.netG.parameters(), state.totals))
    assert generate(state.shown, draw_z(asked, 3)).isfinite().all()


@pytest.mark.parametrize("changes", [{}, PENALISED], ids=["plain", "penalised"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_trains_and_resumes(config, device, precision, changes):
    """From a checkpoint in the middle: the same steps, and nearly the same losses. Not to the bit: a GPU takes the
    algorithm that a trial finds faster, and adds in any order."""
    config = config.replace(precision=on_it(device, precision), g_dropout=0.0, **changes)
    whole = train(config, quiet=True)
    half = train(config.replace(num_epochs=2), quiet=True)
    resumed = train(half.config.replace(num_epochs=3), resume=Run(half.path), quiet=True)
    first, second = whole.stats(), resumed.stats()
    assert [line["step"] for line in first] == [line["step"] for line in second]
    for a, b in zip(first, second, strict=True):
        for key in ("loss_D", "loss_G", "D_x", "D_G_z"):
            assert a[key] == pytest.approx(b[key], rel=0.1, abs=0.02)
    assert first[-1]["loss_D"] < first[0]["loss_D"]
    assert resumed.config.device == str(device) and len(resumed.samples()) == len(whole.samples())


def test_its_checkpoint_goes_on_with_the_cpu(config, capsys):
    run = train(config.replace(num_epochs=1), quiet=True)
    resumed = train(run.config.replace(num_epochs=2, device="cpu"), resume=Run(run.path), quiet=True)
    assert resumed.stats()[-1]["step"] == 20 and resumed.config.device == "cpu"
    assert NAME == "cpu" or "not bit for bit" in capsys.readouterr().out


def test_sampling_and_the_explorer(config):
    from dcgan_course.widgets import LatentExplorer

    run = train(config.replace(num_epochs=1), quiet=True)
    netG = run.load_generator().to(config.device)
    z = draw_z(config, 5, torch.Generator().manual_seed(0))
    torch.testing.assert_close(generate(netG, z), generate(run.load_generator(), z), rtol=0, atol=0.02)
    explorer = LatentExplorer(netG)
    before = explorer.pixels(explorer.z[None])
    explorer.go(**{"strongest 1": 1.5})
    assert explorer.pixels(explorer.z[None]) != before and len(before) == 4 * config.image_size**2


def test_one_process_of_torchrun(config):
    """DistributedDataParallel over NCCL, for which one GPU is enough: it trains what a plain process trains."""
    if config.device.startswith("mps"):
        pytest.skip("torch.distributed knows no MPS")
    config = config.replace(num_epochs=1, g_dropout=0.0)
    alone = train(config, quiet=True)
    flags = [word for key in ("data", "nz", "ngf", "ndf", "batch_size", "num_epochs", "sample_kimg", "log_steps",
                              "keep", "ema_kimg", "g_dropout", "device", "precision", "compile", "out")
             for word in (f"--{key}", str(getattr(config, key)))]
    code = f"""if True:
        import runpy, sys
        from dcgan_course.machine import parallel
        begin = parallel.dist.init_process_group
        parallel.dist.init_process_group = lambda name: (print("joined by", name), begin(name))
        sys.argv[0] = {str(TINY)!r}
        runpy.run_path(sys.argv[0], run_name="__main__")"""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=1", "--no-python"]
    done = subprocess.run([*torchrun, sys.executable, "-c", code, "train", "--preset", "smoke", *flags],
                          capture_output=True, text=True, timeout=processes.PATIENCE)
    assert done.returncode == 0, done.stderr
    assert f"joined by {backend(torch.device(config.device))}" in done.stdout
    run = Run(re.search(r"sample (\S+?);", done.stdout)[1])
    for a, b in zip(alone.stats(), run.stats(), strict=True):
        assert a["loss_G"] == pytest.approx(b["loss_G"], rel=0.05)


def test_it_compiles(config, device):
    if obstacle(device):
        pytest.skip(obstacle(device))
    for changes in ({}, PENALISED):  # gradients of gradients are not compiled
        trial(config.replace(nc=1, **changes), lambda c: one_step(c, World()))
        run = train(config.replace(num_epochs=1, compile="on", **changes), quiet=True)
        assert run.config.compile == "on" and run.stats()[-1]["step"] == 10


def test_want_of_memory_is_said_in_one_line(config, device):
    if device.type != "cuda":
        pytest.skip("only CUDA has memory of its own, and says how much is free")
    torch.cuda.empty_cache()
    free = torch.cuda.mem_get_info(device)[0]
    taken = torch.empty(free - 200_000_000, dtype=torch.uint8, device=device)
    with pytest.raises(UserError, match="out of memory.* Try a smaller batch_size first") as caught:
        train(config.replace(ngf=512, ndf=512, batch_size=200), quiet=True)
    assert "\n" not in str(caught.value)
    del taken
    torch.cuda.empty_cache()
    assert train(config.replace(num_epochs=1), quiet=True).stats()[-1]["step"] == 10


def test_bench_and_the_report(config, device, monkeypatch):
    found = bench.measure(config.replace(nc=1), 1.0)
    assert min(found["our step"], found["plain step"], found["matmul gflop/s"]) > 0
    lines = list(gpu.report(device, config))
    print("\n".join(lines))
    assert not [line for line in lines if line.startswith("FAIL")]
