import dataclasses

import pytest
import torch

from dcgan_course.config import PRESETS, TrainConfig, preset
from dcgan_course.machine.errors import UserError
from dcgan_course.models import build_discriminator


def test_paper_preset_is_section_4():
    c = PRESETS["paper"]
    assert (c.nz, c.z, c.ngf, c.ndf, c.kernel_size, c.image_size) == (100, "uniform", 128, 128, 5, 64)
    assert (c.batch_size, c.lr_g, c.lr_d, c.beta1, c.beta2, c.leak) == (128, 2e-4, 2e-4, 0.5, 0.999, 0.2)
    assert (c.norm, c.output_norm, c.output, c.g_activation, c.d_activation) == (
        "batch", False, "tanh", "relu", "leaky_relu")
    assert (c.loss, c.real_label, c.ema_kimg, c.g_dropout) == ("non_saturating", 1.0, 0.0, 0.0)


def test_mnist64_preset_is_the_pytorch_example():
    c = PRESETS["mnist64"]
    assert (c.nz, c.z, c.ngf, c.ndf, c.kernel_size, c.image_size, c.batch_size) == (100, "normal", 64, 64, 4, 64, 128)
    assert (c.lr_g, c.lr_d, c.beta1, c.beta2) == (2e-4, 2e-4, 0.5, 0.999)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_carry_their_name(name):
    assert preset(name).preset == name


@pytest.mark.parametrize("changes, words", [
    ({"nz": 0}, "nz: found 0, expected a whole number, 1 or more"),
    ({"nz": 2.5}, "nz: found 2.5, expected int"),
    ({"nz": True}, "nz: found True"),
    ({"ngf": -1}, "ngf: found -1"),
    ({"batch_size": 0}, "batch_size: found 0"),
    ({"batch_size": 1}, "batch_size: found 1, expected 2 or more with batch norm"),
    ({"lr_g": -2e-4}, "lr_g: found -0.0002, expected a number above 0"),
    ({"lr_d": float("nan")}, "lr_d: found nan"),
    ({"lr_d": "fast"}, "lr_d: found 'fast', expected float"),
    ({"beta1": 1.0}, "beta1: found 1.0"),
    ({"ema_kimg": float("inf")}, "ema_kimg: found inf"),
    ({"kernel_size": 7}, "kernel_size: found 7"),
    ({"loss": "guess"}, "loss: found 'guess', expected one of non_saturating, minimax, least_squares, hinge, wasserst"),
    ({"n_critic": 0}, "n_critic: found 0, expected a whole number, 1 or more"),
    ({"gp": -1}, "gp: found -1, expected 0 or more"),
    ({"loss": "hinge", "real_label": 0.9}, "real_label: found 0.9, expected 1: the loss hinge has no target to be"),
    ({"loss": "relativistic", "real_label": 0.9}, "real_label: found 0.9, expected 1: the loss relativistic has no"),
    ({"loss": "wasserstein", "g_label": 0.9}, "g_label: found 0.9, expected 1: the loss wasserstein has no target"),
    ({"loss": "minimax", "g_label": 0.9}, "g_label: found 0.9, expected 1: the loss minimax has no target for G"),
    ({"gp": 10}, "gp: found 10, expected 0, or --d_norm none: with batch norm D's answer for an image depends on"),
    ({"r1": 10}, "r1: found 10, expected 0, or --d_norm none"),
    ({"r2": 0.1}, "r2: found 0.1, expected 0, or --d_norm none"),
    ({"z": "norml"}, "did you mean normal"),
    ({"preset": "../up"}, "preset: found '../up'"),
    ({"learning_rate": 1e-3}, "unknown field 'learning_rate'"),
    ({"lr": 1e-3}, "did you mean lr_"),
    ({"seed": -1}, "seed: found -1"),
    ({"class_input": "projection"}, "class_input: found 'projection', expected planes without classes"),
    ({"classes": 10, "class_input": "projections"}, "did you mean projection"),
    ({"tell_g": False}, "tell_g: found False, expected True without classes"),
    ({"classes": 10, "class_input": "none", "network": "basic"}, "class_input: found 'none', expected planes"),
])
def test_bad_values_are_named(changes, words):
    with pytest.raises(UserError) as caught:
        preset("mnist", **changes)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_good_values_pass():
    config = preset("mnist", nz=1, lr_g=1, batch_size=1, norm="none", nc=3, ema_kimg=0)
    assert (config.nz, config.lr_g, config.nc) == (1, 1, 3)


@pytest.mark.parametrize("changes", [{"d_norm": "none"}, {"norm": "none"}, {"spectral_norm": True},
                                     {"network": "basic"}], ids=str)
def test_penalties_with_a_d_without_batch_norm(changes):
    """The config's word for it is that of the network that is built."""
    config = preset("mnist", nc=1, gp=10, r1=1, r2=1, **changes)
    for c in (config, preset("mnist", nc=1)):
        built = any(isinstance(m, torch.nn.BatchNorm2d) for m in build_discriminator(c).modules())
        assert c.d_has_batch_norm == built
    assert preset("mnist").d_has_batch_norm


def test_images_per_step():
    assert preset("mnist", batch_size=20, n_critic=3).images_per_step == 60


def test_unknown_preset_names_the_nearest():
    with pytest.raises(UserError, match="did you mean mnist"):
        preset("mnits")


def test_difference():
    a, b = preset("mnist"), preset("mnist", nz=7, loss="minimax")
    assert a.difference(a) == ""
    assert a.difference(b) == "nz: 100 -> 7, loss: 'non_saturating' -> 'minimax'"


def test_every_parameter_is_documented():
    """One place defines every parameter: the docstring under a field is the help of its flag."""
    import inspect

    source = inspect.getsource(TrainConfig).splitlines()
    for field in dataclasses.fields(TrainConfig):
        line = next(i for i, text in enumerate(source) if text.startswith(f"    {field.name}:"))
        assert source[line + 1].strip().startswith('"""'), field.name
