"""The diffusion model of lesson 14: noise in and out, the network, a training that stops and goes on, what is kept."""

import json
import math
import re
import shlex
import signal
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from PIL import Image
from torch import nn

from dcgan_course import diffusion
from dcgan_course.commands.cli import main
from dcgan_course.diffusion import UNet, ddim_step, denoising, diffusion_loss, noised, sample, unmixed, velocity
from dcgan_course.experiments import diffusing
from dcgan_course.experiments.diffusing import (
    COUNTS,
    DiffusionConfig,
    diffusion_folder,
    first_losses,
    load_unet,
    record_diffusion,
    train_diffusion,
)
from dcgan_course.machine.errors import Diverged, UserError
from dcgan_course.machine.runtime import pick_precision, seeded
from dcgan_course.runs import read_lines
from dcgan_course.sampling import image_grid

QUICK = dict(channels=32, batch_size=20, num_epochs=1, metric_every=0, sample_kimg=0.08)  # 10 steps, kept at every 4th


@pytest.fixture
def few(monkeypatch):
    """200 small images instead of the digits, grids of four, and a quick training where the command asks for one."""
    monkeypatch.setattr(diffusing, "SHOWN", (4, 1, 28, 28))
    monkeypatch.setattr(diffusing, "load_images", lambda name, size: tiny.images(size))
    monkeypatch.setattr(diffusing, "train_diffusion",
                        lambda folder, config: train_diffusion(folder, DiffusionConfig(**QUICK), quiet=True))


def three(n=5, shape=(1, 4, 4)):
    """Images, noise and times."""
    return torch.rand(n, *shape) * 2 - 1, torch.randn(n, *shape), torch.rand(n)


# ---- noise, and back


@pytest.mark.parametrize("shape", [(1, 4, 4), (2,), (3, 2, 6)])
def test_noise_is_mixed_in_on_a_quarter_of_a_circle(shape):
    x_0, noise, t = three(5, shape)
    found = noised(x_0, noise, t)
    for i in range(5):
        angle = float(t[i]) * math.pi / 2
        assert torch.allclose(found[i], math.cos(angle) * x_0[i] + math.sin(angle) * noise[i], atol=1e-6)
    ends = [noised(x_0, noise, torch.full((5,), end)) for end in (0.0, 1.0)]
    assert torch.equal(ends[0], x_0) and torch.allclose(ends[1], noise, atol=1e-6)


def test_the_velocity_is_the_slope():
    x_0, noise, t = (x.double() for x in three())
    step = 1e-5
    slope = (noised(x_0, noise, t + step) - noised(x_0, noise, t - step)) / (2 * step * math.pi / 2)
    assert torch.allclose(velocity(x_0, noise, t), slope, atol=1e-8)


def test_image_and_noise_come_back_from_the_velocity():
    x_0, noise, t = three()
    found = unmixed(noised(x_0, noise, t), velocity(x_0, noise, t), t)
    assert torch.allclose(found[0], x_0, atol=1e-5) and torch.allclose(found[1], noise, atol=1e-5)


def test_a_step_turns_by_the_difference_of_the_angles():
    x_t, v, t = three()
    s = t * 0.4
    turn = ((s - t) * math.pi / 2)[:, None, None, None]
    assert torch.allclose(ddim_step(x_t, v, t, s), turn.cos() * x_t + turn.sin() * v, atol=1e-5)


def test_the_loss_is_that_of_the_velocity():
    x_0, noise, t = three()
    seen = []

    def perfect(x_t, times):
        seen.append((x_t, times))
        return velocity(x_0, noise, t)

    assert diffusion_loss(perfect, x_0, noise, t) == 0
    assert torch.equal(seen[0][0], noised(x_0, noise, t)) and torch.equal(seen[0][1], t)
    zero = diffusion_loss(lambda x, _: torch.zeros_like(x), x_0, noise, t)
    assert zero == pytest.approx(float(velocity(x_0, noise, t).square().mean()), rel=1e-6)


class Exact(nn.Module):
    """The best guess of the velocity where x_0 is normal with mean 0 and some deviation: what is expected of it given
    x_t, in closed form."""

    def __init__(self, deviation):
        super().__init__()
        self.deviation = nn.Parameter(torch.tensor(deviation))

    def forward(self, x, t):
        assert not self.training and torch.is_inference_mode_enabled()
        c, s = diffusion.mixture(t, x)
        variance = self.deviation**2
        return x * c * s * (1 - variance) / (c**2 * variance + s**2)


@pytest.mark.parametrize("deviation", [0.1, 0.3])
def test_with_the_best_guess_samples_have_the_distribution_of_the_images(deviation):
    """x_0 is the noise times the deviation: the deterministic way keeps the order. Two steps do not get there."""
    noise, net = torch.randn(300, 1, 2, 2) * 0.5, Exact(deviation)
    assert torch.allclose(sample(net, noise, 400), deviation * noise, rtol=0.02, atol=1e-4)
    assert (sample(net, noise, 2) - deviation * noise).abs().max() > 0.1 * deviation
    assert net.training  # its mode is put back


def test_sampling_is_deterministic_and_in_range():
    net, noise = UNet(channels=32), torch.randn(7, 1, 28, 28)
    state = torch.get_rng_state()
    images = sample(net, noise, 3)
    assert images.shape == noise.shape and images.dtype == torch.float32 and images.abs().max() <= 1
    assert torch.equal(state, torch.get_rng_state()) and not images.is_inference()
    assert torch.allclose(sample(net, noise, 3, batch_size=2), images, atol=1e-4)
    steps = list(denoising(net, noise, 3))
    assert len(steps) == 3 and torch.allclose(steps[-1][0].detach().clamp(-1, 1), images, atol=1e-4)
    assert torch.allclose(steps[-1][0], steps[-1][1])  # at t = 0 the guess is the image


# ---- the network


def test_the_network():
    net = UNet()
    assert sum(p.numel() for p in net.parameters()) == 636_596
    x, t = torch.randn(3, 1, 28, 28), torch.tensor([0.1, 0.5, 0.9])
    y = net(x, t)
    assert y.shape == x.shape and UNet(3, 32)(torch.randn(2, 3, 32, 32), t[:2]).shape == (2, 3, 32, 32)
    assert torch.allclose(net(x[1:2], t[1:2]), y[1:2], atol=1e-4)  # an image does not see its neighbours
    assert (net(x, t.flip(0))[0] - y[0]).abs().max() > 1e-3  # it knows the time
    y.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())


@pytest.mark.slow
def test_the_network_learns():
    net, stream = UNet(channels=32), seeded(0, "test")
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)
    x_0 = torch.from_numpy(tiny.images(28).pixels[:32, None, :, :, 0]).float() / 127.5 - 1
    losses = []
    for _ in range(40):
        loss = diffusion_loss(net, x_0, torch.randn(x_0.shape, generator=stream), torch.rand(32, generator=stream))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[:3]) > 0.7 and 0.01 < np.mean(losses[-5:]) < 0.45


# ---- a training


def weights(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)


@pytest.mark.slow
def test_a_training_goes_on_bit_for_bit_where_it_was_stopped(tmp_path, few, monkeypatch, capsys):
    """Also where bf16, which was the faster when it began, no longer is."""
    fastest = iter(("bf16", "bf16", "fp32"))
    monkeypatch.setattr(diffusing, "pick_precision", lambda *_: next(fastest))
    assert train_diffusion(tmp_path / "whole", DiffusionConfig(**QUICK), quiet=True)
    own = diffusing.Diffusing.train_on

    def interrupted(state, *args):
        own(state, *args)
        if state.step == 7:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(diffusing.Diffusing, "train_on", interrupted)
    assert main(["diffusion", str(tmp_path / "parts")]) == 0
    assert "the same command goes on" in capsys.readouterr().out
    assert weights(tmp_path / "parts")["step"] == 7
    monkeypatch.setattr(diffusing.Diffusing, "train_on", own)
    assert main(["diffusion", str(tmp_path / "parts")]) == 0
    assert "samples" in capsys.readouterr().out
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert whole["step"] == parts["step"] == 10
    for net in ("net", "ema"):
        assert all(torch.equal(v, parts[net][name]) for name, v in whole[net].items())
    assert any(not torch.equal(v, whole["ema"][name]) for name, v in whole["net"].items())
    lines = {name: read_lines(tmp_path / name / "stats.jsonl") for name in ("whole", "parts")}
    assert [line["step"] for line in lines["whole"]] == [4, 8, 10]
    assert [line["step"] for line in lines["parts"]] == [4, 7, 8, 10]
    assert lines["parts"][-1]["loss"] == lines["whole"][-1]["loss"]
    assert sorted(f.name for f in (tmp_path / "whole" / "samples").iterdir()) == ["fakes_000000.png"]


@pytest.mark.slow
def test_a_training_is_scored_on_the_way(tmp_path, few, monkeypatch):
    drawn = []
    monkeypatch.setattr(diffusing, "scorer_for", lambda config: lambda images: drawn.append(images) or {"fd": 1.0})
    config = DiffusionConfig(**QUICK | dict(num_epochs=3, metric_every=2, metric_n=70, metric_steps=2))
    assert train_diffusion(tmp_path / "run", config, quiet=True)
    assert [line["step"] for line in read_lines(tmp_path / "run" / "metrics.jsonl")] == [20, 30]
    assert all(images.shape == (70, 1, 28, 28) for images in drawn)
    assert torch.equal(load_unet(tmp_path / "run").first.weight,
                       weights(tmp_path / "run")["ema"]["first.weight"].half().float())


def test_what_cannot_go_on_is_said(tmp_path, few):
    folder = tmp_path / "run"
    train_diffusion(folder, DiffusionConfig(**QUICK | dict(num_epochs=0.1)), quiet=True)
    with pytest.raises(UserError, match=r"holds a training with num_epochs 0\.1, not 1; expected the same, or a new"):
        train_diffusion(folder, DiffusionConfig(**QUICK), quiet=True)
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="mine: found something else, expected a new folder"):
        train_diffusion(tmp_path / "mine", DiffusionConfig(**QUICK), quiet=True)
    again = DiffusionConfig(**QUICK | dict(num_epochs=0.1))
    (folder / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(UserError, match=r"checkpoint\.pt: not a checkpoint, or damaged"):
        train_diffusion(folder, again, quiet=True)
    torch.save({"step": 1, "net": {}}, folder / "checkpoint.pt")
    with pytest.raises(UserError, match=r"checkpoint\.pt: not a checkpoint of this training"):
        train_diffusion(folder, again, quiet=True)
    (folder / "checkpoint.pt").unlink()
    with pytest.raises(UserError, match="recorded without what is needed to go on"):
        train_diffusion(folder, again, quiet=True)
    with pytest.raises(UserError, match=r"found no unet\.safetensors, expected a folder of `dcgan-course diffusion`"):
        diffusion_folder(tmp_path / "mine")


@pytest.mark.parametrize(("field", "value"), [("channels", 40), ("num_epochs", 0.0), ("num_epochs", math.nan),
                                              ("seed", -1)])
def test_bad_values_are_named(field, value):
    with pytest.raises(UserError, match=rf"^{field}: found {value}, expected "):
        DiffusionConfig(**{field: value})


def test_bad_flags_are_one_line(tmp_path, capsys):
    assert main(["diffusion", str(tmp_path / "x"), "--seed", "-3"]) == 2
    assert re.fullmatch(r"dcgan-course: seed: found -3, expected .*\n", capsys.readouterr().err)
    assert not (tmp_path / "x").exists()


def test_a_loss_that_is_no_number_ends_it(tmp_path, few, monkeypatch):
    monkeypatch.setattr(diffusing, "diffusion_loss", lambda net, *given: diffusion_loss(net, *given) * math.nan)
    with pytest.raises(Diverged, match="step 4: the loss is NaN or infinite"):
        train_diffusion(tmp_path / "run", DiffusionConfig(**QUICK), quiet=True)
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


# ---- what is kept


@pytest.mark.slow
def test_record(tmp_path, few, monkeypatch, capsys, larger_webp):
    def score(images):
        return {"fd": round(float(images.std()), 6), "n": len(images)}

    score.floor = lambda n: {"fd": 0.5}
    monkeypatch.setattr(diffusing, "scorer_for", lambda config: score)
    monkeypatch.setattr(diffusing, "COUNTS", (1, 3))
    fastest = iter(("bf16", "fp32", "fp32"))  # by a short probe, so it may be another one while it is recorded
    monkeypatch.setattr(diffusing, "pick_precision", lambda *_: next(fastest))
    config = DiffusionConfig(**QUICK | dict(metric_n=66, seed=3, sample_kimg=0.02))
    train_diffusion(tmp_path / "run", config, quiet=True)
    assert main(["record", str(tmp_path / "run"), str(tmp_path / "kept")]) == 0
    kept = tmp_path / "kept"
    about = json.loads((kept / "record.json").read_text("utf-8"))
    assert about["command"] == "dcgan-course diffusion runs/kept --num_epochs 1 --seed 3"
    assert about["kimg"] == 0.2 and about["real"] == {"fd": 0.5}
    assert list(about["scores"]) == ["1", "3"]
    assert len({scores["fd"] for scores in about["scores"].values()}) == 2
    assert all(scores["n"] == 66 for scores in about["scores"].values())
    lines = read_lines(kept / "stats.jsonl")
    assert about["cpu_seconds"] == round(sum(line["cpu_seconds"] for line in lines))
    assert about["first_losses"] == pytest.approx([line["loss"] for line in lines[:8]], rel=1e-4)
    assert not (kept / "checkpoint.pt").exists()
    for before, after in zip(load_unet(tmp_path / "run").parameters(), load_unet(kept).parameters(), strict=True):
        assert torch.equal(before, after)
    (picture,) = (kept / "samples").iterdir()
    assert np.array_equal(np.asarray(Image.open(picture)),
                          np.asarray(Image.open(tmp_path / "run" / "samples" / "fakes_000000.png")))
    with pytest.raises(UserError, match="exists already, expected a new folder"):
        record_diffusion(tmp_path / "run", kept)


RECORDED = Path(__file__).parents[1] / "data" / "runs" / "mnist_diffusion"


def test_the_recorded_training_is_whole():
    about = json.loads((RECORDED / "record.json").read_text("utf-8"))
    config = DiffusionConfig(**json.loads((RECORDED / "diffusion.json").read_text("utf-8")))
    assert shlex.split(about["command"]) == ["dcgan-course", "diffusion", "runs/mnist_diffusion"]
    assert config == DiffusionConfig() and about["kimg"] == pytest.approx(1200, abs=1)  # what the command asks for
    assert sum(file.stat().st_size for file in RECORDED.rglob("*")) < 1.6e6
    path = r"/(home|work|tmp|root|Users|mnt)/|[A-Z]:\\"
    assert not any(re.search(path, file.read_text("utf-8")) for file in RECORDED.glob("*.json*"))
    fd = {int(steps): scores["fd10k_mnist"] for steps, scores in about["scores"].items()}
    assert list(fd) == list(COUNTS) and fd[1] > fd[2] > fd[5] > fd[10] > about["real"]["fd10k_mnist"] > 0
    last = read_lines(RECORDED / "metrics.jsonl")[-1]
    assert last["fd10k_mnist"] == pytest.approx(fd[config.metric_steps], rel=0.1)  # other noise
    assert 100 < about["cpu_seconds"] <= about["seconds"] * 1.05


@pytest.mark.slow
def test_the_recorded_network_draws_its_last_sheet():
    noise = torch.randn(diffusing.SHOWN, generator=seeded(0, "z_fixed"))
    drawn = image_grid(sample(load_unet(), noise)).numpy().astype(float)
    stored = np.asarray(Image.open(max((RECORDED / "samples").iterdir())).convert("RGB"), float)
    assert abs(drawn - stored).mean() < 1 and drawn.std() > 20  # of 255 grey levels


@pytest.mark.slow
def test_the_first_steps_of_the_recorded_training_come_again():
    """Much nearer than with another seed."""
    expected = np.array(json.loads((RECORDED / "record.json").read_text("utf-8"))["first_losses"])
    precision = pick_precision("auto", diffusing.CPU)

    def gap(seed):
        return abs(np.array(first_losses(DiffusionConfig(seed=seed), precision)) / expected - 1).max()

    same, other = gap(0), gap(99)
    assert same < 0.05 and other > 2.5 * same, (same, other)
