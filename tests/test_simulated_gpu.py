"""Without a GPU: is every tensor of a training on its device? The walk is made on "meta", which has shapes but no
numbers, and a watch over every operation raises where a GPU would: for operands of two devices, or a random stream of
another one."""

import contextlib

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from dcgan_course import state, trainer
from dcgan_course.config import PRESETS, preset
from dcgan_course.data import Batches, Images, images
from dcgan_course.machine.parallel import World
from dcgan_course.machine.runtime import seeded
from dcgan_course.measuring.judges import judged, load_judge
from dcgan_course.sampling import draw_z, generate, image_grid, sample_z, standing_statistics
from dcgan_course.state import TrainState
from dcgan_course.trainer import both_steps, one_step

COPIES = (torch.ops.aten._to_copy, torch.ops.aten.to, torch.ops.aten.copy_)  # from one device to another


class OneDevice(TorchDispatchMode):
    """Raises where an operation would on a GPU. What leaves for the CPU arrives there as zeros."""

    def __init__(self, streams):
        super().__init__()
        self.streams, self.seen = streams, 0  # seeds of random streams that stand for the device's; operations so far

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        leaves = tree_leaves((args, kwargs))
        on = {t.device.type for t in leaves if isinstance(t, torch.Tensor) and t.ndim}
        copies = func.overloadpacket in COPIES
        assert copies or len(on) < 2, f"{func}: operands on {' and '.join(sorted(on))}"
        if "meta" in {t.device.type for t in leaves if isinstance(t, torch.Tensor)}:
            self.seen += 1
            if func is torch.ops.aten._local_scalar_dense.default:
                return 1
            if copies and str(kwargs.get("device")) == "cpu":
                return torch.zeros(args[0].shape, dtype=kwargs.get("dtype") or args[0].dtype)
        result = func(*args, **kwargs)
        for stream in (leaf for leaf in leaves if isinstance(leaf, torch.Generator)):
            for_device = isinstance(result, torch.Tensor) and result.device.type == "meta"
            assert (stream.initial_seed() in self.streams) == for_device, f"{func}: the random stream of another device"
        return result


@pytest.fixture
def watch(monkeypatch):
    streams = set()

    def stream(seed, purpose, device="cpu"):
        made = seeded(seed, purpose)  # there is none for meta
        if torch.device(device).type == "meta":
            streams.add(made.initial_seed())
        return made

    monkeypatch.setattr(state, "seeded", stream)
    monkeypatch.setattr(trainer, "autocast", lambda device, precision: contextlib.nullcontext())  # meta has none
    adam = torch.optim.Adam
    monkeypatch.setattr(torch.optim, "Adam", lambda *args, fused: adam(*args))  # nor a fused one
    with OneDevice(streams) as watching:
        yield watching


def set_of_images(config, count):
    pixels = np.zeros((count, config.image_size, config.image_size, config.nc or 1), np.uint8)
    return Images("some", pixels, config.image_size, np.arange(count) % 10, tuple("0123456789"))


PENALISED = {"d_norm": "none", "init": "he", "r1": 1.0, "r2": 1.0, "penalty_every": 1}
VARIANTS = {name: preset(name) for name in PRESETS} | {
    "conditional": preset("mnist", classes=10), "dropout": preset("mnist", g_dropout=0.5),
    "noise": preset("mnist", instance_noise=0.1, flip=True), "augmented, grey": preset("photos", nc=1),
    "penalised": preset("avatars", **PENALISED), "penalised, fp16": preset("avatars", **PENALISED, precision="fp16"),
    "projection": preset("mnist", classes=10, class_input="projection"),
    "penalised, told the class": preset("mnist", classes=10, instance_noise=0.1, **PENALISED),
    "penalised, augmented": preset("photos", augment=True, **PENALISED | {"r1": 0.0, "penalty_every": 2}),
    "fp16": preset("mnist", precision="fp16"), "D without batch norm": preset("mnist", d_norm="none"),
    "spectral": preset("avatars", spectral_norm=True), "dense": preset("mnist", dense=True, g_upsample="resize"),
    "pooled": preset("mnist", d_downsample="pool", d_input_norm=True, output_norm=True),
    "unit": preset("mnist", scale="unit", output="sigmoid", z="uniform01", loss="least_squares"),
    "basic": preset("mnist", network="basic", loss="minimax"), "classifier": preset("mnist", scale="classifier"),
    "critic": preset("mnist", classes=10, loss="wasserstein", d_norm="none", gp=10, penalty_every=1, n_critic=2),
    "pairs": preset("avatars", **PENALISED, loss="relativistic"), "hinge, fp16": preset("mnist", loss="hinge",
                                                                                       precision="fp16"),
    "smoothed": preset("mnist", g_label=0.9, real_label=0.9, norm="none")}


@pytest.mark.parametrize("resident", [True, False], ids=["images there", "images here"])
@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.slow
def test_a_training_stays_on_its_device(watch, monkeypatch, name, resident):
    """Two steps with their data path, statistics and the pictures on the way, as in the loop of the trainer."""
    monkeypatch.setattr(images, "room", lambda device: 1e18 if resident else 0)
    config = VARIANTS[name].replace(batch_size=6, device="meta", compile="off")
    config = config.replace(precision=config.precision.replace("auto", "fp32"))
    some = set_of_images(config, 12)
    config = config.replace(nc=some.channels)
    batches = Batches(some, 6, 0, config.device, config.flip)
    training = TrainState.start(config)
    for step in range(2):
        x_real = batches[step]
        labels = batches.labels(step) if config.classes else None
        z = draw_z(config, 6, training.z_stream, config.device, labels)
        both_steps(config, training, training.netG, training.netD, x_real, z)
    assert training.totals.device.type == "meta" and training.step == 2 and watch.seen > 500
    World().average_(training.totals)
    training.require_finite(None)
    assert training.take_stats(6)["step"] == 2
    z_fixed = draw_z(config, 3, seeded(0, "z_fixed"))
    shown = generate(training.shown, z_fixed)
    assert shown.shape == (3, config.nc, config.image_size, config.image_size) and shown.device.type == "cpu"
    assert image_grid(shown).dtype == torch.uint8


@pytest.mark.parametrize("judge, size, channels", [("mnist", 28, 1), ("avatars", 64, 3)])
def test_what_was_drawn_there_is_scored_here(watch, judge, size, channels):
    config = preset(judge, device="meta", nc=channels, compile="off")
    shown = generate(TrainState.start(config).shown, draw_z(config, 3, seeded(0, "score")))
    features, probabilities = judged(load_judge(judge), shown)
    assert features.shape == (3, 64) and len(probabilities) == 3
    assert load_judge(judge).to("meta").features(torch.zeros(2, channels, size, size, device="meta")).shape == (2, 64)


@pytest.mark.filterwarnings("ignore:for .*copying from a non-meta parameter")
def test_a_resumed_training_stays_on_its_device(finished_run, watch):
    """The state of a CPU's checkpoint goes to where the networks are."""
    config = finished_run.config.replace(device="meta")
    training = TrainState.start(config)
    training.load(finished_run.last_checkpoint())
    x_real = torch.zeros(20, 1, 28, 28, device="meta")
    both_steps(config, training, training.netG, training.netD, x_real,
               draw_z(config, 20, training.z_stream, config.device))
    assert training.step == 31


def test_other_uses_of_a_net_on_a_device(watch):
    config = preset("mnist", device="meta", nc=1, compile="off", batch_size=4)
    netG = TrainState.start(config).netG
    standing_statistics(netG, list(sample_z(8, config.nz).split(4)))
    one_step(config, World())()
    assert not netG.training


def test_the_watch_sees_what_a_gpu_would_refuse(watch):
    """So that the tests above can fail."""
    there, here = torch.zeros(3, device="meta"), torch.zeros(3)
    for mistake in (lambda: there + here, lambda: torch.cat([there, here]), lambda: there[:, None] @ here[None],
                    lambda: torch.nn.functional.conv1d(there.view(1, 1, 3), here.view(1, 1, 3)),
                    lambda: torch.randn(3, device="meta", generator=torch.Generator())):
        with pytest.raises((AssertionError, RuntimeError)):
            mistake()
    assert (there + torch.tensor(1.0)).device.type == "meta"  # a single number may come from the CPU
    assert torch.equal(there.cpu(), here)
