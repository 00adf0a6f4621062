"""Cartoon faces, CelebA, LSUN, Hugging Face and torchvision's sets, on small copies of their real forms."""

import gzip
import io
import pickle
import struct
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import processes
import pytest
from PIL import Image

from dcgan_course.data import avatars, load_images, lsun, names
from dcgan_course.data.avatars import ATTRIBUTES, avatar_pair
from dcgan_course.data.celeba import celeba_source
from dcgan_course.data.decode import decode
from dcgan_course.data.lsun import lsun_source
from dcgan_course.data.prepare import prepared
from dcgan_course.machine.errors import UserError

REFERENCE = Path(__file__).with_name("avatars.png")  # the persons 0 to 3, side by side


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def jpeg(i, size=(20, 24), kind="JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (i * 20, 0, 255 - i * 20)).save(out, kind, quality=95)
    return out.getvalue()


# ---- avatars


def test_avatars_are_the_same_on_every_machine():
    drawn = np.concatenate([avatars.draw_seed(seed, 64) for seed in range(4)], axis=1)
    expected = np.asarray(Image.open(REFERENCE))
    assert abs(drawn.astype(int) - expected).mean() < 0.5  # of 255: room for another processor's rounding
    assert avatars.labels(range(4)).sum(1).tolist() == (avatars.labels(range(4))[:, :4].sum(1) + 3).tolist()


def test_ten_avatars_with_labels():
    images = load_images("avatars:10", 64)
    assert images.pixels.shape == (10, 64, 64, 3) and images.labels.shape == (10, len(ATTRIBUTES))
    assert images.label_names == tuple(ATTRIBUTES)
    assert np.array_equal(images.pixels[7], avatars.draw_seed(7, 64))
    assert np.array_equal(images.labels, avatars.labels(range(10)))
    assert load_images("avatars:10", 32).pixels.shape == (10, 32, 32, 3)


def test_every_attribute_occurs_and_choices_are_independent():
    labels = avatars.labels(range(2000)).astype(float)
    share = dict(zip(ATTRIBUTES, labels.mean(0), strict=True))
    assert all(0.15 < value < 0.55 for value in share.values()), share
    correlation = np.corrcoef(labels[:, :4], rowvar=False) - np.eye(4)
    assert abs(correlation).max() < 0.1
    for suffix in ("_skin", "_background"):
        columns = [i for i, name in enumerate(ATTRIBUTES) if name.endswith(suffix)]
        assert (labels[:, columns].sum(1) == 1).all()


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_pair_differs_in_its_attribute_alone_and_visibly(attribute):
    place = list(ATTRIBUTES).index(attribute)
    for seed in range(12):
        with_it, without = avatar_pair(seed, attribute).astype(int)
        original = avatars.draw_seed(seed, 64)
        has = avatars.labels([seed])[0, place]
        assert np.array_equal(with_it if has else without, original)  # one of the two is the person of that seed
        changed = (abs(with_it - without).max(2) > 25).mean()
        assert 0.003 < changed < 0.65, f"seed {seed}: {changed:.1%} of the pixels"


def test_a_pair_of_an_unknown_attribute():
    with pytest.raises(UserError, match="attribute: found 'hat', expected one of smile"):
        avatar_pair(0, "hat")


# ---- CelebA

COLUMNS = ["Smiling", "Eyeglasses", "Male"]


def celeba_folder(root, count=5, rows=None, zipped=False):
    """torchvision's layout, with three attributes."""
    (root / "img_align_celeba").mkdir(parents=True)
    for i in range(count):
        (root / "img_align_celeba" / f"{i + 1:06d}.jpg").write_bytes(jpeg(i))
    rows = rows or [f"{i + 1:06d}.jpg  {1 if i % 2 else -1} -1  1" for i in range(count)]
    (root / "list_attr_celeba.txt").write_text("\n".join([str(count), " ".join(COLUMNS) + " ", *rows]) + "\n")
    if zipped:
        with zipfile.ZipFile(root / "img_align_celeba.zip", "w") as archive:
            for file in sorted((root / "img_align_celeba").iterdir()):
                archive.write(file, f"img_align_celeba/{file.name}")
                file.unlink()
        (root / "img_align_celeba").rmdir()
    return root


@pytest.mark.parametrize("form", ["folder", "images zipped", "all zipped", "kaggle"])
def test_celeba(tmp_path, form):
    root = celeba_folder(tmp_path / "celeba", zipped=form == "images zipped")
    if form == "kaggle":
        lines = (root / "list_attr_celeba.txt").read_text("utf-8").splitlines()[1:]
        table = ["image_id," + ",".join(lines[0].split()), *(",".join(line.split()) for line in lines[1:])]
        (root / "list_attr_celeba.txt").unlink()
        (root / "list_attr_celeba.csv").write_text("\n".join(table))
    if form == "all zipped":
        with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
            for file in sorted(root.rglob("*.*")):
                archive.write(file, Path("celeba") / file.relative_to(root))
        root = tmp_path / "c.zip"
    images = load_images(f"celeba:{root}", 16)
    assert images.count == 5 and images.label_names == tuple(COLUMNS)
    assert images.labels.tolist() == [[i % 2, 0, 1] for i in range(5)]
    assert abs(images.pixels[3, 8, 8].astype(int) - [60, 0, 195]).max() < 6


@pytest.mark.parametrize("change, words", [
    (lambda rows: rows[:-1], "found 4 rows, expected 5, as its first line says"),
    (lambda rows: [*rows[:-1], "000009.jpg 1 1 1"], "no row for 000005.jpg"),
    (lambda rows: [*rows[:-1], "000005.jpg 1 1"], "line 7 does not fit: found 3 words"),
    (lambda rows: [*rows[:-1], "000005.jpg 1 yes 1"], "line 7 does not fit"),
])
def test_celeba_attributes_that_do_not_fit(tmp_path, change, words):
    rows = [f"{i + 1:06d}.jpg 1 1 1" for i in range(5)]
    with pytest.raises(UserError, match=words):
        celeba_source(celeba_folder(tmp_path / "celeba", rows=change(rows)))


def test_celeba_that_is_missing_says_what_to_fetch(tmp_path, cache):
    with pytest.raises(UserError, match=r"fetch img_align_celeba\.zip .* by hand .* put them into .*celeba"):
        load_images("celeba", 64)
    root = celeba_folder(tmp_path / "no table")
    (root / "list_attr_celeba.txt").unlink()
    with pytest.raises(UserError, match=r"list_attr_celeba\.txt not found; fetch .* without attributes: folder:"):
        celeba_source(root)
    (root / "list_attr_celeba.txt").write_text("<!DOCTYPE html><title>Google Drive - Quota exceeded</title>")
    with pytest.raises(UserError, match=r"list_attr_celeba\.txt: found a web page, expected CelebA's attributes"):
        celeba_source(root)
    root = celeba_folder(tmp_path / "quota", zipped=True)
    (root / "img_align_celeba.zip").write_text("<!DOCTYPE html><title>Google Drive - Quota exceeded</title>")
    with pytest.raises(UserError, match="found a web page, expected a zip file"):
        celeba_source(root)
    (root / "img_align_celeba.zip").unlink()
    with pytest.raises(UserError, match="img_align_celeba not found"):
        celeba_source(root)


# ---- LSUN


def lsun_folder(root, values=None, category="church_outdoor"):
    """The official form: a database of WebP or JPEG values under hexadecimal keys, and torchvision's key cache."""
    import lmdb

    folder = root / f"{category}_train_lmdb"
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=2**24) as database, database.begin(write=True) as transaction:
        for i, value in enumerate(values or [jpeg(i, kind="WEBP" if i % 2 else "JPEG") for i in range(6)]):
            transaction.put(f"{i:040x}".encode(), value)
    return folder


@pytest.mark.parametrize("form", ["parent", "itself", "zip", "parent with zip"])
def test_lsun(tmp_path, form):
    folder = lsun_folder(tmp_path / "lsun")
    if "zip" in form:
        with zipfile.ZipFile(tmp_path / "church_outdoor_train_lmdb.zip", "w") as archive:
            archive.write(folder / "data.mdb", "church_outdoor_train_lmdb/data.mdb")
    path = {"parent": folder.parent, "itself": folder, "zip": tmp_path / "church_outdoor_train_lmdb.zip",
            "parent with zip": tmp_path}[form]
    images = load_images(f"lsun/church_outdoor:{path}", 16)
    assert images.count == 6
    assert abs(images.pixels[:, 8, 8, 0].astype(int) - 20 * np.arange(6)).max() < 6


def test_lsun_without_lmdb(tmp_path, monkeypatch):
    folder = lsun_folder(tmp_path)
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(UserError, match="lsun: the package lmdb is not installed; `pip install lmdb` installs it"):
        load_images(f"lsun/church_outdoor:{folder}", 16)


def test_torchvision_reads_the_same_pictures(tmp_path, monkeypatch):
    from torchvision.datasets import LSUN

    monkeypatch.chdir(tmp_path)  # it leaves a pickled cache of keys where it runs
    folder = lsun_folder(tmp_path)
    reader = LSUN(str(tmp_path), classes=["church_outdoor_train"])
    theirs = [reader[i][0] for i in range(len(reader))]
    reader.dbs[0].env.close()  # a process may open a database only once
    source = lsun_source("church_outdoor", folder, tmp_path / "unpacked")
    assert len(theirs) == len(source.items) == 6
    for i in range(6):
        assert np.array_equal(decode(source.read(source.items[i], 20), 20),
                              np.asarray(theirs[i].resize((20, 20), Image.Resampling.BICUBIC, (0, 2, 20, 22))))


def test_a_pickled_key_cache_is_never_opened(tmp_path):
    folder = lsun_folder(tmp_path / "lsun")
    bomb = pickle.dumps(Bomb(tmp_path / "executed"))
    for name in ("_cache_church", f"_cache_{''.join(c for c in str(folder) if c.isalnum())}"):
        (folder / name).write_bytes(bomb)
    assert load_images(f"lsun/church_outdoor:{folder}", 16).count == 6
    assert not (tmp_path / "executed").exists()


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_lsun_can_be_read_by_spawned_workers(tmp_path):
    """An open LMDB cannot be pickled; a source that was already read from can."""
    source = lsun_source("church_outdoor", lsun_folder(tmp_path), tmp_path / "unpacked")
    here = [source.read(key, 16) for key in source.items]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = list(pool.map(source.read, source.items, [16] * 6))
    assert here == there and len(set(here)) == 6


def test_other_databases(tmp_path, capsys):
    with pytest.raises(UserError, match="none of the first 3 can be decoded, expected pictures; number 0: not a pict"):
        load_images(f"lsun/numbers:{lsun_folder(tmp_path / 'numbers', [b'one', b'two', b'three'], 'numbers')}", 16)
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "data.mdb").write_text("this is not a database" * 1000)
    with pytest.raises(UserError, match="text: not an LMDB database"):
        load_images(f"lsun/church:{tmp_path / 'text'}", 16)
    with pytest.raises(UserError, match=r"no data\.mdb and no church_train_lmdb\.zip found.*fetch it from"):
        load_images(f"lsun/church:{tmp_path}", 16)
    with pytest.raises(UserError, match="without a category"):
        load_images("lsun", 16)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(UserError, match=r"other\.zip: found no data\.mdb in it"):
        load_images(f"lsun/church:{tmp_path / 'other.zip'}", 16)


def test_a_database_that_was_cut_short_is_refused(tmp_path):
    """At ten places: reading beyond the end would kill the process (SIGBUS) without a word."""
    folder = lsun_folder(tmp_path, [jpeg(i) * 20 for i in range(12)])
    whole = (folder / "data.mdb").read_bytes()
    for i in range(10):
        end = len(whole) * i // 10 + i
        (folder / "data.mdb").write_bytes(whole[:end])
        with pytest.raises(UserError, match=r"cut short, found .* expected|not an LMDB database") as error:
            lsun_source("church_outdoor", folder, tmp_path / "unpacked")
        assert "\n" not in str(error.value)
        assert ("cut short" in str(error.value)) == (end > 2 * 4096)
    code = ("import sys; from dcgan_course.commands.cli import main; "
            f"sys.exit(main(['prepare', 'lsun/church_outdoor:{folder}']))")
    process = processes.begin(code)
    _, error = process.communicate()
    assert process.returncode == 2 and "cut short" in error and error.count("\n") == 1
    (folder / "data.mdb").write_bytes(whole)
    assert len(lsun_source("church_outdoor", folder, tmp_path / "unpacked").items) == 12


def test_a_database_that_cannot_be_read_stops(tmp_path, monkeypatch, capsys):
    folder, real = lsun_folder(tmp_path), lsun.open_lmdb
    name = f"lsun/church_outdoor:{folder}"

    def gone(folder):
        raise OSError(5, "Input/output error")

    source = names.find_source(name)
    with monkeypatch.context() as patch:
        patch.setattr(lsun, "open_lmdb", gone)
        with pytest.raises(UserError, match=r"data\.mdb: cannot be read \(.*output error\); what is done is kept"):
            prepared(source, 16)
    assert real is lsun.open_lmdb and load_images(name, 16).count == 6
    (folder / "data.mdb").write_text("<!doctype html>Quota exceeded")
    with pytest.raises(UserError, match="found a web page, expected an LSUN database"):
        load_images(name, 16)


# ---- Hugging Face, torchvision


@pytest.mark.slow
def test_hugging_face(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "hf"))
    features = datasets.Features({"id": datasets.Value("int64"), "image": datasets.Image(),
                                  "kind": datasets.ClassLabel(names=["cat", "dog"])})
    rows = {"id": range(4), "image": [{"bytes": jpeg(i), "path": None} for i in range(4)], "kind": [0, 1, 1, 0]}
    (tmp_path / "set").mkdir()
    datasets.Dataset.from_dict(rows, features=features).to_parquet(str(tmp_path / "set" / "train.parquet"))
    images = load_images(f"hf:{tmp_path / 'set'}", 16)
    assert images.count == 4 and images.labels.tolist() == [0, 1, 1, 0] and images.label_names == ("cat", "dog")
    assert abs(images.pixels[:, 8, 8, 0].astype(int) - [0, 20, 40, 60]).max() < 6
    with pytest.raises(UserError, match=r"hf:.*nothing: cannot be loaded .* fetch the data set elsewhere"):
        load_images(f"hf:{tmp_path / 'nothing'}", 16)


def hugging_face_set(root, monkeypatch, images, kinds):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(root / "hf"))
    features = datasets.Features({"image": datasets.Image(), "kind": datasets.ClassLabel(names=["cat", "dog"])})
    (root / "set").mkdir()
    table = datasets.Dataset.from_dict({"image": images, "kind": kinds}, features=features)
    table.to_parquet(str(root / "set" / "train.parquet"))
    return f"hf:{root / 'set'}"


def test_hugging_face_with_an_empty_cell_and_without_a_class(tmp_path, monkeypatch, capsys):
    cells = [{"bytes": jpeg(0), "path": None}, None, {"bytes": jpeg(2), "path": None}]
    images = load_images(hugging_face_set(tmp_path, monkeypatch, cells, [0, 1, None]), 16)
    assert images.count == 2 and images.labels is None
    told = capsys.readouterr().out
    assert "number 1: an empty cell" in told and "rows without a class in the column kind: 1" in told


def test_hugging_face_with_a_lost_file(tmp_path, monkeypatch):
    pytest.importorskip("datasets")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "hf"))
    (tmp_path / "set").mkdir()
    for i in (1, 2):
        (tmp_path / "set" / f"{i}.jpg").write_bytes(jpeg(i))
    source = names.find_source(f"hf:{tmp_path / 'set'}")
    (tmp_path / "set" / "2.jpg").unlink()
    with pytest.raises(UserError, match=r"2\.jpg: cannot be read \(No such file or directory\); what is done is kept"):
        prepared(source, 16)
    (tmp_path / "set" / "2.jpg").write_bytes(jpeg(2))
    assert load_images(source.name, 16).count == 2


def test_fashion_mnist_from_its_own_files(tmp_path, monkeypatch):
    """The IDX files as torchvision unpacks them."""
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    (raw / "train-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, 5, 28, 28) + pixels.tobytes())
    (raw / "train-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, 5) + bytes([9, 0, 1, 2, 3]))
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (raw / name).write_bytes(gzip.compress(b""))
    images = load_images(f"fashion_mnist:{tmp_path}", 28)
    assert np.array_equal(images.pixels[..., 0], pixels) and images.labels.tolist() == [9, 0, 1, 2, 3]
    assert images.label_names[9] == "Ankle boot" and images.channels == 1


@pytest.mark.parametrize("kind", ["CIFAR10", "SVHN"])
def test_colour_sets_of_torchvision(monkeypatch, kind):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)

    class Fake:
        def __init__(self, root, download, **split):
            assert download and split == ({"train": True} if kind == "CIFAR10" else {"split": "train"})
            self.data = pixels if kind == "CIFAR10" else pixels.transpose(0, 3, 1, 2)
            self.targets = self.labels = [3, 1, 4, 1, 5]

    monkeypatch.setattr(f"torchvision.datasets.{kind}", Fake)
    images = load_images(kind.lower(), 32)
    assert np.array_equal(images.batch([2])[0].permute(1, 2, 0), pixels[2])
    assert images.labels.tolist() == [3, 1, 4, 1, 5]
    assert load_images(kind.lower(), 64).batch([0]).shape == (1, 3, 64, 64)


def split_tree(root: Path, classes: dict[str, list[int]], size=(32, 32)) -> Path:
    """root/train/CLASS/0.png and so on, a picture for each brightness of {"train/CLASS": brightnesses}."""
    for folder, levels in classes.items():
        (root / folder).mkdir(parents=True)
        for i, level in enumerate(levels):
            Image.new("RGB", size, (level, 0, 255 - level)).save(root / folder / f"{i}.png")
    return root


SPLIT = {"train/frog": [1, 2], "train/cat": [3, 4, 5], "test/cat": [6], "test/frog": [7, 8]}


def test_cifar10_as_pictures_in_folders(tmp_path, capsys):
    name = f"cifar10:{split_tree(tmp_path / 'set', SPLIT)}"
    train, test = load_images(name, 32), load_images(name, 32, "test")
    assert train.name == test.name == name and train.label_names == test.label_names == ("cat", "frog")
    assert train.pixels.shape == (5, 32, 32, 3) and train.labels.tolist() == [0, 0, 0, 1, 1]
    assert train.pixels[:, 9, 9].tolist() == [[level, 0, 255 - level] for level in (3, 4, 5, 1, 2)]
    assert test.labels.tolist() == [0, 1, 1] and test.pixels[:, 0, 0, 0].tolist() == [6, 7, 8]
    assert load_images(name, 64).batch([4]).shape == (1, 3, 64, 64) and "cat 3, frog 2" in capsys.readouterr().out
    assert load_images(name, 32, nc=1).batch([0]).shape == (1, 1, 32, 32)
    assert train.about()["stamp"] != test.about()["stamp"]


def test_cifar10_with_a_broken_picture(tmp_path):
    """It is left out with its label, and named."""
    root = split_tree(tmp_path / "set", SPLIT)
    (root / "train" / "cat" / "1.png").write_bytes(b"no picture")
    images = load_images(f"cifar10:{root}", 32)
    assert images.labels.tolist() == [0, 0, 1, 1] and images.pixels[:, 0, 0, 0].tolist() == [3, 5, 1, 2]
    assert any("cat/1.png" in line for line in images.remarks)


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("classes, message", [
    ({"train/a": [1], "train/b": [2]}, r"set/test: not found, expected a folder"),
    ({"test/a": [1], "test/b": [2]}, r"set/train: not found, expected a folder"),
    (SPLIT | {"test/dog": [1]}, r"set: found dog in only one of train and test, expected the same classes in both"),
    ({"train/a": [1], "train/b": [2], "test/.": [3]}, r"set/test: found fewer than two classes, expected a sub-folder"),
    ({"train/a": [1], "test/a": [3]}, r"set/train: found fewer than two classes, expected a sub-folder"),
    ({"train/a": [1], "train/b": [2], "test/a": [], "test/b": []}, r"set/test: found no pictures; expected files that"),
])
def test_cifar10_in_folders_that_do_not_fit(tmp_path, classes, message, split):
    with pytest.raises(UserError, match=message) as error:
        load_images(f"cifar10:{split_tree(tmp_path / 'set', classes)}", 32, split)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["cifar10", "svhn", "fashion_mnist"])
@pytest.mark.parametrize("reason", [RuntimeError("Error downloading:\nHTTP Error 404: Not Found"), OSError("offline")])
def test_a_refused_download_says_what_to_do(monkeypatch, name, reason):
    def refuse(*_, **__):
        raise reason

    kind = {"cifar10": "CIFAR10", "svhn": "SVHN", "fashion_mnist": "FashionMNIST"}[name]
    monkeypatch.setattr(f"torchvision.datasets.{kind}", refuse)
    with pytest.raises(UserError, match=r"cannot be downloaded \((HTTP Error 404: Not Found|offline)\).*put them into"):
        load_images(name, 32)


@pytest.mark.parametrize("name, words", [("cifar10", "cifar-10-batches-py"), ("svhn", r"train_32x32\.mat"),
                                         ("fashion_mnist", "FashionMNIST/raw")])
@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_the_set(tmp_path, name, words, there):
    folder = tmp_path / "empty"
    if there:
        folder.mkdir()
    with pytest.raises(UserError, match=rf"empty: found no \w+, or a damaged one, expected .*{words}"):
        load_images(f"{name}:{folder}", 32)


def test_only_sources_are_prepared():
    with pytest.raises(UserError, match="mnist needs no preparing, it is used as it is: train --data mnist"):
        names.find_source("mnist")


def test_another_zip_of_a_category_is_unpacked_anew(tmp_path):
    """Also one of the same size, in the place of the first."""
    for i, colour in enumerate((0, 7)):
        folder = lsun_folder(tmp_path / str(i), [jpeg(colour)] * 3)
        with zipfile.ZipFile(tmp_path / "church_outdoor_train_lmdb.zip", "w") as archive:
            archive.write(folder / "data.mdb", "church_outdoor_train_lmdb/data.mdb")
        images = load_images(f"lsun/church_outdoor:{tmp_path / 'church_outdoor_train_lmdb.zip'}", 16)
        assert images.count == 3 and abs(int(images.pixels[0, 8, 8, 0]) - 20 * colour) < 6
