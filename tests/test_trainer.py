"""The two steps against the plain algorithm, and runs that must end the same however they were interrupted."""

import concurrent.futures
import copy
import dataclasses
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import processes
import pytest
import tiny
import torch
import torch.nn.functional as F
from PIL import Image

from dcgan_course import plots, trainer
from dcgan_course.backstage import journal, resolve
from dcgan_course.commands.info import run_summary
from dcgan_course.commands.training import show_result
from dcgan_course.config import preset
from dcgan_course.data import names
from dcgan_course.losses import gradient_penalty
from dcgan_course.machine import files
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.files import file_sha256
from dcgan_course.machine.runtime import pick_precision
from dcgan_course.models import Discriminator, Generator, init_weights
from dcgan_course.runs import Run, writing
from dcgan_course.runs.checkpoints import step_of
from dcgan_course.runs.writing import create
from dcgan_course.sampling import draw_z, generate, sample_z
from dcgan_course.state import TrainState
from dcgan_course.trainer import d_step, g_step, seen, train

TINY = Path(__file__).with_name("tiny.py")


@pytest.fixture
def pair():
    """G, D, their optimisers (plain SGD: an update is the gradient), a real batch and z."""
    netG, netD = init_weights(Generator(8, 4)), init_weights(Discriminator(4))
    optG, optD = (torch.optim.SGD(net.parameters(), 1.0) for net in (netG, netD))
    return netG, netD, optG, optD, torch.rand(6, 1, 28, 28) * 2 - 1, torch.randn(6, 8)


def weights(net):
    return [p.detach().clone() for p in net.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_d_step_descends_the_cross_entropy_and_leaves_g_alone(pair):
    netG, netD, _, optD, x_real, z = pair
    reference = copy.deepcopy(netD)
    x_fake = netG(z)
    before = weights(netG)
    loss_D, D_x, D_G_z = d_step(netD, optD, x_real, x_fake)

    p, q = reference(x_real).sigmoid(), reference(x_fake.detach()).sigmoid()
    expected = -p.log().mean() - (1 - q).log().mean()
    gradients = torch.autograd.grad(expected, list(reference.parameters()))
    assert loss_D.item() == pytest.approx(expected.item(), rel=1e-5)
    assert (D_x.item(), D_G_z.item()) == pytest.approx((p.mean().item(), q.mean().item()), rel=1e-5)
    for now, then, gradient in zip(weights(netD), weights(reference), gradients, strict=True):
        torch.testing.assert_close(now, then - gradient, rtol=1e-4, atol=1e-6)
    assert same(before, weights(netG)) and all(p.grad is None for p in netG.parameters())


def test_a_penalty_is_one_more_term_of_d(pair):
    """Its gradient is added, and the loss that is told is without it."""
    netG, netD, _, optD, x_real, z = pair
    alone, x_fake = copy.deepcopy(netD), netG(z)
    expected, *_ = d_step(alone, torch.optim.SGD(alone.parameters(), 1.0), x_real, x_fake)
    term = 3 * netD.blocks[-1].weight.sum()
    assert d_step(netD, optD, x_real, x_fake, penalty=term)[0] == expected
    for name, weight in netD.named_parameters():
        moved = 3.0 if weight is netD.blocks[-1].weight else 0.0
        torch.testing.assert_close(weight, dict(alone.named_parameters())[name] - moved, msg=name)


def test_penalties_are_lazy(tmp_path):
    """At every so-manieth step as many times as much; R1 at the real images, R2 at the generated ones."""
    config = resolve.match_images(resolve.resolve(tiny.config(
        tmp_path, d_norm="none", init="he", r1=3.0, r2=5.0, penalty_every=4, precision="fp32"), None), tiny.images(28))
    state = TrainState.start(config)
    real, fake = torch.rand(6, 1, 28, 28), -torch.rand(6, 1, 28, 28)
    once = gradient_penalty(state.netD, real, 3.0, 1) + gradient_penalty(state.netD, fake, 5.0, 1)
    found = []
    for state.step in range(9):
        found.append(float(torch.as_tensor(trainer.penalty_of(config, state, state.netD, real, fake)).detach()))
    assert found == pytest.approx([4 * once.item(), 0, 0, 0] * 2 + [4 * once.item()], rel=1e-5) and once > 0


def test_penalties_count_updates_of_d(tmp_path, monkeypatch):
    """With n_critic = 3, at every fourth update: in steps 0, 1, 2 the first, second, third; and with its own weight."""
    asked = []
    monkeypatch.setattr(trainer, "unit_slope_penalty", lambda *args: asked.append(args[3]) or torch.tensor(2.0))
    config = tiny.config(tmp_path, d_norm="none", gp=5.0, n_critic=3, penalty_every=4)
    state, x = TrainState.start(config.replace(nc=1)), torch.rand(2, 1, 28, 28)
    found = [float(trainer.penalty_of(config, state, state.netD, x, x, i)) for state.step in range(4) for i in range(3)]
    assert found == [2.0, 0, 0, 0] * 3 and asked == [20.0] * 3


def test_relativistic_steps(pair):
    """Each real image is compared with the generated one beside it; G is compared with the same D's answers, and no
    gradient reaches D."""
    netG, netD, optG, optD, x_real, z = pair
    x_fake = netG(z)
    reference = copy.deepcopy(netD)
    loss_D, D_x, D_G_z = d_step(netD, optD, x_real, x_fake, "relativistic")
    real, fake = reference(x_real), reference(x_fake.detach())
    expected = -torch.sigmoid(real - fake).log().mean()
    assert loss_D.item() == pytest.approx(expected.item(), rel=1e-5)
    assert (D_x.item(), D_G_z.item()) == pytest.approx((real.mean().item(), fake.mean().item()), rel=1e-4, abs=1e-6)
    gradients = torch.autograd.grad(expected, list(reference.parameters()))
    for now, then, gradient in zip(weights(netD), weights(reference), gradients, strict=True):
        torch.testing.assert_close(now, then - gradient, rtol=1e-4, atol=1e-6)
    reference, before = copy.deepcopy(netG), weights(netD)
    optD.zero_grad()
    loss_G = g_step(netD, optG, x_fake, "relativistic", x_real=x_real)
    expected = -torch.sigmoid(netD(reference(z)) - netD(x_real).detach()).log().mean()
    gradients = torch.autograd.grad(expected, list(reference.parameters()))
    assert loss_G.item() == pytest.approx(expected.item(), rel=1e-4)
    for now, then, gradient in zip(weights(netG), weights(reference), gradients, strict=True):
        torch.testing.assert_close(now, then - gradient, rtol=1e-3, atol=1e-6)
    assert same(before, weights(netD)) and all(p.grad is None for p in netD.parameters())


def test_g_step_descends_minus_log_d_and_leaves_d_alone(pair):
    netG, netD, optG, _, _, z = pair
    reference, before = copy.deepcopy(netG), weights(netD)
    loss_G = g_step(netD, optG, netG(z))

    expected = -netD(reference(z)).sigmoid().log().mean()
    gradients = torch.autograd.grad(expected, list(reference.parameters()))
    assert loss_G.item() == pytest.approx(expected.item(), rel=1e-5)
    for now, then, gradient in zip(weights(netG), weights(reference), gradients, strict=True):
        torch.testing.assert_close(now, then - gradient, rtol=1e-4, atol=1e-6)
    assert same(before, weights(netD)) and all(p.grad is None for p in netD.parameters())
    assert all(p.requires_grad for p in netD.parameters())  # thawed again


def test_what_d_sees(tmp_path):
    """Instance noise changes every look and keeps its deviation; without it D sees the images themselves."""
    config, x, none = tiny.config(tmp_path), torch.zeros(4, 1, 64, 64), torch.zeros(4, 0)
    assert seen(x, config, none) is x
    noisy = config.replace(instance_noise=0.3)
    first, second = seen(x, noisy, none), seen(x, noisy, none)
    assert not torch.equal(first, second) and first.std().item() == pytest.approx(0.3, rel=0.05)
    assert first.mean().abs() < 4 * 0.3 / first.numel() ** 0.5
    told = seen(x, noisy.replace(classes=3), torch.eye(3)[[2, 0, 1, 1]])
    assert told.shape == (4, 4, 64, 64) and told[:, 0].std() > 0.2
    assert torch.equal(told[:, 1:].mean((2, 3)), torch.eye(3)[[2, 0, 1, 1]])  # planes of 0 and of 1, without noise


def test_a_conditional_training_tells_both_networks_the_class_of_the_real_image(tmp_path, monkeypatch):
    """Real and generated images of a batch have the same classes, those of the real ones, and G and D are told them."""
    told, images = [], tiny.images(28)
    monkeypatch.setattr(trainer, "d_step", lambda netD, optD, real, fake, *rest: told.append((real, fake)) or d_step(
        netD, optD, real, fake, *rest))
    run = train(tiny.config(tmp_path, classes=2, num_epochs=1), quiet=True)
    batches = trainer.Batches(images, 20, 0)
    for step, (real, fake) in enumerate(told):
        assert torch.equal(real[:, :1], batches[step])
        large = torch.from_numpy(images.labels)[batches.order(0)[20 * step : 20 * step + 20]]
        assert torch.equal(batches.labels(step), large)
        for x in (real, fake):
            assert torch.equal(x[:, 1:, 0, 0].argmax(1), large) and torch.equal(x[:, 1:].sum(1), torch.ones(20, 28, 28))
    assert len(told) == 10
    z = draw_z(run.config, 5, torch.Generator().manual_seed(0))
    assert torch.equal(z[:, :8], sample_z(5, 8, generator=torch.Generator().manual_seed(0)))
    assert z[:, 8:].argmax(1).tolist() == [0, 1, 0, 1, 0]
    assert draw_z(run.config, 2, labels=torch.tensor([1, 1]))[:, 8:].tolist() == [[0, 1], [0, 1]]
    assert generate(run.load_generator(), z).shape == (5, 1, 28, 28) and len(run.samples()) > 1


@pytest.mark.parametrize(("changes", "to_G", "to_D"), [({"class_input": "projection"}, True, True),
                                                       ({"class_input": "none"}, True, False),
                                                       ({"tell_g": False}, False, True)], ids=str)
def test_only_who_is_to_be_told_the_class_can_see_it(tmp_path, changes, to_G, to_D):
    """After a step of training: does an answer change where only the class does?"""
    run = train(tiny.config(tmp_path, classes=2, num_epochs=0.2, g_dropout=0.0, **changes), quiet=True)
    one_hot = torch.eye(2)[[0, 0, 1, 1]]
    z = torch.cat([sample_z(4, 8), one_hot], 1)
    other = torch.cat([z[:, :8], one_hot.flip(1)], 1)
    netG, netD = run.load_generator(), run.load_discriminator()
    assert torch.equal(generate(netG, z), generate(netG, other)) is not to_G
    x = generate(netG, z)
    answers = [netD(seen(x, run.config, y)) for y in (one_hot, one_hot.flip(1))]
    assert torch.equal(*answers) is not to_D


def test_classes_must_be_those_of_the_images(monkeypatch, tmp_path):
    with pytest.raises(UserError, match="classes: found 10, expected 2, as the images of tiny have"):
        train(tiny.config(tmp_path, classes=10))
    for labels, why in ((None, "no labels"), (np.zeros((200, 3), np.uint8), "attributes")):
        images = dataclasses.replace(tiny.images(28), labels=labels)
        monkeypatch.setitem(names.ARRAYS, "tiny", lambda where, split, images=images: images)
        with pytest.raises(UserError, match=f"classes: found 2, expected 0: the images of tiny have {why}"):
            train(tiny.config(tmp_path, classes=2))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("changes", [{"scale": "classifier"}, {"g_label": 0.9}, {"instance_noise": 0.2},
                                     {"init": "pytorch"}, {"spectral_norm": True}, {"z": "uniform01"},
                                     {"d_norm": "none"}, {"d_norm": "none", "init": "he"}, {"loss": "hinge"},
                                     {"d_norm": "none", "r2": 1.0}, {"d_norm": "none", "gp": 1.0},
                                     {"loss": "relativistic"}, {"n_critic": 2}], ids=str)
def test_an_ablation_changes_the_training_and_its_weights_load(tmp_path, changes):
    plain, run = (train(tiny.config(tmp_path, num_epochs=1, **c), quiet=True) for c in ({}, changes))
    assert run.stats()[-1]["loss_G"] != plain.stats()[-1]["loss_G"]
    assert run.load_discriminator() and run.load_generator()(torch.zeros(2, 8)).abs().max() <= 1


def test_stale_gradients_do_not_leak_from_step_to_step(pair):
    netG, netD, optG, optD, x_real, z = pair
    twice = copy.deepcopy(netD)
    for p in netD.parameters():
        p.grad = torch.full_like(p, 7.0)
    d_step(netD, optD, x_real, netG(z))
    d_step(twice, torch.optim.SGD(twice.parameters(), 1.0), x_real, netG(z))
    for a, b in zip(weights(netD), weights(twice), strict=True):
        torch.testing.assert_close(a, b)


def test_a_training_is_the_plain_algorithm(tmp_path):
    """Three steps of `train` against a loop written out with textbook formulas."""
    config = tiny.config(tmp_path, num_epochs=1, batch_size=60, ema_kimg=0.0, g_dropout=0.0, real_label=0.9)
    run = train(config)
    state = TrainState.start(resolve.match_images(resolve.resolve(config, None), tiny.images(28)))
    netG, netD = copy.deepcopy(state.netG), copy.deepcopy(state.netD)
    optG = torch.optim.Adam(netG.parameters(), 2e-4, (0.5, 0.999))
    optD = torch.optim.Adam(netD.parameters(), 2e-4, (0.5, 0.999))
    batches = trainer.Batches(tiny.images(28), 60, config.seed)
    for step in range(3):
        z = sample_z(60, 8, generator=state.z_stream)
        x_fake = netG(z)
        real, fake = netD(batches[step]), netD(x_fake.detach())
        optD.zero_grad()
        (F.binary_cross_entropy_with_logits(real, torch.full((60,), 0.9))
         + F.binary_cross_entropy_with_logits(fake, torch.zeros(60))).backward()
        optD.step()
        optG.zero_grad()
        F.binary_cross_entropy_with_logits(netD(x_fake), torch.ones(60)).backward()
        optG.step()
    z = torch.randn(4, 8)
    torch.testing.assert_close(generate(run.load_generator(), z), generate(netG, z), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(generate(state.netG, z), generate(netG, z), rtol=1e-3, atol=1e-4)  # it did train


@pytest.mark.parametrize("loss", ["wasserstein", "relativistic"])
def test_several_updates_of_d_are_the_plain_algorithm(tmp_path, loss):
    """Two steps of `train`, n_critic = 3, against a loop written out: D sees other images and other z each time, G is
    updated once, on the last; a step's line counts all images, and its statistics are of D's last update."""
    config = tiny.config(tmp_path, num_epochs=0.6, batch_size=20, n_critic=3, ema_kimg=0.0, g_dropout=0.0, loss=loss,
                         d_norm="none", init="he", r1=0.2, penalty_every=1, log_steps=1)
    run = train(config)
    state = TrainState.start(resolve.match_images(resolve.resolve(config, None), tiny.images(28)))
    netG, netD = copy.deepcopy(state.netG), copy.deepcopy(state.netD)
    optG = torch.optim.Adam(netG.parameters(), 2e-4, (0.5, 0.999))
    optD = torch.optim.Adam(netD.parameters(), 2e-4, (0.5, 0.999))
    batches, lines = trainer.Batches(tiny.images(28), 60, config.seed), []
    assert batches.steps_per_epoch == 3
    for step in range(2):
        whole, z = batches[step], sample_z(60, 8, generator=state.z_stream)
        for i in range(3):
            x_real = whole[[i, *range(i + 3, 60, 3)]].requires_grad_()
            x_fake = netG(z[[i, *range(i + 3, 60, 3)]])
            real, fake = netD(x_real), netD(x_fake.detach())
            of_D = (fake - real).mean() if loss == "wasserstein" else F.softplus(fake - real).mean()
            slope, = torch.autograd.grad(real.sum(), x_real, create_graph=True)
            optD.zero_grad()
            (of_D + 0.1 * slope.square().sum((1, 2, 3)).mean()).backward()
            optD.step()
        optG.zero_grad()
        fake, real = netD(x_fake), netD(x_real).detach()
        of_G = -fake.mean() if loss == "wasserstein" else F.softplus(real - fake).mean()
        of_G.backward()
        optG.step()
        lines.append((of_D.item(), of_G.item()))
    assert [(line["step"], line["kimg"]) for line in run.stats()] == [(1, 0.06), (2, 0.12)]
    for line, expected in zip(run.stats(), lines, strict=True):
        assert (line["loss_D"], line["loss_G"]) == pytest.approx(expected, rel=1e-3, abs=1e-4)
    z = torch.randn(4, 8)
    torch.testing.assert_close(generate(run.load_generator(), z), generate(netG, z), rtol=1e-3, atol=1e-3)
    assert not torch.allclose(generate(state.netG, z), generate(netG, z), rtol=1e-3, atol=1e-3)


def test_the_run_folder(finished_run):
    path = finished_run.path
    assert path.name == "0001-smoke"
    assert {p.name for p in path.iterdir()} == {"config.json", "machine.json", "images.json", "stats.jsonl",
                                                "reals.png", "samples", "checkpoints", "curves.png", "training.gif"}
    assert [c.name for c in finished_run.checkpoints()] == ["step_0000010", "step_0000020", "step_0000030"]
    stats = finished_run.stats()
    assert [line["step"] for line in stats] == [4, 8, 10, 14, 18, 20, 24, 28, 30]  # each epoch: every 4, and its end
    assert stats[-1]["kimg"] == 0.6
    assert all(0 < line["D_x"] < 1 and 0 < line["D_G_z"] < 1 and line["loss_D"] > 0 for line in stats)
    assert finished_run.config.precision == "fp32" and finished_run.config.nc == 1  # resolved
    assert Image.open(path / "reals.png").size == Image.open(finished_run.samples()[0][1]).size == (242, 242)
    modes = {file.stat().st_mode for file in finished_run.last_checkpoint().iterdir()}
    assert modes == {(path / "config.json").stat().st_mode}  # whoever may read the run may read its weights
    curves = Image.open(path / "curves.png")
    assert curves.size == (924, 330) and curves.getextrema()[0] == (0, 255)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 100, 60_000])
def test_the_pictures_of_reals_come_from_all_over(count):
    places = list(plots.thinned(range(count), 64))
    assert len(places) == min(64, count) == len(set(places)) and places == sorted(places)
    assert places[0] == 0 and count - count / 64 - 1 <= places[-1] < count


def test_every_sample_grid_has_its_own_file_and_caption(tmp_path, monkeypatch):
    """As many decimals of a thousand as there are images, and no zeros after them; in order by name too."""
    captions, real = [], plots.films.caption
    monkeypatch.setattr(plots.films, "caption", lambda picture, text: captions.append(text) or real(picture, text))
    run = train(tiny.config(tmp_path, num_epochs=1, sample_kimg=0.008, batch_size=4), quiet=True)
    assert [kimg for kimg, _ in run.samples()] == [round(0.008 * i, 3) for i in range(26)]
    names = [file.stem for _, file in run.samples()]
    assert names == sorted(names) and names[:3] == ["fakes_000000", "fakes_000000.008", "fakes_000000.016"]
    assert names[5] == "fakes_000000.04" and names[25] == "fakes_000000.2"
    assert len(set(captions)) == 26 and captions[1] == "0.008 thousand images"
    plots.write_gif([(40.0, file) for _, file in run.samples()[:1]] + [(40.5, run.samples()[1][1])], tmp_path / "a.gif")
    assert captions[26:28] == ["40 thousand images", "40.5 thousand images"]


def test_statistics_are_means_over_the_interval(tmp_path):
    """log_steps=1 writes every step; the mean of those lines is what a longer interval writes."""
    single = train(tiny.config(tmp_path, num_epochs=1, log_steps=1)).stats()
    whole = train(tiny.config(tmp_path, num_epochs=1, log_steps=10)).stats()
    assert len(single) == 10 and len(whole) == 1
    for key in ("loss_D", "loss_G", "D_x", "D_G_z"):
        assert whole[0][key] == pytest.approx(sum(line[key] for line in single) / 10, rel=1e-5)


def test_short_epochs_do_not_write_at_each_end(tmp_path):
    """Two steps an epoch: lines and checkpoints are at least log_steps apart, at ends of epochs."""
    run = train(tiny.config(tmp_path, batch_size=100, num_epochs=8, log_steps=5))
    assert [line["step"] for line in run.stats()] == [6, 12, 16]
    assert [step_of(file) for file in run.checkpoints()] == [6, 12, 16]


def test_no_line_is_the_mean_of_very_few_steps():
    """By the rule itself: an epoch of 26 steps has one line in place of two, at 25 and at 26; of 937 still 38."""
    lines = lambda lap, every: [step for step in range(1, lap + 1) if trainer.line_is_due(step, lap, every)]  # noqa: E731
    assert lines(26, 25) == [26] and lines(40, 25) == [25, 40] and lines(10, 4) == [4, 8, 10] and lines(2, 1) == [1, 2]
    assert lines(937, 25) == [*range(25, 937, 25), 937]


@pytest.mark.parametrize("epochs, batch_size, said", [(10, 100, "10 epochs of 200 pictures show 2 thousand images; "),
                                                      (9, 100, None), (320, 20, None)])
def test_few_pictures_need_many_epochs(tmp_path, capsys, monkeypatch, epochs, batch_size, said):
    for name in ("loop", "write_pictures"):
        monkeypatch.setattr(trainer, name, lambda *_: None)
    train(tiny.config(tmp_path, num_epochs=epochs, batch_size=batch_size))
    out = capsys.readouterr().out
    assert (said in out and ": --num_epochs 480\n" in out) if said else "epochs of" not in out


def test_the_callers_random_stream_is_untouched(tmp_path):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    train(tiny.config(tmp_path, num_epochs=1))
    assert torch.equal(torch.rand(3), expected)


def test_the_seed_decides(tmp_path):
    def final(seed):
        return generate(train(tiny.config(tmp_path, num_epochs=1, seed=seed)).load_generator(), torch.ones(1, 8))

    assert torch.equal(final(1), final(1))
    assert not torch.equal(final(1), final(2))


def test_ema_is_the_recursion_of_its_definition(tmp_path):
    config = resolve.match_images(resolve.resolve(tiny.config(tmp_path, ema_kimg=0.05), None), tiny.images(28))
    state = TrainState.start(config)
    name = "blocks.0.0.weight"
    expected = state.netG_ema.state_dict()[name].double()
    for step in range(1, 40):
        state.step = step
        with torch.no_grad():
            state.netG.state_dict()[name].add_(0.1)
        state.update_ema(config)
        keep = 0.5 ** (20 / min(50, 0.05 * 20 * step))  # half-life in images, ramped up
        expected = keep * expected + (1 - keep) * state.netG.state_dict()[name].double()
    torch.testing.assert_close(state.netG_ema.state_dict()[name].double(), expected, rtol=1e-4, atol=1e-6)
    assert state.shown is state.netG_ema


# ---- the same to the last bit


def fingerprint(run: Run) -> dict:
    """Everything a run leaves behind, without the times: tensors, statistics, pictures."""
    result = {}
    for checkpoint in run.checkpoints():
        for file in checkpoint.glob("*.safetensors"):
            result[f"{checkpoint.name}/{file.name}"] = file.read_bytes()
        result[checkpoint.name] = flatten(torch.load(checkpoint / "state.pt", weights_only=True))
    result["stats"] = [{k: v for k, v in line.items() if k != "images_per_s"} for line in run.stats()]
    for file in [*run.path.glob("samples/*.png"), run.path / "training.gif"]:
        result[file.name] = file.read_bytes()
    return result


def flatten(value):
    """Tensors as bytes, so that dicts compare with ==."""
    if isinstance(value, torch.Tensor):
        return value.shape, value.dtype, value.numpy().tobytes()
    if isinstance(value, dict):
        return {key: flatten(item) for key, item in value.items()}
    return [flatten(item) for item in value] if isinstance(value, (list, tuple)) else value


def assert_same(first: Run, second: Run):
    a, b = fingerprint(first), fingerprint(second)
    assert a.keys() == b.keys()
    assert [key for key in a if a[key] != b[key]] == []


def stop_after(step):
    """A `show` that asks for a stop, as Ctrl-C does, once the sample grid after `step` is written."""
    shown = []

    def show(picture, caption):
        shown.append(caption)
        if len(shown) == step:
            signal.raise_signal(signal.SIGINT)

    return show


@pytest.mark.parametrize("changes", [{}, *(pytest.param(changes, marks=pytest.mark.slow) for changes in (
    {"precision": "bf16"}, {"precision": "fp16"}, {"classes": 2, "class_input": "projection"},
    {"precision": "fp16", "d_norm": "none", "init": "he", "r1": 1.0, "r2": 1.0, "penalty_every": 4},
    {"precision": "bf16", "d_norm": "none", "init": "he", "loss": "wasserstein", "gp": 10.0, "n_critic": 2,
     "penalty_every": 3, "batch_size": 10, "instance_noise": 0.1},
    {"precision": "bf16", "norm": "none", "init": "he", "loss": "relativistic", "r1": 1.0, "r2": 1.0}))], ids=str)
def test_two_halves_are_one_whole(tmp_path, changes, capsys):
    config = tiny.config(tmp_path, **changes)
    whole = train(config)
    half = train(config, show=stop_after(4))  # sample grids come every 5 steps: Ctrl-C after 15 of 30 steps
    assert f"Stopped after step 15 of 30; the last good checkpoint is step_0000015, go on with: dcgan-course resume " \
           f"{half.path}" in capsys.readouterr().out
    assert half.stats()[-1]["step"] == 14  # in the middle of an interval and of an epoch
    resumed = train(half.config, resume=Run(half.path))
    shutil.rmtree(resumed.path / "checkpoints" / "step_0000015")
    assert_same(whole, resumed)


def test_a_longer_run_is_the_same_as_a_prolonged_one(tmp_path):
    whole = train(tiny.config(tmp_path, num_epochs=3))
    first = train(tiny.config(tmp_path, num_epochs=2))
    assert_same(whole, train(first.config.replace(num_epochs=3), resume=first))


def test_resume_of_a_finished_run_changes_nothing(tmp_path, capsys):
    run = train(tiny.config(tmp_path, num_epochs=1))
    before = fingerprint(run)
    capsys.readouterr()
    assert fingerprint(train(run.config, resume=Run(run.path))) == before
    assert "has its 1 epochs already; a larger --num_epochs prolongs it" in capsys.readouterr().out


def spawn(*args, patch=""):
    """The command line in a process of its own, with the tiny images; `patch` runs first."""
    return processes.begin(f"{patch}\n{processes.script(TINY, *args)}")


def flags(config):
    """The command line that makes this config."""
    words = []
    for key, value in vars(config).items():
        if isinstance(value, bool):
            words.append(f"--{key}" if value else f"--no_{key}")
        elif value is not None:
            words += [f"--{key}", str(value)]
    return words


DIE = f"""
import os
from dcgan_course.runs import writing
def die(*args): os.kill(os.getpid(), {int(processes.KILL)})
"""
# Where the process is killed: while the weights are written, before the rename, after it, and within a line of text.
MOMENTS = {
    "in a checkpoint's weights": DIE + """
def half(tensors, file):
    open(file, 'wb').write(b'half a file')
    if 'step_0000020' in str(file): die()
    real(tensors, file)
real, writing.save_file = writing.save_file, half
""",
    "before the rename": DIE + """
real = writing.sync
writing.sync = lambda path: die() if path.name == '.step_0000020.tmp' else real(path)
""",
    "after the rename": DIE + """
real = writing.sync
writing.sync = lambda path: die() if (path / 'step_0000020').exists() else real(path)
""",
    "in a line of statistics": DIE + """
from dcgan_course.backstage import journal
real = journal.add_line
def cut(run, line):
    if line['step'] == 24:
        with (run.path / 'stats.jsonl').open('a') as file: file.write('{"step": 24, "ki')
        die()
    real(run, line)
journal.add_line = cut
""",
}


@pytest.fixture
def uninterrupted(finished_run):
    return finished_run


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.slow
def test_killed_and_resumed(tmp_path, uninterrupted, moment):
    process = spawn("train", *flags(tiny.config(tmp_path)), patch=MOMENTS[moment])
    process.communicate()
    assert process.returncode == processes.ended_by(processes.KILL)
    run = Run(tmp_path / "0001-smoke")
    expected = "step_0000010" if "weights" in moment or "before" in moment else "step_0000020"
    assert run.last_checkpoint().name == expected
    assert_same(uninterrupted, train(run.config, resume=run))


@pytest.mark.slow
def test_killed_at_random_times_and_resumed(tmp_path, uninterrupted):
    """Three kills, each a little later, then the end: the same to the last bit."""
    steps = 30
    command = ["train", *flags(tiny.config(tmp_path))]
    for lines in (1, 4, 7):
        process = spawn(*command)
        stats = tmp_path / "0001-smoke" / "stats.jsonl"
        while process.poll() is None and not (stats.exists() and stats.read_text("utf-8").count("\n") >= lines):
            time.sleep(0.002)
        process.kill()
        process.communicate()
        run = Run(tmp_path / "0001-smoke")
        command = ["resume", run.path]
        if not run.checkpoints():  # killed before the first one: nothing to resume, start again
            shutil.rmtree(run.path)
            command = ["train", *flags(tiny.config(tmp_path))]
    process = spawn(*command)
    out, err = process.communicate()
    assert process.returncode == 0, err
    run = Run(tmp_path / "0001-smoke")
    assert run.stats()[-1]["step"] == steps
    assert_same(uninterrupted, run)


STOP = """
import os, signal
from dcgan_course import trainer
real = trainer.both_steps
def asked(config, state, *rest):
    real(config, state, *rest)
    if state.step == 13: os.kill(os.getpid(), signal.{name})
trainer.both_steps = asked
"""


def test_a_stop_in_a_notebook_names_the_notebooks_way(tmp_path, monkeypatch, capsys):
    """On a line of its own, to be copied; and it works as it stands there."""
    monkeypatch.setattr("dcgan_course.backstage.journal.in_notebook", lambda: True)
    run = train(tiny.config(tmp_path), show=stop_after(2))
    lines = capsys.readouterr().out.splitlines()
    ways = [line.strip() for line in lines[-3:]]
    assert ways == ["run = train(run.config, resume=run)", "or in a terminal:", f"dcgan-course resume {run.path}"]
    names = {"run": run, "train": train}
    exec(ways[0], names)
    assert names["run"].stats()[-1]["step"] == 30


def test_the_sheet_of_an_untrained_generator_is_not_offered(tmp_path, capsys):
    for sheets, said in ((1, "samples  none since the start: one comes every 0.1 thousand"), (2, "fakes_000000.1")):
        run = train(tiny.config(tmp_path), show=stop_after(sheets), quiet=True)
        show_result(run)
        assert said in capsys.readouterr().out


def test_what_can_be_done_next_can_be_done(finished_run, capsys):
    """A score wants a judge, which most images have not."""
    show_result(finished_run)
    judged = SimpleNamespace(path=finished_run.path, samples=finished_run.samples, config=preset("mnist"))
    show_result(judged)
    ways = [line.partition(f"{finished_run.path}; ")[2] for line in capsys.readouterr().out.splitlines()
            if line.startswith("next")]
    assert ways == ["or neighbours, page instead of sample", "or score, neighbours, page instead of sample"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows knows neither")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
@pytest.mark.slow
def test_stopped_in_the_middle_of_an_epoch_and_resumed(tmp_path, uninterrupted, name):
    """docker stop, a batch system, a closed terminal, Ctrl-C: the step is done, its checkpoint kept, and the end the
    same. The exit status says what it was; of a Ctrl-C, that all went as told."""
    process = spawn("train", *flags(tiny.config(tmp_path)), patch=STOP.format(name=name))
    out, err = process.communicate()
    assert process.returncode == (0 if name == "SIGINT" else 128 + getattr(signal, name)), err
    run = Run(tmp_path / "0001-smoke")
    assert f"Stopped after step 13 of 30; the last good checkpoint is step_0000013, go on with: dcgan-course resume " \
           f"{run.path}" in out
    assert (run.path / "training.gif").is_file() and "Traceback" not in err
    resumed = train(run.config, resume=run)
    shutil.rmtree(run.path / "checkpoints" / "step_0000013")
    assert_same(uninterrupted, resumed)


HANG_UP = """
import os, time
from dcgan_course import trainer
real = trainer.both_steps
def wait_for_it(config, state, *rest):
    real(config, state, *rest)
    if state.step == 13:
        os.write(1, b'now')
        while os.isatty(1): time.sleep(0.002)
trainer.both_steps = wait_for_it
"""


@pytest.mark.skipif(sys.platform != "linux", reason="terminals differ")
@pytest.mark.slow
def test_a_terminal_that_closes(tmp_path, uninterrupted):
    """Not only a SIGHUP: nothing can be said any more, and that is no reason to lose the work."""
    import fcntl
    import termios

    def own_terminal():
        processes.listen()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    ours, theirs = os.openpty()
    code = f"{HANG_UP}\n{processes.script(TINY, 'train', *flags(tiny.config(tmp_path)))}"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs,
                               start_new_session=True, preexec_fn=own_terminal)
    os.close(theirs)
    said = b""
    while b"now" not in said:
        said += os.read(ours, 1000)
    os.close(ours)
    assert process.wait(processes.PATIENCE) == 128 + signal.SIGHUP
    run = Run(tmp_path / "0001-smoke")
    assert run.last_checkpoint().name in ("step_0000013", "step_0000014") and (run.path / "training.gif").is_file()
    resumed = train(run.config, resume=Run(run.path))
    shutil.rmtree(run.path / "checkpoints" / run.checkpoints()[1].name)
    assert_same(uninterrupted, resumed)


# ---- checkpoints by the clock


class Clock:
    """In place of the module time: each look at the clock is a second later."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        self.now += 1
        return self.now


@pytest.mark.slow
def test_checkpoints_by_the_clock_change_nothing(tmp_path, uninterrupted, monkeypatch):
    """One after each so many minutes since the last one, beside those at the end of the epochs."""
    monkeypatch.setattr(journal, "time", Clock())
    run = train(tiny.config(tmp_path, checkpoint_minutes=5 / 60))
    steps = [step_of(checkpoint) for checkpoint in run.checkpoints()]
    assert {10, 20, 30} < set(steps) and len(steps) > 6
    assert all(b - a <= 5 for a, b in itertools.pairwise(steps)) and set(range(1, 31)) - set(steps)
    for step in set(steps) - {10, 20, 30}:
        shutil.rmtree(run.path / "checkpoints" / f"step_{step:07d}")
    assert_same(uninterrupted, run)
    never = train(tiny.config(tmp_path, checkpoint_minutes=0), quiet=True)
    assert [step_of(checkpoint) for checkpoint in never.checkpoints()] == [10, 20, 30]


@pytest.mark.slow
def test_a_checkpoint_at_every_step_and_how_many_stay(tmp_path, uninterrupted):
    config = tiny.config(tmp_path, checkpoint_minutes=1e-9, keep=2)
    process = spawn("train", *flags(config), patch=DIE + """
from dcgan_course import trainer
real = trainer.both_steps
def both_steps(config, state, *rest):
    if state.step == 17: die()
    real(config, state, *rest)
trainer.both_steps = both_steps
""")
    process.communicate()
    assert process.returncode == processes.ended_by(processes.KILL)
    run = Run(tmp_path / "0001-smoke")
    assert [c.name for c in run.checkpoints()] == ["step_0000016", "step_0000017"]
    ended = train(run.config.replace(keep=0, checkpoint_minutes=0), resume=run)  # both may change
    assert [c.name for c in ended.checkpoints()] == [f"step_{n:07d}" for n in (16, 17, 20, 30)]
    for step in (16, 17):
        shutil.rmtree(run.path / "checkpoints" / f"step_{step:07d}")
    expected, found = fingerprint(uninterrupted), fingerprint(ended)
    assert [key for key in found if found[key] != expected[key]] == []


# ---- what must be refused


def test_resume_with_another_config_shows_the_difference(finished_run):
    before = fingerprint(finished_run)
    with pytest.raises(UserError, match=re.escape("cannot go on with another config (lr_g: 0.0002 -> 0.001); only")):
        train(finished_run.config.replace(lr_g=1e-3), resume=finished_run)
    with pytest.raises(UserError, match="num_epochs: found 1, expected at least the run's 3"):
        train(finished_run.config.replace(num_epochs=1), resume=finished_run)
    assert fingerprint(finished_run) == before


def test_a_run_without_scores_may_have_another_judge(tmp_path, monkeypatch):
    """It is the judge's first word; after that one run has one judge."""
    from dcgan_course.measuring import scores

    score = lambda images: {"fd100_tiny": 3.0}  # noqa: E731
    score.most = 100
    monkeypatch.setattr(scores, "scorer_for", lambda config: score)
    run = train(tiny.config(tmp_path, num_epochs=1))
    scored = train(run.config.replace(num_epochs=2, metric_every=1, metric_n=100, judge="mnist"), resume=run)
    assert [line["step"] for line in scored.metrics()] == [20] and scored.config.judge == "mnist"
    with pytest.raises(UserError, match=r"another config \(judge: 'mnist' -> 'avatars'\); only "):
        train(scored.config.replace(num_epochs=3, judge="avatars"), resume=scored)


@pytest.mark.parametrize("minutes", [-1, float("inf"), float("nan"), "ten"])
def test_minutes_that_are_none(tmp_path, minutes):
    with pytest.raises(UserError, match=f"checkpoint_minutes: found {minutes!r}, expected"):
        tiny.config(tmp_path, checkpoint_minutes=minutes)


@pytest.fixture
def broken(finished_run, tmp_path):
    return Run(shutil.copytree(finished_run.path, tmp_path / "copy"))


def test_a_damaged_checkpoint_says_whether_there_is_one_before_it(broken):
    last, *earlier = reversed(broken.checkpoints())
    (last / "netG.safetensors").write_bytes(b"damaged")
    with pytest.raises(UserError, match=f"remove {last} to go on from the one before it"):
        broken.load_generator(last)
    for checkpoint in earlier:
        shutil.rmtree(checkpoint)
    with pytest.raises(UserError, match="there is none before it"):
        broken.load_generator(last)


class Bomb:
    def __reduce__(self):
        return Path.touch, (Path("bomb-went-off"),)


@pytest.mark.parametrize("name", ["netG.safetensors", "netD.safetensors", "state.pt"])
@pytest.mark.parametrize("how", ["truncated", "flipped", "foreign", "pickle", "missing"])
@pytest.mark.parametrize("forged", [False, True], ids=["", "with a forged checksum"])
def test_damaged_checkpoints(broken, name, how, forged, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = broken.last_checkpoint() / name
    content = file.read_bytes()
    if how == "missing":
        file.unlink()
    elif how == "pickle":
        torch.save({"optG": Bomb()}, file)
    else:
        middle = len(content) // 2
        file.write_bytes({"truncated": content[:middle], "foreign": b"GIF89a" * 50,
                          "flipped": content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1:]}[how])
    if forged and file.exists():
        digests = {f.name: file_sha256(f) for f in file.parent.iterdir() if f.name != "sha256.json"}
        (file.parent / "sha256.json").write_text(json.dumps(digests))
    if forged and how == "flipped":
        return  # a forger who also flips bits has made a different, valid checkpoint
    with pytest.raises(UserError) as caught:
        train(broken.config, resume=broken)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)
    assert not Path("bomb-went-off").exists()


def test_the_bomb_would_go_off(tmp_path, monkeypatch):
    """So that the test above can fail."""
    monkeypatch.chdir(tmp_path)
    torch.save(Bomb(), "bomb.pt")
    torch.load("bomb.pt", weights_only=False)
    assert Path("bomb-went-off").exists()


def test_weights_of_another_network(broken, tmp_path):
    other = train(tiny.config(tmp_path / "other", ngf=8, num_epochs=1))
    checkpoint = broken.last_checkpoint()
    shutil.copy(other.last_checkpoint() / "netG.safetensors", checkpoint / "netG.safetensors")
    digests = {f.name: file_sha256(f) for f in checkpoint.iterdir() if f.name != "sha256.json"}
    (checkpoint / "sha256.json").write_text(json.dumps(digests))
    with pytest.raises(UserError, match=r"netG\.safetensors: weights of another network"):
        train(broken.config, resume=broken)


@pytest.mark.parametrize("call", ["save_file", "sync"])
def test_a_full_disk_keeps_the_last_checkpoint(tmp_path, monkeypatch, call):
    real = getattr(writing, call)

    def full(*args):
        if any("step_0000020" in str(arg) for arg in args):
            raise OSError(28, "No space left on device")
        return real(*args)

    monkeypatch.setattr(writing, call, full)
    expected = r"step_0000020: cannot be written .*No space left.*last good checkpoint is step_0000010"
    with pytest.raises(UserError, match=expected):
        train(tiny.config(tmp_path))
    monkeypatch.setattr(writing, call, real)
    run = Run(tmp_path / "0001-smoke")
    assert {p.name for p in (run.path / "checkpoints").iterdir()} == {".lock", "step_0000010"}
    assert train(run.config, resume=run).stats()[-1]["step"] == 30


@pytest.mark.parametrize("refused", ["new", "old"])
def test_on_windows_somebody_reads_a_checkpoint(tmp_path, uninterrupted, monkeypatch, refused):
    """A virus scanner reads each new one for a moment, another program an old one to the end."""
    asked, replace = Counter(), Path.replace

    def refusing(self, target):
        asked[self.name] += 1
        if self.name.startswith(".step" if refused == "new" else "step") and (refused == "old" or asked[self.name] < 3):
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(files, "PATIENCE", [0.0, 0.0])
    monkeypatch.setattr(Path, "replace", refusing)
    run = train(tiny.config(tmp_path, keep=1 if refused == "old" else 3))
    assert [step_of(checkpoint) for checkpoint in run.checkpoints()] == [10, 20, 30]
    assert asked[".step_0000030.tmp" if refused == "new" else "step_0000010"] >= (3 if refused == "new" else 2)
    assert_same(uninterrupted, run)


def test_a_read_only_run_folder(tmp_path, monkeypatch):
    run = train(tiny.config(tmp_path, num_epochs=1))

    def read_only(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(writing, "write_atomically", read_only)
    with pytest.raises(UserError, match=r"0001-smoke: cannot be written \(Read-only file system\); .*step_0000010"):
        train(run.config.replace(num_epochs=2), resume=run)


@pytest.mark.parametrize("preset, epochs, precision, most", [
    ("mnist", 0.03, "fp32", 0.7e9), ("mnist64", 0.005, "bf16", 1.1e9), ("mnist64", 0.005, "fp32", 1.1e9)])
@pytest.mark.slow
def test_memory_stays_small(tmp_path, preset, epochs, precision, most):
    """What a training adds, on the CPU, in a process of its own: 28 steps of 64 images, 2 steps of 128 images at 64x64.

    It was 0.1, 0.5 and 0.6 GB; on other processors up to 0.4 more, as malloc keeps more after trying the threads.
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("reads the high-water mark that Linux keeps")
    if precision == "bf16" and pick_precision("auto", torch.device("cpu")) != "bf16":
        pytest.skip("a processor that only imitates bfloat16 takes minutes")
    process = processes.begin(f"""if True:
        from dcgan_course.config import preset
        from dcgan_course.trainer import train
        from processes import own_memory
        before = own_memory("VmRSS")
        train(preset({preset!r}, num_epochs={epochs}, device="cpu", precision={precision!r}, out={str(tmp_path)!r}))
        print(own_memory("VmHWM") - before)""")
    said, wrong = process.communicate()
    assert process.returncode == 0, wrong
    assert 0.05e9 < int(said.split()[-1]) < most


def test_diverged_training_stops_and_keeps_the_good_checkpoint(tmp_path, monkeypatch):
    losses = iter([*[None] * 12, float("nan")])
    real = trainer.g_step

    def broken_step(netD, optG, x_fake, *rest):
        value = next(losses, None)
        return real(netD, optG, x_fake, *rest) * (1.0 if value is None else value)

    monkeypatch.setattr(trainer, "g_step", broken_step)
    expected = r"step 14: training has diverged.*last good checkpoint is step_0000010.*learning rates"
    with pytest.raises(UserError, match=expected):
        train(tiny.config(tmp_path))
    assert [c.name for c in Run(tmp_path / "0001-smoke").checkpoints()] == ["step_0000010"]


def test_keep(tmp_path):
    run = train(tiny.config(tmp_path, keep=2))
    assert [c.name for c in run.checkpoints()] == ["step_0000020", "step_0000030"]


def test_killed_while_old_checkpoints_are_removed(tmp_path, monkeypatch):
    """What is half removed is no checkpoint, and the next save takes the rest of it away."""
    def killed(folder, **_):
        if (Path(folder) / "sha256.json").exists():
            raise KeyboardInterrupt
    monkeypatch.setattr(writing.shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        train(tiny.config(tmp_path, keep=1))
    monkeypatch.undo()
    run = Run(tmp_path / "0001-smoke")
    assert [c.name for c in run.checkpoints()] == ["step_0000020"]
    train(run.config, resume=run)
    assert {p.name for p in (run.path / "checkpoints").iterdir()} == {".lock", "step_0000030"}


@pytest.mark.slow
def test_the_best_checkpoint_is_kept_next_to_the_last(tmp_path, monkeypatch):
    from dcgan_course.measuring import scores

    drawn = []
    distances = iter([5.0, 3.0, 4.0, 9.0, 8.0, 7.0])

    def score(images):
        drawn.append(images)
        return {"confidence": 0.5, "fd100_tiny": next(distances)}

    score.most = 150
    monkeypatch.setattr(scores, "scorer_for", lambda config: score)
    config = tiny.config(tmp_path, keep=1, metric_every=1, metric_n=200, num_epochs=4, judge="mnist")
    run = train(config)
    assert [c.name for c in run.checkpoints()] == ["step_0000020", "step_0000040"]
    assert run.best_checkpoint().name == "step_0000020"
    assert "step_0000020, step_0000040, best: step_0000020; " in run_summary(run)
    assert [(line["step"], line["fd100_tiny"]) for line in run.metrics()] == [(10, 5), (20, 3), (30, 4), (40, 9)]
    assert drawn[0].shape == (150, 1, 28, 28) and not torch.equal(drawn[0], drawn[1])
    resumed = train(run.config.replace(num_epochs=6), resume=run)  # the best of all stays also over a resume
    assert [c.name for c in resumed.checkpoints()] == ["step_0000020", "step_0000060"]
    plain = train(tiny.config(tmp_path, num_epochs=6))  # scoring changes nothing of the training
    assert [line["loss_G"] for line in plain.stats()] == [line["loss_G"] for line in resumed.stats()]


def test_the_best_checkpoint_among_short_epochs(tmp_path, monkeypatch):
    """What is scored is also kept, where epochs are too short for a checkpoint at each end."""
    from dcgan_course.measuring import scores

    distances = iter([5.0, 3.0, 4.0, 4.0])
    score = lambda images: {"fd100_tiny": next(distances)}  # noqa: E731
    score.most = 100
    monkeypatch.setattr(scores, "scorer_for", lambda config: score)
    run = train(tiny.config(tmp_path, batch_size=100, keep=1, metric_every=1, metric_n=100, log_steps=5, num_epochs=4,
                            judge="mnist"))
    assert [c.name for c in run.checkpoints()] == ["step_0000004", "step_0000008"]
    assert [line["step"] for line in run.stats()] == [2, 4, 6, 8]  # what is saved is the mean of all processes
    assert run.best_checkpoint().name == "step_0000004"


def test_the_best_checkpoint_among_those_by_the_clock(tmp_path, monkeypatch):
    """Only those at the end of an epoch have a score; the best of them stays, however many come after it."""
    from dcgan_course.measuring import scores

    distances = iter([5.0, 3.0, 4.0])
    score = lambda images: {"fd100_tiny": next(distances)}  # noqa: E731
    score.most = 100
    monkeypatch.setattr(scores, "scorer_for", lambda config: score)
    config = tiny.config(tmp_path, keep=1, metric_every=1, metric_n=100, checkpoint_minutes=1e-9, judge="mnist")
    run = train(config, quiet=True)
    assert [c.name for c in run.checkpoints()] == ["step_0000020", "step_0000030"]
    assert run.best_checkpoint().name == "step_0000020"
    assert [line["step"] for line in run.metrics()] == [10, 20, 30]


def test_scoring_images_that_no_judge_knows(tmp_path):
    with pytest.raises(UserError, match="judge: none knows the images tiny, expected the data mnist or avatars, or"):
        train(tiny.config(tmp_path, metric_every=1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("changes", "words"), [
    ({}, "judge: none knows the images tiny"), ({"judge": "nobody"}, "judge: found 'nobody'"),
    ({"judge": "mnist", "nc": 3}, "judge: mnist looks at images of 1 channel, found 3")])
def test_that_no_judge_knows_the_images_is_said_before_they_are_prepared(tmp_path, monkeypatch, changes, words):
    def prepare(*_):
        raise AssertionError("the images were loaded first")

    for name in ("backstage.resolve.images_of", "measuring.judges.load_images", "measuring.scores.images_of"):
        monkeypatch.setattr(f"dcgan_course.{name}", prepare)
    with pytest.raises(UserError, match=words):
        train(tiny.config(tmp_path, metric_every=1, **changes))


def test_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = train(tiny.config(tmp_path, num_epochs=1, tensorboard=True))
    events = EventAccumulator(str(run.path / "tensorboard")).Reload()
    logged = [e.value for e in events.Scalars("loss_D")]
    assert logged == pytest.approx([line["loss_D"] for line in run.stats()], rel=1e-5)
    assert len(events.Images("samples")) == len(run.samples())


@pytest.mark.parametrize("changes", [{"network": "basic"}, {"loss": "least_squares"}, {"z": "uniform"},
                                     {"image_size": 32}, {"norm": "none"}, {"loss": "hinge", "spectral_norm": True},
                                     {"loss": "relativistic", "norm": "none", "r1": 1.0, "precision": "bf16"},
                                     {"loss": "wasserstein", "d_norm": "none", "gp": 10.0, "n_critic": 2,
                                      "batch_size": 10, "precision": "bf16"},
                                     {"loss": "wasserstein", "network": "basic", "gp": 10.0},
                                     pytest.param({"compile": "on", "d_norm": "none", "loss": "wasserstein", "gp": 1.0,
                                                   "n_critic": 2, "batch_size": 10}, marks=pytest.mark.slow),
                                     pytest.param({"compile": "on", "d_norm": "none", "r1": 1.0},
                                                  marks=pytest.mark.slow)], ids=str)
def test_variants_train(tmp_path, changes):
    if "compile" in changes and not shutil.which("g++"):
        pytest.skip("torch.compile needs a C++ compiler on the CPU")
    run = train(tiny.config(tmp_path, num_epochs=1, **changes))
    assert run.stats()[-1]["step"] == 10 and run.config.compile == changes.get("compile", "off")  # as asked
    assert generate(run.load_generator(), torch.randn(2, 8)).isfinite().all()


@pytest.mark.slow
def test_two_processes_on_one_run(tmp_path):
    """Only one trains it; the other is told so, and changes nothing. A lock that a kill left behind does not count."""
    run = train(tiny.config(tmp_path, num_epochs=1), quiet=True)
    assert (run.path / "checkpoints" / ".lock").exists()  # left behind, and open
    files = {f: f.read_bytes() for f in run.path.rglob("*") if f.is_file()}
    other = processes.begin("import pathlib, time\nfrom dcgan_course.runs import Run, writing\n"
                            f"with writing.trained_alone(Run({str(run.path)!r})): "
                            f"pathlib.Path({str(tmp_path / 'locked')!r}).touch(); time.sleep(600)")
    while not (tmp_path / "locked").exists():
        assert other.poll() is None
        time.sleep(0.01)
    with pytest.raises(UserError, match="another process is training it; wait for it, or stop it first"):
        train(run.config.replace(num_epochs=2), resume=run, quiet=True)
    assert {f: f.read_bytes() for f in run.path.rglob("*") if f.is_file()} == files
    other.kill()
    other.wait()
    train(run.config.replace(num_epochs=2), resume=Run(run.path), quiet=True)
    assert len(Run(run.path).checkpoints()) == 2


def test_runs_that_begin_at_once_have_their_own_folders(tmp_path):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: create(tiny.config(tmp_path)).path.name, range(16)))
    assert sorted(made) == [f"{i:04d}-smoke" for i in range(1, 17)]
