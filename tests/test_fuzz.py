"""Rubbish of all kinds: it is refused by one line of words, and nothing else happens."""

import contextlib
import errno
import io
import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from dcgan_course.commands import cli
from dcgan_course.config import FIELD_TYPES
from dcgan_course.data import load_images, load_mnist, lsun, prepare
from dcgan_course.data.celeba import read_attributes
from dcgan_course.data.decode import SUFFIXES, Look, Undecodable, UnknownRange, decode, extent, whole_bits
from dcgan_course.data.listing import unchanged_zip
from dcgan_course.data.sources import folder_source
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.files import file_sha256
from dcgan_course.publishing.explorer import words_of
from dcgan_course.runs import Run, load_run
from dcgan_course.runs.checkpoints import STATE_FILE, load_state
from dcgan_course.state import TrainState

quick = settings(max_examples=100, deadline=None, database=None, derandomize=True,
                 suppress_health_check=[HealthCheck.function_scoped_fixture])
FLOATS = st.floats(allow_subnormal=False)  # some libraries switch them off for the whole process
JSON = st.recursive(st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                    max_leaves=5)
NAMES = st.sampled_from(sorted(FIELD_TYPES)) | st.text(max_size=8)


@contextlib.contextmanager
def refused():
    """A UserError of one line, or nothing."""
    try:
        yield
    except UserError as error:
        assert "\n" not in str(error) and str(error)


@quick
@given(st.dictionaries(NAMES, JSON, max_size=4) | JSON)
@example({"nz": 10**400})
@example({"num_epochs": float("nan")})
@example({"seed": -1})
def test_configs(tmp_path, content):
    (tmp_path / "config.json").write_text(json.dumps(content))
    with refused():
        Run(tmp_path)


@quick
@given(st.binary(max_size=60))
def test_bytes_as_config(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with refused():
        Run(tmp_path)


@quick
@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\r" not in line and b"\n" not in line)
                | JSON.map(lambda value: json.dumps(value).encode()), max_size=4))
@example([b"\xff", b"{}"])
@example([b'{"step": 1}', b'{"st'])
def test_statistics(content):
    """Lines that are no statistics are named; the last one may be cut off."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text("{}")
        (Path(folder) / "stats.jsonl").write_bytes(b"\n".join(content))
        with refused():
            assert all(isinstance(line["step"], int) for line in Run(folder).stats())


@pytest.mark.slow
@quick
@given(st.lists(NAMES.map("--{}".format) | st.text(max_size=6) | st.integers().map(str), max_size=6))
@example(["--nz"])
@example(["--nz", "1e9"])
@example(["--lr_g", "nan"])
@example(["--data", "folder:\0"])
def test_flags(monkeypatch, capsys, finished_run, words):
    """Exit status 0, or 2 with words and without a traceback; a training does not begin."""
    monkeypatch.setattr("dcgan_course.trainer.train", lambda config, **_: finished_run)
    with contextlib.suppress(SystemExit):  # --help
        assert cli.main(["train", *words]) in (0, 2)
    assert "Traceback" not in capsys.readouterr().err


@quick
@given(st.lists(st.text(max_size=10), max_size=4))
def test_words(monkeypatch, capsys, tmp_path, words):
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(SystemExit):
        assert cli.main(words) in (0, 2)
    assert "Traceback" not in capsys.readouterr().err and not list(tmp_path.iterdir())


# ---- files with a wrong bit


def flipped(content: bytes, places) -> bytes:
    changed = bytearray(content)
    for place in places:
        changed[place // 8 % len(changed)] ^= 1 << place % 8
    return bytes(changed)


def test_a_wrong_bit_in_a_checkpoint(finished_run, tmp_path):
    """At 200 places of all its files: refused by name, whatever it hits; the run it belongs to stays as it is."""
    checkpoint, state = finished_run.last_checkpoint(), TrainState.start(finished_run.config)
    files, places = sorted(checkpoint.iterdir()), np.random.default_rng(0)
    for i in range(200):
        copy = tmp_path / f"step_{i}"
        shutil.copytree(checkpoint, copy)
        file = copy / files[i % len(files)].name
        content = file.read_bytes()
        file.write_bytes(flipped(content, [places.integers(8 * len(content))]))
        with pytest.raises(UserError) as error:
            state.load(copy)
        assert copy.name in str(error.value) and "\n" not in str(error.value)
        shutil.rmtree(copy)


def test_a_wrong_bit_where_no_checksum_tells(finished_run, tmp_path):
    """The state of optimisers, with its checksum brought up to date; and a recorded generator, which has none."""
    checkpoint, places = finished_run.last_checkpoint(), np.random.default_rng(1)
    copy = tmp_path / "step_1"
    shutil.copytree(checkpoint, copy)
    content = (checkpoint / STATE_FILE).read_bytes()
    for _ in range(100):
        (copy / STATE_FILE).write_bytes(flipped(content, places.integers(8 * len(content), size=3)))
        digests = {f.name: file_sha256(f) for f in copy.iterdir() if f.name != "sha256.json"}
        (copy / "sha256.json").write_text(json.dumps(digests))
        with refused():
            load_state(copy / STATE_FILE)
    run = tmp_path / "run"
    shutil.copytree(load_run("mnist_collapse").path, run)
    content = (run / "generator.safetensors").read_bytes()
    for i in range(40):
        place = places.integers(8 * (3000 if i % 2 else len(content)))  # half of them in the header
        (run / "generator.safetensors").write_bytes(flipped(content, [place]))
        with refused():
            Run(run).load_generator()


class Bomb:
    """What a pickle could do."""

    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


def test_pickled_code_is_never_run(finished_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"step": 1, "bomb": Bomb()}, tmp_path / "state.pt")
    with pytest.raises(UserError, match="not a checkpoint, or damaged"):
        load_state(tmp_path / "state.pt")
    assert not Path("exploded").exists()
    torch.load(tmp_path / "state.pt", weights_only=False)  # the bomb is live
    assert Path("exploded").exists()


@quick
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.sampled_from(["PNG", "JPEG", "WEBP", "BMP", "GIF"]))
def test_pictures(places, kind):
    picture = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)).save(picture, kind)
    with contextlib.suppress(Undecodable):
        made = decode(flipped(picture.getvalue(), places), 16)
        assert made.shape == (16, 16, 3) and made.dtype == np.uint8


@quick
@given(st.binary(max_size=200))
def test_bytes_as_picture(content):
    with contextlib.suppress(Undecodable):
        decode(content, 16)


@quick
@given(st.lists(st.integers(0, 10**5), min_size=1, max_size=6))
def test_zips(tmp_path, places):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(3):
            picture = io.BytesIO()
            Image.fromarray(np.full((20, 20, 3), 50 * i, np.uint8)).save(picture, "PNG")
            archive.writestr(f"{'ab'[i % 2]}/{i}.png", picture.getvalue())
    file = tmp_path / "pictures.zip"
    file.write_bytes(flipped(content.getvalue(), places))
    unchanged_zip.cache_clear()
    with refused():
        source = folder_source(file)
        for item in source.items:
            assert Path(item).suffix.lower() in SUFFIXES
            with contextlib.suppress(Undecodable):
                decode(source.read(item, 16), 16)
    assert [p.name for p in tmp_path.iterdir()] == ["pictures.zip"]  # nothing is unpacked beside it


# ---- folders with everything in them, and reads that fail


ENTRIES = st.sampled_from(["picture", "picture", "picture", "broken", "dead", "itself", "pipe", "up", "folder", "note"])
ODD = st.binary(min_size=1, max_size=6).map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"0"))


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="links, pipes and names of Linux")
@quick
@given(st.lists(st.tuples(ENTRIES, ODD, st.booleans()), min_size=1, max_size=12))
@example([("dead", b"\xff", False), ("picture", b"\xfe\n", True), ("up", b"u", True), ("pipe", b"p", False)])
def test_folders(tmp_path_factory, entries):
    """Links to nothing, to themselves and upwards, pipes, names of any bytes: every regular picture is there once."""
    root = os.fsencode(tmp_path_factory.mktemp("set") / "set")
    os.makedirs(root + b"/sub")
    expected = 0
    for i, (kind, name, below) in enumerate(entries):
        path = root + (b"/sub/" if below else b"/") + b"%d" % i + name + b".png"
        if kind in ("picture", "broken"):
            with open(path, "wb") as file:
                file.write(SMALL_PNG if kind == "picture" else b"x")
            expected += 1
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            os.mkdir(path)
        elif kind == "note":
            Path(os.fsdecode(path)).with_suffix(".txt").write_text("x")
        else:
            os.symlink({"dead": b"nowhere", "itself": os.path.basename(path), "up": b".."}[kind], path)
    with refused():
        source = folder_source(Path(os.fsdecode(root)))
        assert len(source.items) == expected
        assert not any("\n" in note for note in source.notes)
        "".join(source.notes).encode()  # can be printed
        for item in source.items:
            with contextlib.suppress(Undecodable):
                decode(source.read(item, 16), 16)


def encoded(picture, kind="PNG") -> bytes:
    content = io.BytesIO()
    picture.save(content, kind)
    return content.getvalue()


SMALL_PNG = encoded(Image.new("RGB", (9, 9), "red"))


@quick
@given(st.sampled_from([np.uint16, np.int32]), st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=4),
       st.lists(st.integers(0, 10**5), max_size=3))
def test_pictures_of_more_than_8_bits(dtype, values, places):
    """Of any values: in the same order from 0 to 255; with wrong bits: refused or not."""
    numbers = np.resize(np.array(values, np.int64).astype(dtype), (12, 12))
    content = encoded(Image.fromarray(numbers), "TIFF")
    low, high = extent(content)
    assert low == min(0, numbers.min()) and high == max(1, numbers.max())
    made = decode(content, 12, Look(levels=whole_bits(low, high)))[..., 0]
    order = np.argsort(numbers, axis=None)
    assert (np.diff(made.flatten()[order].astype(int)) >= 0).all()
    with contextlib.suppress(Undecodable, UnknownRange):
        decode(flipped(content, places), 12)
    extent(flipped(content, places))


def sets_of_eight(root: Path) -> dict[str, str]:
    """The same eight pictures as a folder, a zip, a database and CelebA: {kind: name}."""
    import lmdb

    pictures = {f"{i + 1:06d}.png": encoded(Image.new("RGB", (16, 16), (30 * i, 0, 9))) for i in range(8)}
    for folder in (root / "folder", root / "celeba" / "img_align_celeba"):
        folder.mkdir(parents=True)
        for name, content in pictures.items():
            (folder / name).write_bytes(content)
    rows = [f"{name} 1" for name in pictures]
    (root / "celeba" / "list_attr_celeba.txt").write_text("\n".join(["8", "Smiling", *rows]) + "\n")
    with zipfile.ZipFile(root / "set.zip", "w") as archive:
        for name, content in pictures.items():
            archive.writestr(name, content)
    with lmdb.open(str(root / "church_train_lmdb"), map_size=2**20) as database, database.begin(write=True) as writing:
        for name, content in pictures.items():
            writing.put(name.encode(), content)
    return {"folder": f"folder:{root / 'folder'}", "zip": f"folder:{root / 'set.zip'}", "lmdb": f"lsun/church:{root}",
            "celeba": f"celeba:{root / 'celeba'}"}


@pytest.mark.parametrize("kind", ["folder", "zip", "lmdb", "celeba"])
def test_reads_that_fail_at_random(tmp_path, monkeypatch, kind, capsys):
    """Each read of a file, a zip's member, a value or a table fails now and then, as on a bad line: one line each time,
    nothing final that lacks a picture, and in the end all eight."""
    monkeypatch.setattr(prepare, "CHUNK", 2)
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)
    name, chance = sets_of_eight(tmp_path)[kind], np.random.default_rng(list(kind.encode()))
    out, failures = tmp_path / "out", 0

    def bad_line(real):
        def call(*words, **options):
            own = str(words[0]).startswith(str(out))  # what is being made, on another disk
            if not own and chance.random() < 0.4:
                raise OSError(errno.EIO, "Input/output error")
            return real(*words, **options)
        return call

    for _ in range(200):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", bad_line(Path.read_bytes))
            patch.setattr(zipfile.ZipFile, "read", bad_line(zipfile.ZipFile.read))
            patch.setattr(lsun, "open_lmdb", bad_line(lsun.open_lmdb))
            done = cli.main(["prepare", name, "--image_size", "16", "--out", str(out)])
        err = capsys.readouterr().err.splitlines()
        if done == 0:
            break
        failures += 1
        assert done == 2 and "cannot be read" in err[-1] and "cannot be written" not in err[-1]
        assert not out.exists()
    assert failures > 0
    images = load_images(f"prepared:{out}", 16)
    assert images.pixels[:, 0, 0, 0].tolist() == [30 * i for i in range(8)]


@pytest.mark.slow
def test_idx_files(tmp_path):
    """A wrong bit in the packed file is seen, in whatever part of it."""
    names = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    data = Path(__file__).parents[1] / "data" / "mnist"
    for name in names:
        shutil.copy(data / f"{name}.gz", tmp_path)
    content, places = (data / f"{names[1]}.gz").read_bytes(), np.random.default_rng(2)
    whole = load_mnist(split="test", folder=tmp_path).labels
    seen = 0
    for _ in range(60):
        (tmp_path / f"{names[1]}.gz").write_bytes(flipped(content, [places.integers(8 * len(content))]))
        try:
            assert np.array_equal(load_mnist(split="test", folder=tmp_path).labels, whole)  # in gzip's own header
        except UserError as error:
            seen += 1
            assert names[1] in str(error) and "\n" not in str(error)
    assert seen > 50


@quick
@given(st.text(alphabet="0123 -1\n,abc\t.", max_size=60))
@example("2\na b\n1.jpg 1 -1\n2.jpg -1 1\n")
def test_attribute_tables(text):
    with refused():
        names, rows = read_attributes("table", text)
        assert all(len(row) == len(names) for row in rows.values())


@quick
@given(st.text(max_size=40) | st.dictionaries(st.sampled_from(["title", "noun", "seeds", "x"]), JSON).map(json.dumps))
@example("[" * 5000)
@example('{"seeds": [1e999]}')
def test_words_of_an_explorer(tmp_path, text):
    (tmp_path / "explorer.json").write_text(text, "utf-8")
    with refused():
        assert all(isinstance(word, str) for key, word in words_of(Run(tmp_path)).items() if key != "seeds")
