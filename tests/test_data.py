"""MNIST and batches, against an independent reader and against what must not happen."""

import gzip
import os
import shutil
import struct

import numpy as np
import pytest
import tiny
import torch

from dcgan_course.data import Batches, Images, images, load_images, load_mnist, mnist, to_float
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.parallel import World
from dcgan_course.machine.places import repo_data_dir

BUNDLED = repo_data_dir() / "mnist"


@pytest.mark.slow
def test_mnist_content():
    train, test = load_mnist(), load_mnist(split="test")
    assert (train.count, test.count, train.channels, train.size) == (60_000, 10_000, 1, 28)
    assert train.pixels.dtype == np.uint8 and train.pixels.shape == (60_000, 28, 28, 1)
    # the published counts of the classes, and the mean and deviation that every tutorial quotes
    assert np.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert train.pixels.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    assert train.pixels.std() / 255 == pytest.approx(0.3081, abs=1e-4)


def test_reader_against_struct():
    content = gzip.open(BUNDLED / "t10k-images-idx3-ubyte.gz").read()
    assert struct.unpack(">4i", content[:16]) == (2051, 10_000, 28, 28)
    third = np.frombuffer(content[16 + 2 * 784 : 16 + 3 * 784], np.uint8).reshape(28, 28)
    assert np.array_equal(load_mnist(split="test").pixels[2, :, :, 0], third)


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(BUNDLED, tmp_path / "mnist")


def damage(file, how):
    content = file.read_bytes()
    if how == "truncated":
        file.write_bytes(content[: len(content) // 2])
    elif how == "flipped":
        file.write_bytes(content[:-200] + bytes([content[-200] ^ 1]) + content[-199:])
    elif how == "repacked":  # a well-formed .gz with one altered pixel
        unpacked = bytearray(gzip.decompress(content))
        unpacked[5000] ^= 1
        file.write_bytes(gzip.compress(bytes(unpacked), 1))
    elif how == "foreign":
        file.write_bytes(b"<html>quota exceeded</html>")
    elif how == "empty":
        file.write_bytes(b"")
    else:
        file.unlink()


@pytest.mark.parametrize("how", ["truncated", "flipped", "repacked", "foreign", "empty", "missing"])
def test_damaged_files_are_named(copy, how):
    damage(copy / "t10k-images-idx3-ubyte.gz", how)
    with pytest.raises(UserError) as caught:
        load_mnist(split="test", folder=copy)
    assert str(copy / "t10k-images-idx3-ubyte.gz") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_digits_of_a_folder(copy):
    damage(copy / "t10k-images-idx3-ubyte.gz", "missing")
    with pytest.raises(UserError, match=f"{copy}/t10k-images-idx3-ubyte.gz: not found"):
        load_images(f"mnist:{copy}", 28, split="test")


def test_without_the_repository_the_download_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(mnist, "repo_data_dir", lambda: None)

    def fake_download(root, download):
        assert download
        shutil.copytree(BUNDLED, root / "MNIST" / "raw")

    monkeypatch.setattr("torchvision.datasets.MNIST", fake_download)
    assert load_mnist(split="test").count == 10_000
    monkeypatch.setattr("torchvision.datasets.MNIST", None)  # the second time must not download
    assert load_mnist(split="test").count == 10_000


def test_offline_without_the_repository_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr(mnist, "repo_data_dir", lambda: None)

    def offline(root, download):
        raise RuntimeError("Error downloading:\n<urlopen error>")

    monkeypatch.setattr("torchvision.datasets.MNIST", offline)
    with pytest.raises(UserError, match=r"download failed .*urlopen error.*by hand"):
        load_mnist()


def test_unknown_name():
    with pytest.raises(UserError, match="found 'mnst', expected one of .*did you mean mnist"):
        load_images("mnst", 28)


def test_to_float_covers_the_range_of_tanh():
    values = to_float(torch.tensor([0, 51, 255], dtype=torch.uint8))
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, torch.tensor([-1.0, -0.6, 1.0]))


def test_batch_resizes():
    x = tiny.images(64).batch([3, 4])
    assert x.shape == (2, 1, 64, 64) and x.dtype == torch.uint8
    assert x.float().mean().item() == pytest.approx(tiny.images(28).batch([3, 4]).float().mean().item(), rel=0.02)


def test_every_image_once_per_epoch_in_a_new_order():
    batches = Batches(tiny.images(28), 20, seed=5)
    first, second = batches.order(0), batches.order(1)
    assert sorted(first.tolist()) == list(range(tiny.COUNT)) == sorted(second.tolist())
    assert not torch.equal(first, second)
    assert not torch.equal(first, Batches(tiny.images(28), 20, seed=6).order(0))
    shown = torch.cat([batches[step] for step in range(batches.steps_per_epoch)])
    assert torch.equal(shown, to_float(tiny.images(28).batch(first)))


def test_any_step_can_be_asked_for():
    forwards = Batches(tiny.images(28), 30, seed=0)
    assert forwards.steps_per_epoch == 6  # 200 images: the incomplete batch is dropped
    expected = [forwards[step] for step in range(14)]
    jumping = Batches(tiny.images(28), 30, seed=0)
    for step in (13, 2, 6, 12):
        assert torch.equal(jumping[step], expected[step])


@pytest.mark.parametrize(("nc", "wanted", "strides"), [
    (3, torch.channels_last, (2352, 1, 84, 3)), (3, torch.contiguous_format, (2352, 784, 28, 1)),
    (1, torch.contiguous_format, (784, 784, 28, 1))])
def test_a_batch_lies_as_its_device_wants_it(monkeypatch, nc, wanted, strides):
    """Side by side, but for MPS, whose batch norm then has wrong gradients."""
    monkeypatch.setattr(images, "memory_format", lambda device: wanted)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 28, 28, nc), np.uint8)
    batch = Batches(Images("some", pixels, 28), 10, seed=0)
    assert batch[0].stride() == strides
    assert torch.equal(batch[0], to_float(batch.images.batch(batch.order(0)[:10])))


def test_a_batch_larger_than_the_data():
    with pytest.raises(UserError, match="batch_size: found 201, expected at most .* 200"):
        Batches(tiny.images(28), 201, seed=0)


@pytest.mark.parametrize("system", ["this one", "Windows"])
def test_a_mapped_file_gives_the_same_batches_as_memory(tmp_path, monkeypatch, system):
    if system == "Windows":
        monkeypatch.delattr(os, "preadv", raising=False)
    pixels = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 3), np.uint8)
    pixels.tofile(tmp_path / "images")
    mapped = Images("mapped", np.memmap(tmp_path / "images", np.uint8, "r", shape=pixels.shape), 8)
    indices = [49, 0, 7, 7]
    assert torch.equal(mapped.batch(indices), Images("memory", pixels, 8).batch(indices))
    assert np.array_equal(mapped.batch(indices).permute(0, 2, 3, 1), pixels[indices])
    for outside in ([50], [-1]):
        with pytest.raises(IndexError):
            mapped.batch(outside)


def test_flips_mirror_half_of_the_images_anew_in_each_epoch():
    images = tiny.images(28)
    plain, flipped = Batches(images, 200, seed=0), Batches(images, 200, seed=0, flip=True)
    for epoch in range(2):
        x, y = plain[epoch], flipped[epoch]
        mirrored = flipped.mirrored(epoch)
        assert torch.equal(y[mirrored], x[mirrored].flip(3)) and torch.equal(y[~mirrored], x[~mirrored])
        assert 60 < mirrored.sum() < 140
    assert not torch.equal(flipped.mirrored(0), flipped.mirrored(1))


def test_processes_share_a_batch():
    whole = Batches(tiny.images(28), 20, seed=0, flip=True)
    parts = [Batches(tiny.images(28), 20, seed=0, flip=True, world=World(rank, 2)) for rank in range(2)]
    for step in (0, 3, 11):
        assert torch.equal(torch.cat([part[step] for part in parts]), whole[step])
