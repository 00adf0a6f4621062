"""A trained generator for elsewhere: as ONNX, with a model card, and as a page that runs it in the browser."""

import base64
import gzip
import html
import json
import logging
import lzma
import re
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from ..config import TrainConfig
from ..machine.errors import UserError, require_packages
from ..machine.files import read_json, whole_or_nothing
from ..machine.places import repo_data_dir
from ..machine.runtime import seeded
from ..runs import Run
from ..runs.again import command, shareable
from ..runs.checkpoints import distance_name, step_of
from ..sampling import draw_z, generate, image_grid
from .explorer import FOLDER, of_run, script, sheet, source_of, style

TOLERANCE = 1e-4  # between ONNX and torch, of images in [-1, 1]
LEVEL = 2 / 255  # one grey level of a picture, of images in [-1, 1]
LARGE = 1000  # numbers of a tensor that a page keeps in half precision
LICENCES = {"mnist": "the digits of MNIST, CC BY-SA 3.0",
            "avatars": "the style Avataaars by Pablo Stanley, free for personal and commercial use"}
METRICS = {"confidence": "the judge's confidence", "mode_entropy": "evenness over the classes",
           "evenness_gap": "attributes' shares differ by", "score": "classifier score", "fd": "Frechet distance",
           "kd": "kernel distance", "precision": "precision", "recall": "recall", "sharpness": "sharpness",
           "duplicates": "duplicates", "specks": "images with specks", "agreement": "drawn as asked for",
           "class_fd": "Frechet distance, class by class"}
TO_DO = "to be filled in by you"
WASM, CODE = "ort-wasm-simd-threaded.wasm.xz", "ort.wasm.bundle.min.mjs"  # ONNX Runtime Web 1.30.0, see data/README.md
GIF = "gifenc.esm.js"  # gifenc 1.0.3
FOOTER = """All of it happens in this page: nothing is sent anywhere. The networks are those of
<a href="https://arxiv.org/abs/1511.06434">Radford, Metz and Chintala, 2015</a>. Drawn by ONNX Runtime Web (Microsoft)
and gifenc (Matt DesLauriers), both under the MIT licence."""


def expect_exportable(run: Run) -> None:
    """Raises UserError where onnx, onnxruntime or onnxscript is not installed, or G's dropout stays on at test time."""
    if run.config.g_dropout and run.config.dropout_at_test:
        raise UserError(f"{run.path}: its generator keeps dropout on at test time, which ONNX cannot repeat; train "
                        "with --no_dropout_at_test")
    require_packages("export", "onnx", "onnxruntime", "onnxscript")


def onnx_bytes(run: Run, netG: nn.Module) -> bytes:
    """The run's generator as an ONNX model: input "z" (N, nz), of a conditional one with the class one-hot at the end;
    output "images" (N, nc, size, size) in [-1, 1]. Compared with torch on 16 z before it is returned.

    Raises:
        UserError: as `expect_exportable`; or the model draws other images than torch.
    """
    expect_exportable(run)
    z = tried(run)
    content = converted(netG, z)
    gap = apart(content, netG, z)
    if not gap < TOLERANCE:
        raise UserError(f"{run.path}: the ONNX model differs from torch by {gap:.2g}, expected less than {TOLERANCE}")
    return content


def tried(run: Run) -> torch.Tensor:
    """The z (16, nz) on which a model is compared with torch; of a conditional one with the class at the end."""
    return draw_z(run.config, 16, seeded(0, "export"))


def apart(content: bytes, netG: nn.Module, z: torch.Tensor) -> float:
    """The largest difference between the images of an ONNX model and of torch, both in [-1, 1]."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)  # errors only: batch norm's counters are in the file and unused
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run(["images"], {"z": z.numpy()})
    return float(np.abs(found - generate(netG, z).numpy()).max())


def small_onnx(run: Run, netG: nn.Module) -> bytes:
    """`onnx_bytes` for a page, half as large: large tensors are in half precision, as those of recorded runs are kept,
    and cast back when the model is loaded. As it is where one of 16 pictures would differ by a grey level.

    Raises:
        UserError: as `onnx_bytes`.
    """
    content = onnx_bytes(run, netG)
    small = halved(content)
    return small if apart(small, netG, tried(run)) < LEVEL else content


def halved(content: bytes) -> bytes:
    """An ONNX model whose large tensors are kept in half precision."""
    import onnx

    model, casts = onnx.load_from_string(content), []
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= LARGE:
            name = tensor.name
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
            casts.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model.SerializeToString()


def converted(netG: nn.Module, z: torch.Tensor) -> bytes:
    """The model file of a generator, for any number of z."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own future
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # torch 2.8 warns of operators that G does not have
        file = Path(folder) / "generator.onnx"
        torch.onnx.export(netG, (z,), file, input_names=["z"], output_names=["images"], dynamo=True, verbose=False,
                          dynamic_shapes={"z": {0: torch.export.Dim("n", min=1, max=4096)}}, external_data=False,
                          optimize=False)  # which folds batch norm into weights that half precision then spoils
        return file.read_bytes()


def model_card(run: Run) -> str:
    """What a stranger needs to know of a run's generator, in Markdown; without the paths of this machine.

    Raises:
        UserError: its explorer.json cannot be read, or is not of its kind.
    """
    config, record = shareable(run.config), run.path / "record.json"
    step, which = drawn_from(run)
    distribution, draw = {
        "normal": ("N(0, 1)", f"np.random.randn(1, {config.nz})"),
        "uniform": ("uniform in [-1, 1]", f"np.random.uniform(-1, 1, (1, {config.nz}))"),
        "uniform01": ("uniform in [0, 1]", f"np.random.uniform(0, 1, (1, {config.nz}))")}[config.z]
    if config.classes:
        distribution += f", and after them {config.classes} for the class, one-hot"
        draw = f"np.concatenate([{draw}, np.eye({config.classes})[[3]]], 1)"
    known_as = run.path.name if record.is_file() else f"runs/{run.path.name}"
    numbers = score_table(run) or [
        f"None yet. `dcgan-course score {known_as}` makes them, for images that have a judge; `dcgan-course judge` "
        "trains one of images in sub-folders."]
    return "\n".join([
        f"# {run.path.name}: a DCGAN generator", "",
        f"Draws images of {config.image_size} x {config.image_size} pixels, in "
        f"{'grey' if config.nc == 1 else 'colour'}. It learned from {source_of(run) or config.data}.", "",
        "![64 images from random z; nobody picked them](samples.png)", "",
        "## Use", "",
        f"`generator.onnx`: input `z` (N, {config.nz + config.classes}), float32: {config.nz} numbers, {distribution}. "
        f"Output `images` (N, {config.nc}, {config.image_size}, {config.image_size}), "
        f"{'grey' if config.nc == 1 else 'RGB'}, in [-1, 1].", "",
        "    import numpy as np, onnxruntime",
        '    session = onnxruntime.InferenceSession("generator.onnx")',
        f'    z = {draw}.astype("float32")',
        '    (images,) = session.run(["images"], {"z": z})',
        '    pixels = ((images[0].transpose(1, 2, 0) + 1) * 127.5).round().astype("uint8")', "",
        "## Training", "", f"    {command(config)}", "",
        f"{step * config.images_per_step / 1000:,.0f} thousand images shown, on {about_machine(run)}. The weights are "
        f"those of {which}. Method: Radford, Metz, Chintala, [arXiv 1511.06434](https://arxiv.org/abs/1511.06434).", "",
        "## Numbers", "", *numbers, "",
        "The Frechet distance (fd) is taken in the features of a small classifier of this data: it is not FID, and "
        "compares with nothing else. The nearer to the number of real images, the better, for each of them.", "",
        "## Limits", "",
        "One training, one seed. The images follow the training images, their gaps and biases included. Whether "
        f"training images are copied: `dcgan-course neighbours {known_as}`.", "",
        f"Licence of the training images: {licence(config) or TO_DO}. What may be done with this generator: {TO_DO}.",
        ""])


def drawn_from(run: Run) -> tuple[int, str]:
    """The step of the checkpoint that G's weights are from, and which one that is, in words."""
    record, lines, stats = run.path / "record.json", run.metrics(), run.stats()
    if record.is_file():
        step = kept(record)["checkpoint_step"]
        return step, f"step_{step:07d}, {best_by(distance_name(lines[0])) if lines else 'the last'}"
    if not run.weights():
        return stats[-1]["step"] if stats else 0, "generator.safetensors"
    return step_of(run.chosen or run.last_checkpoint()), run.weights()


def best_by(metric: str) -> str:
    """By what a checkpoint is the best, in words.

    >>> best_by("fd2k_avatars")
    'the best checkpoint by Frechet distance (2,000 images)'
    """
    n = int(re.search(r"\d+k?(?=_)", metric)[0].replace("k", "000"))
    return f"the best checkpoint by {in_words(metric)} ({n:,} images)"


def score_table(run: Run) -> list[str]:
    """The lines of a table of `scores` in Markdown, of none where nothing was scored."""
    rows = [f"| {in_words(name)} (`{name}`) | {' | '.join(alike(*numbers))} |" for name, *numbers in scores(run)]
    return ["| number | generated | real images |", "|---|---|---|", *rows] if rows else []


def alike(made: float, real: float | None) -> tuple[str, ...]:
    """Two numbers that are compared, with as many decimals both: three where they are below 10, one below 100, else
    none. "" for a missing one.

    >>> alike(33.7141, 2.3705), alike(0.99502, 1.0), alike(1234.5, None)
    (('33.7', '2.4'), ('0.995', '1.000'), ('1,234', ''))
    """
    largest = max(abs(made), abs(real or 0))
    decimals = 0 if largest >= 100 else 1 if largest >= 10 else 3
    return tuple("" if x is None else f"{round(x, decimals) + 0.0:,.{decimals}f}" for x in (made, real))


def in_words(metric: str) -> str:
    """What a metric's name says: "Frechet distance" for fd10k_mnist; the name where it is no judge's.

    >>> in_words("fd10k_mnist"), in_words("mode_entropy2k_mnist"), in_words("fid")
    ('Frechet distance', 'evenness over the classes', 'fid')
    >>> in_words("agreement10k_mnist"), in_words("class_fd10k_mnist")
    ('drawn as asked for', 'Frechet distance, class by class')
    """
    return METRICS.get(re.sub(r"\d+k?_\w+$", "", metric), metric)


def scores(run: Run) -> list[tuple[str, float, float | None]]:
    """(name, score of generated images, that of real ones) of a recorded run; of another one those of the checkpoint
    that G's weights are from, if it was scored."""
    record = run.path / "record.json"
    if record.is_file():
        about = kept(record)
        return [(name, value, about["real"][name]) for name, value in about.get("generated", {}).items()]
    step = drawn_from(run)[0]
    scored = [line for line in run.metrics() if line["step"] == step][-1:]
    return [(name, value, None) for line in scored for name, value in line.items() if name not in ("step", "kimg")]


def kept(record: Path) -> dict:
    """A record.json. Raises UserError where it lacks what a card needs."""
    about = read_json(record)
    if not isinstance(about.get("checkpoint_step"), int) or about.get("generated", {}).keys() - about.get("real", {}):
        raise UserError(f"{record}: damaged, expected checkpoint_step, and scores both generated and real")
    return about


def licence(config: TrainConfig) -> str | None:
    """Whose the training images are and under which licence, in words; None where that is not known."""
    return LICENCES.get(config.data.partition(":")[0])


def about_machine(run: Run) -> str:
    """What a run was trained on, in words: its GPU, else its CPU, and the version of PyTorch. (How many of the CPU's
    threads worked, the command says, or the trainer decided.)"""
    file = run.path / "machine.json"
    machine = read_json(file) if file.is_file() else {}
    gpu, cpu = machine.get("gpu", "none"), machine.get("cpu", "").partition(",")[0]
    name = gpu if gpu != "none" else f"a CPU ({cpu})" if cpu else "an unknown machine"
    return f"{name}, torch {machine.get('torch', '?')}"


def export(run: Run, folder: Path) -> None:
    """generator.onnx, README.md (the model card) and samples.png, in a new folder.

    Raises:
        UserError: as `onnx_bytes`; or the folder exists already.
    """
    def fill(new: Path) -> None:
        netG = run.load_generator()
        (new / "generator.onnx").write_bytes(onnx_bytes(run, netG))
        (new / "README.md").write_text(model_card(run), encoding="utf-8")
        z = draw_z(run.config, 64, seeded(run.config.seed, "z_fixed"))
        Image.fromarray(image_grid(generate(netG, z)).numpy()).save(new / "samples.png")

    whole_or_nothing(folder, fill)


# ---- a page


def page(run: Run, folder: Path, **words: str | int | None) -> None:
    """A new folder with index.html, one file that runs the generator in the browser without a server or a network.

    Args:
        words: seed, title and source, as of `explorer.of_run`.
    Raises:
        UserError: as `export`; or the package was installed without the repository, whose data/ has the runtime.
    """
    data = repo_data_dir()
    if data is None:
        raise UserError("page: data/browser is missing, expected in a clone of the repository")

    def fill(new: Path) -> None:
        netG = run.load_generator()
        about = of_run(run, netG, **words)
        (new / "index.html").write_text(filled(about, small_onnx(run, netG), netG, data / "browser"), encoding="utf-8")

    whole_or_nothing(folder, fill)


def filled(about: dict, onnx: bytes, netG: nn.Module, programs: Path) -> str:
    """assets/page.html with all that it needs in it."""
    twelve = base64.b64encode(sheet(about, netG, 720)).decode()
    values = {
        "title": html.escape(about["title"]), "text": html.escape(about["text"]), "style": style(),
        "about": json.dumps(about).replace("<", "\\u003c"), "script": script("page.js"), "footer": FOOTER,
        "sheet": f"data:image/png;base64,{twelve}", "generator": packed(onnx),
        "ort_code": packed((programs / CODE).read_bytes()), "gif_code": packed((programs / GIF).read_bytes()),
        "ort_wasm": packed(lzma.decompress((programs / WASM).read_bytes()))}
    template = (FOLDER / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], template)


def packed(content: bytes) -> str:
    """Compressed by gzip, in base64: what page.js unpacks."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()

