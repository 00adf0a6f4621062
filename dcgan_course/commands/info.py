"""Descriptions in text: a run, the networks of a preset, this machine."""

import math
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..config import PRESETS, PROBABILITIES, TrainConfig, preset
from ..data import images_of, load_images
from ..data.manifest import summary
from ..data.names import SOURCES, find_source, in_grey
from ..data.sources import Source
from ..machine.display import in_notebook
from ..machine.errors import UserError, nearest
from ..machine.files import read_json, shown
from ..machine.places import cache_dir, repo_data_dir
from ..machine.runtime import fastest, machine, pick_device, probe_precision
from ..models import build_discriminator, build_generator, channels_seen, count_parameters
from ..runs import IMAGES_FILE, Run, load_run


def layer_table(net: nn.Module, x: torch.Tensor) -> list[tuple[str, str, int]]:
    """(layer, shape of its output, parameters) for each layer with parameters, in the order of the forward pass."""
    rows, hooks = [], []
    for layer in net.modules():
        if any(True for _ in layer.parameters(recurse=False)):
            hooks.append(layer.register_forward_hook(
                lambda layer, _, y: rows.append((type(layer).__name__, " x ".join(map(str, y.shape[1:])),
                                                 count_parameters(layer)))))
    with torch.inference_mode():
        net.eval()(x)
    for hook in hooks:
        hook.remove()
    return rows


def network_tables(config: TrainConfig) -> str:
    """Both networks of a config, layer by layer."""
    config = with_channels(config)
    netG, netD = build_generator(config), build_discriminator(config)
    parts = []
    nz, nc, size = config.nz + config.classes, channels_seen(config), config.image_size
    for name, net, x in (("netG", netG, torch.zeros(1, nz)), ("netD", netD, torch.zeros(1, nc, size, size))):
        parts.append(f"{name}: {count_parameters(net):,} parameters, input {' x '.join(map(str, x.shape[1:]))}")
        parts += [f"  {kind:<16} -> {shape:<16} {count:>10,}" for kind, shape, count in layer_table(net, x)]
    gradients = 4 * (count_parameters(netG) + count_parameters(netD))  # float32
    parts.append(f"on several devices: {gradients / 1e6:.1f} MB of gradients a step; each of n devices sends and "
                 f"receives 2 (n - 1) / n times that; 1 Gbit/s carries at most {125e6 / gradients:.1f} steps a second "
                 "for n = 2")
    return "\n".join(parts)


def with_channels(config: TrainConfig) -> TrainConfig:
    """The config with the channels of its images, where it leaves them to those."""
    return config if config.nc else config.replace(nc=images_of(config).channels)


def config_of(name: str) -> TrainConfig:
    """The config of a preset or a run.

    Raises:
        UserError: neither of them.
    """
    return preset(name) if name in PRESETS and not Path(name).exists() else a_run(name).config


def a_run(name: str) -> Run:
    """The run of that name; its complaint tells of presets too."""
    try:
        return load_run(name)
    except UserError as error:
        if "did you mean" in str(error):  # a run
            raise
        expected = "" if "expected a run" in str(error) else ", expected a run"
        raise UserError(f"{error}{expected}, or a preset: {', '.join(PRESETS)}, or images: folder:PATH"
                        f"{nearest(name, PRESETS)}") from None


def describe(name: str) -> str:
    """A preset's networks; or a run: how far it is, its last statistics, its networks; or images that are not prepared
    yet.

    Raises:
        UserError: none of them.
    """
    if name in PRESETS and not Path(name).exists():
        config = preset(name)
        return f"preset {name}: {config.data} at {config.image_size}x{config.image_size}\n{network_tables(config)}"
    if name.startswith("prepared:"):
        return summary(Path(name.removeprefix("prepared:")).expanduser())
    if name.partition(":")[0].partition("/")[0] in SOURCES and not Path(name).exists():
        return source_summary(find_source(name))
    run = a_run(name)
    return f"{run_summary(run)}\n{network_tables(run.config)}"


def source_summary(source: Source) -> str:
    """How many pictures, of which classes, and what a person should know of them; nothing is decoded."""
    lines = [f"{shown(source.name)}: {len(source.items):,} pictures, not decoded yet", *source.notes]
    if source.labels is not None:
        one_each = source.labels.ndim == 1
        counts = np.bincount(source.labels) if one_each else source.labels.sum(0)
        listed = [f"{name} {count:,}" for name, count in zip(source.label_names, counts, strict=True)]
        kind = "classes" if one_each else "attributes"
        lines.append(f"{kind}: {', '.join(listed[:40])}{' ...' * (len(listed) > 40)}")
    return "\n  ".join(lines)


def run_summary(run: Run) -> str:
    """A run in a few lines: what differs from its preset, its images, last statistics, checkpoints and samples."""
    found = {name: getattr(run.config, name) for name in ("device", "precision", "compile")}  # not chosen
    found |= {} if in_grey(run.config) else {"nc": run.config.nc}
    default = PRESETS.get(run.config.preset)
    changed = default.replace(**found).difference(run.config) if default else "?"
    stats, images = run.stats(), run.path / IMAGES_FILE
    lines = [f"{run.path}: preset {run.config.preset}", f"  changed from the preset: {changed or 'nothing'}"]
    if images.is_file():
        lines.append(f"  {images_line(read_json(images))}")
    if stats:
        last = stats[-1]
        raw = "" if run.config.loss in PROBABILITIES else " (raw answers, no probabilities)"
        lines.append(f"  step {last['step']}, {last['kimg']:.1f} thousand images of "
                     f"{run.config.num_epochs} epochs: loss_D {last['loss_D']:.3f}, loss_G {last['loss_G']:.3f}, "
                     f"D(x) {last['D_x']:.3f}, D(G(z)) {last['D_G_z']:.3f}{raw}, {last['images_per_s']:.0f} images/s")
    names = [c.name for c in run.checkpoints()]
    best = run.best_checkpoint()
    lines.append(f"  checkpoints: {', '.join(names) or 'none'}{f', best: {best.name}' if best else ''}; "
                 f"{len(run.samples())} sample grids")
    return "\n".join(lines)


def images_line(about: dict) -> str:
    """What a run knows of its images, in words."""
    names = about.get("label_names", [])
    return (f"{about.get('count')} images, stamp {about.get('stamp')}; classes or attributes: "
            f"{', '.join(names[:20]) or 'none'}{' ...' * (len(names) > 20)}")


def precision_in_words(device: torch.device) -> str:
    """What a training uses, and why."""
    if device.type == "mps":
        return "training uses fp32 (16 bits have not been tried on MPS)"
    seconds = probe_precision(device)
    parts = [f"in {name} " + ("cannot be run, or is only imitated" if math.isinf(time) else
                              f"takes {time / seconds['fp32']:.2f} of its time in fp32")
             for name, time in seconds.items() if name != "fp32"]
    return f"a convolution {', '.join(parts)}; training uses {fastest(seconds)}"


def check_setup() -> str:
    """Versions, device, precision, data and disk, one line each; every line starts with "ok" or "note".

    Raises:
        UserError: the digits cannot be read.
    """
    lines = [f"ok    {name}: {value}" for name, value in machine().items()]
    device = pick_device()
    lines.append(f"ok    device: {device}; {precision_in_words(device)}")
    if shutil.which("nvidia-smi") and not torch.version.cuda:  # as pip installs it on Windows
        lines.append("note  gpu: an NVIDIA driver is here, but this PyTorch is the build for the CPU; "
                     "pytorch.org/get-started names the line that installs the one for CUDA")
    images = load_images("mnist", 28)
    where = "the course's data" if repo_data_dir() else cache_dir()
    lines.append(f"ok    mnist: {images.count:,} digits, checksums right, in {where}")
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    lines.append(f"{'ok   ' if free > 2 else 'note '} disk: {free:.0f} GB free here")
    lessons = () if in_notebook() else (("jupyterlab", "lessons"),)  # Colab has another one, and needs none
    for package, use in (*lessons, ("ipywidgets", "sliders"), ("tensorboard", "--tensorboard")):
        try:
            __import__(package)
            lines.append(f"ok    {package}: installed")
        except ImportError:
            lines.append(f"note  {package}: not installed, needed for {use}: "
                         f"{sys.executable} -m pip install {package}")
    return "\n".join(lines)
