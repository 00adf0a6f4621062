"""What lies in folders and zips besides pictures: links, pipes, odd names, splits, files that cannot be read."""

import errno
import io
import json
import os
import re
import sys
import warnings
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from dcgan_course.commands import cli
from dcgan_course.data import load_images, prepare
from dcgan_course.data.listing import in_words, list_files
from dcgan_course.data.manifest import read_manifest, remarks
from dcgan_course.data.sources import LOOSE, folder_source
from dcgan_course.machine.errors import Unreadable, UserError

posix = pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


def png(i: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), (i, 2 * i % 256, 255 - i)).save(out, "PNG")
    return out.getvalue()


def write(folder, count=4, start=0):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(start, start + count):
        (folder / f"{i:04d}.png").write_bytes(png(i))
    return folder


def said(name: str, capsys) -> str:
    """What `prepare` prints of a set that can be prepared."""
    assert cli.main(["prepare", name, "--image_size", "16"]) == 0
    return capsys.readouterr().out


# ---- links, pipes, names


@pytest.mark.parametrize("zipped", [False, True])
def test_classes_that_a_mac_has_named(tmp_path, zipped):
    """An a and its dots apart; in a zip, UTF-8 that it does not say to be UTF-8."""
    spelled = "Ma\u0308dchen"
    if zipped:
        with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
            archive.writestr(f"{spelled}/a.png".encode().decode("cp437"), png(1))  # as it is then read
            archive.writestr("boys/b.png", png(2))
    else:
        for name in (spelled, "boys"):
            write(tmp_path / "set" / name, 1)
    assert folder_source(tmp_path / ("set.zip" if zipped else "set")).label_names == ("M\u00e4dchen", "boys")


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_on_a_mac_a_look_at_a_picture_is_no_change(monkeypatch, system):
    """Opening a file there notes it in its attributes."""
    monkeypatch.setattr(sys, "platform", system)
    looked_at, changed = ({"st_size": 9, "st_mtime_ns": m, "st_ctime_ns": 6} for m in (4, 5))
    seen = [in_words(SimpleNamespace(**status)) for status in (looked_at | {"st_ctime_ns": 5}, looked_at, changed)]
    assert (seen[0] == seen[1]) == (system == "darwin") and seen[1] != seen[2]


@posix
def test_links_to_nothing_to_themselves_and_pipes_are_named_and_left_out(tmp_path, capsys):
    folder = write(tmp_path / "photos")
    (folder / "dead.png").symlink_to("nowhere.png")
    (folder / "notes").symlink_to("nowhere.txt")
    (folder / "loop.png").symlink_to("loop.png")
    os.mkfifo(folder / "pipe.png")
    text = said("folder:photos", capsys)
    assert "4 images of 16x16" in text
    left_out = list_files(folder).left_out
    assert left_out == ["dead.png: a link to nothing", "loop.png: a link to itself", "notes: a link to nothing",
                        "pipe.png: a pipe, socket or device, not a file"]
    assert f"left out {'; '.join(left_out[:3])}; and 1 more such" in text


@posix
def test_linked_folders_are_classes_and_a_loop_ends(tmp_path, capsys):
    """As a data set made of links to another disk: they are followed, each folder once."""
    elsewhere = tmp_path / "disk"
    write(elsewhere / "a", 20), write(elsewhere / "b", 20, start=20)
    folder = write(tmp_path / "set" / "c", 2, start=50).parent
    (folder / "cats").symlink_to(elsewhere / "a")
    (folder / "dogs").symlink_to(elsewhere / "b")
    (folder / "c" / "up").symlink_to(folder)
    images = load_images("folder:set", 16)
    assert images.count == 42 and images.label_names == ("c", "cats", "dogs")
    assert np.bincount(images.labels).tolist() == [2, 20, 20]
    assert "c/up: a link to a folder that is listed already" in capsys.readouterr().out


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="its disks take UTF-8 only")
def test_names_of_any_bytes(tmp_path, capsys):
    """From a disk of another country: names that are no UTF-8, of pictures, broken ones, classes and the set itself."""
    folder = tmp_path / os.fsdecode(b"fotos-\xe4")
    write(folder / os.fsdecode(b"\xffcats"), 3), write(folder / "dogs", 3, start=5)
    (folder / "dogs" / os.fsdecode(b"\xfcber.png")).write_bytes(png(9))
    (folder / "dogs" / os.fsdecode(b"kaputt-\xf6.png")).write_bytes(b"x")
    (folder / os.fsdecode(b"lost-\xf6.png")).symlink_to("nowhere")
    text = said(f"folder:{folder}", capsys)
    text.encode("utf-8")  # can be printed
    assert "7 images" in text and r"kaputt-\udcf6.png: not a picture" in text and r"lost-\udcf6.png: a link" in text
    images = load_images(f"folder:{folder}", 16)
    assert images.count == 7 and images.label_names == ("dogs", "\\udcffcats")
    before = folder_source(folder).stamp
    (folder / "dogs" / os.fsdecode(b"\xfcber.png")).rename(folder / "dogs" / os.fsdecode(b"\xfdber.png"))
    assert folder_source(folder).stamp != before


def test_endings_that_are_not_known_are_counted_and_named(tmp_path, capsys):
    folder = write(tmp_path / "photos", 3)
    (folder / "phone.jfif").write_bytes(png(7))  # JPEG under another ending: taken
    for name in ("a.raw", "b.raw", "c.dcm", "d.npy", "noending", "notes.txt", "list.csv"):
        (folder / name).write_bytes(png(8))
    text = said("folder:photos", capsys)
    assert "4 images" in text
    assert "left out 5 files by their endings: 2 .raw, 1 .dcm, 1 .npy, 1 without an ending" in text
    assert "such as noending.jpg" in text and "pydicom" in text and "Image.fromarray" in text
    only = tmp_path / "scans"
    only.mkdir()
    (only / "1.dcm").write_bytes(b"DICM"), (only / "2.dcm").write_bytes(b"DICM")
    assert cli.main(["prepare", "folder:scans"]) == 2
    err = capsys.readouterr().err
    assert "found no pictures; left out 2 files by their endings: 2 .dcm; .dcm: a DICOM picture" in err
    assert err.count("\n") == 1


# ---- classes and splits


def split_set(root):
    for i, name in enumerate(("train/cats", "train/dogs", "test/cats", "test/dogs")):
        write(root / name, 3, start=10 * i)
    return root


@pytest.mark.parametrize("zipped", [False, True])
def test_a_split_is_seen_and_one_part_can_be_taken(tmp_path, capsys, zipped):
    where = split_set(tmp_path / "pets")
    if zipped:
        with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
            for file in sorted(where.rglob("*.png")):
                archive.write(file, file.relative_to(where))
        where = tmp_path / "pets.zip"
    text = said(f"folder:{where.name}", capsys)
    assert "4 classes: test/cats 3, test/dogs 3, train/cats 3, train/dogs 3" in text
    part = re.search(r"found train and test, as a split .* one part alone is (folder:\S+)\n", text)[1]
    assert part.endswith(f"{where.name}/train")
    assert "several folders are named cats, dogs" in text
    assert cli.main(["info", f"folder:{where.name}"]) == 0
    text = capsys.readouterr().out
    assert "12 pictures, not decoded yet" in text and "test/cats 3, test/dogs 3, train/cats 3" in text and part in text
    images = load_images(part, 16)
    assert images.label_names == ("cats", "dogs") and images.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert images.pixels[:, 0, 0, 0].tolist() == [0, 1, 2, 10, 11, 12]
    told = capsys.readouterr().out
    assert "split" not in told and "2 classes: cats 3, dogs 3" in told


def test_a_zip_without_that_folder(tmp_path):
    with zipfile.ZipFile("pets.zip", "w") as archive:
        archive.writestr("train/1.png", png(1))
    with pytest.raises(UserError, match=r"pets\.zip: found no folder tran in it"):
        folder_source(tmp_path / "pets.zip" / "tran")


def test_loose_pictures_beside_sub_folders_have_a_name(tmp_path, capsys):
    folder = write(tmp_path / "set", 2)
    write(folder / "cats", 3, start=5)
    text = said("folder:set", capsys)
    assert f"2 pictures lie beside the sub-folders: the class {LOOSE!r}" in text
    assert f"2 classes: {LOOSE} 2, cats 3" in text


def test_a_flat_folder_and_unlike_names_have_no_remarks(tmp_path):
    assert folder_source(write(tmp_path / "flat")).notes == ()
    write(tmp_path / "two" / "cats"), write(tmp_path / "two" / "dogs" / "small")
    source = folder_source(tmp_path / "two")
    assert source.notes == () and source.label_names == ("cats", "small")


# ---- what cannot be read now


@pytest.fixture
def failing(monkeypatch):
    """A function that makes reading of some names fail, as on a drive that has gone; none at first."""
    names, real_open, real_read = set(), io.open, zipfile.ZipFile.read

    def fail(name):
        raise OSError(errno.EIO, "Input/output error", str(name))

    def opening(file, *args, **options):
        return fail(file) if os.path.basename(str(file)) in names else real_open(file, *args, **options)

    def reading(self, name, *args):
        return fail(name) if name in names else real_read(self, name, *args)

    monkeypatch.setattr(io, "open", opening)
    monkeypatch.setattr(zipfile.ZipFile, "read", reading)
    return names


@pytest.mark.parametrize("zipped", [False, True])
def test_a_picture_that_cannot_be_read_stops_and_is_not_forgotten(tmp_path, capsys, failing, monkeypatch, zipped):
    """A drive that goes away in the middle: nothing is final, and the next call goes on, with every picture."""
    monkeypatch.setattr(prepare, "CHUNK", 5)
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)
    folder, name = write(tmp_path / "photos", 20), "folder:photos"
    expected = load_images("folder:photos", 32).pixels[:, 0, 0].tolist()
    if zipped:
        with zipfile.ZipFile("photos.zip", "w") as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
        name = "folder:photos.zip"
    failing.add("0012.png")
    for _ in range(2):
        assert cli.main(["prepare", name, "--image_size", "16", "--out", "out"]) == 2
        err = capsys.readouterr().err.splitlines()[-1]
        assert err.startswith(f"dcgan-course: {name}: ") and "cannot be read (Input/output error)" in err
        assert "what is done is kept, run again to go on" in err
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out.partial" / "images.u8").stat().st_size == 10 * 16 * 16 * 3
    failing.clear()
    assert cli.main(["prepare", name, "--image_size", "16", "--out", "out"]) == 0
    assert load_images("prepared:out", 16).pixels[:, 0, 0].tolist() == expected
    assert "20 images" in capsys.readouterr().out and not (tmp_path / "out.partial").exists()


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_without_permission(tmp_path):
    folder = write(tmp_path / "photos")
    (folder / "0002.png").chmod(0)
    with pytest.raises(UserError, match=r"0002\.png: cannot be read \(Permission denied\)"):
        load_images("folder:photos", 16)


def test_a_folder_that_cannot_be_listed_is_not_left_out(tmp_path, monkeypatch):
    folder = write(tmp_path / "set" / "cats").parent
    write(folder / "dogs")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("dogs"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(Unreadable, match=r"dogs: cannot be read \(Permission denied\)"):
        folder_source(folder)


def test_a_repaired_zip_is_read_anew(tmp_path, capsys):
    """The damaged copy has the same list of members, sizes and checksums."""
    with zipfile.ZipFile("photos.zip", "w", zipfile.ZIP_STORED) as archive:
        for i in range(4):
            archive.writestr(f"{i}.png", png(i))
    whole = (tmp_path / "photos.zip").read_bytes()
    place = whole.index(png(2)) + 40
    (tmp_path / "photos.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
    images = load_images("folder:photos.zip", 16)
    assert images.count == 3 and "2.png: cannot be unpacked (Bad CRC-32" in capsys.readouterr().out
    (tmp_path / "photos.zip").write_bytes(whole)
    status = os.stat("photos.zip")
    os.utime("photos.zip", ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    assert load_images("folder:photos.zip", 16).count == 4
    assert "decoded" not in capsys.readouterr().out


def test_a_folder_is_never_another(tmp_path):
    """Two folders whose files have the same names, sizes and times, and one whose pictures change under them."""
    for place, colour in (("one/train", "red"), ("two/train", "blue")):
        (tmp_path / place).mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", (20, 20), colour).save(tmp_path / place / f"{i}.bmp")
            os.utime(tmp_path / place / f"{i}.bmp", (315532800, 315532800))
    first = [load_images(f"folder:{place}/train", 16).pixels[0, 0, 0].tolist() for place in ("one", "two")]
    assert first == [[255, 0, 0], [0, 0, 255]]
    assert load_images(f"folder:{tmp_path}/one/../two/train", 16).pixels[0, 0, 0].tolist() == [0, 0, 255]
    for i in range(3):
        (tmp_path / "one" / "train" / f"{i}.bmp").write_bytes((tmp_path / "two" / "train" / f"{i}.bmp").read_bytes())
        os.utime(tmp_path / "one" / "train" / f"{i}.bmp", (315532800, 315532800))
    assert load_images("folder:one/train", 16).pixels[0, 0, 0].tolist() == [0, 0, 255]


def test_a_set_that_is_refused_is_refused_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(prepare, "CHUNK", 4)
    folder = write(tmp_path / "late", 4, start=50)
    for i in range(5):
        (folder / f"{i:04d}.png").write_bytes(b"x")
    for _ in range(2):
        assert cli.main(["prepare", "folder:late", "--image_size", "16"]) == 2
        assert "none of the first 4 can be decoded" in capsys.readouterr().err


def test_what_is_left_out_is_said_again_when_it_changes(tmp_path, capsys):
    folder = write(tmp_path / "photos")
    assert "left out" not in said("folder:photos", capsys)
    (folder / "film.webm").write_bytes(b"x")
    assert "left out 1 file by their endings: 1 .webm" in said("folder:photos", capsys)


def test_a_damaged_cache_is_made_anew_and_a_whole_one_needs_no_lock(tmp_path, cache, monkeypatch):
    write(tmp_path / "photos")
    folder = Path(load_images("folder:photos", 16).pixels.filename).parent
    (folder / "manifest.json").unlink()
    assert load_images("folder:photos", 16).count == 4
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "alone", None)  # as in a cache that may only be read
        assert load_images("folder:photos", 16).count == 4


def test_members_of_one_name_and_backslashes(tmp_path, capsys):
    with zipfile.ZipFile("twice.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(4):
            archive.writestr("image.png", png(i))
    assert "left out 3 of its members, whose names occur more than once" in said("folder:twice.zip", capsys)
    with zipfile.ZipFile("windows.zip", "w") as archive:
        for i in range(4):
            archive.writestr(f"{'ab'[i % 2]}\\{i}.png", png(i))
    images = load_images("folder:windows.zip", 16)
    assert images.label_names == ("a", "b") and sorted(images.labels) == [0, 0, 1, 1]


def test_a_class_without_a_picture_is_not_trained(tmp_path, capsys):
    write(tmp_path / "pets" / "cats", 12)
    (tmp_path / "pets" / "dogs").mkdir()
    (tmp_path / "pets" / "dogs" / "1.png").write_bytes(b"x")
    assert "2 classes: cats 12, dogs 0" in said("folder:pets", capsys)
    assert cli.main(["train", "--data", "folder:pets", "--image_size", "16", "--classes", "2"]) == 2
    assert "classes: found no picture of dogs in folder:pets" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["gone", "cut", "html", "few", "large", "manifest"])
def test_damaged_labels(tmp_path, damage, capsys):
    write(tmp_path / "pets" / "cats"), write(tmp_path / "pets" / "dogs", start=9)
    assert cli.main(["prepare", "folder:pets", "--image_size", "16", "--out", "out"]) == 0
    file, manifest = tmp_path / "out" / "labels.npy", tmp_path / "out" / "manifest.json"
    if damage == "gone":
        file.unlink()
    elif damage in ("few", "large"):
        np.save(file, np.zeros(5, np.int64) if damage == "few" else np.full(8, 7))
    elif damage == "manifest":
        about = json.loads(manifest.read_text("utf-8"))
        del about["label_names"]
        manifest.write_text(json.dumps(about))
    else:
        file.write_bytes(file.read_bytes()[:100] if damage == "cut" else b"<html>")
    with pytest.raises(UserError, match=r"labels\.npy: (damaged|cannot be read)|not a folder made by prepare"):
        load_images("prepared:out", 16)


def test_pixels_written_over_are_seen(tmp_path):
    write(tmp_path / "photos")
    assert cli.main(["prepare", "folder:photos", "--image_size", "16", "--out", "out"]) == 0
    with (tmp_path / "out" / "images.u8").open("r+b") as file:
        file.write(bytes(50))
    later = os.stat("out/manifest.json").st_mtime + 5
    os.utime("out/images.u8", (later, later))
    with pytest.raises(UserError, match=r"images\.u8: altered"):
        load_images("prepared:out", 16)


@pytest.mark.parametrize("name, words", [
    ("celebA:/x", "did you mean celeba?"), ("MNIST", "did you mean mnist?"), ("http://x.org/a.zip", "download it"),
    ("", "expected one of mnist")])
def test_what_may_have_been_meant(capsys, name, words):
    assert cli.main(["train", "--data", name]) == 2
    err = capsys.readouterr().err
    assert words in err and "folder:celebA" not in err and "folder:http" not in err


def test_complaints_are_made_once(tmp_path, capsys):
    folder = write(tmp_path / "photos")
    (folder / "bad.png").write_bytes(b"x")
    load_images("folder:photos", 16)
    assert "1 picture could not be decoded (bad.png: not a picture" in capsys.readouterr().out
    load_images("folder:photos", 16)
    assert capsys.readouterr().out == ""
    assert "skipped bad.png" in said("folder:photos", capsys)  # who asks is told again


def test_prepare_leaves_no_lock_beside_its_result(tmp_path):
    write(tmp_path / "photos")
    assert cli.main(["prepare", "folder:photos", "--image_size", "16", "--out", "out/set"]) == 0
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["set"]


# ---- what is no folder and no zip


@pytest.mark.parametrize("file, words", [
    ("set.tar", "set.tar: an archive that is no zip: unpack it"), ("one.png", "a single picture: give the folder"),
    ("film.mp4", "film.mp4: a film: take pictures out of it"), ("scan.dcm", "pydicom"), ("all.npy", "Image.fromarray"),
    ("set.zip", "set.zip: not a zip file, or cut short")])
def test_other_files_say_what_they_are(tmp_path, capsys, file, words):
    (tmp_path / file).write_bytes(png(1) * 50)
    for command in (["prepare", f"folder:{file}"], ["train", "--data", f"folder:{file}"]):
        assert cli.main(command) == 2
        err = capsys.readouterr().err
        assert words in err and err.count("\n") == 1


@pytest.mark.parametrize("name", ["/some/where", "photos", "./photos/", "~/photos"])
def test_a_path_without_its_kind(tmp_path, capsys, name):
    write(tmp_path / "photos")
    assert cli.main(["train", "--data", name]) == 2
    assert f"did you mean folder:{name}?" in capsys.readouterr().err


# ---- more than 8 bits


def save_deep(folder, name, values, dtype, **options):
    folder.mkdir(exist_ok=True)
    picture = Image.fromarray(np.asarray(values).astype(dtype))
    picture.save(folder / name, **options)


RAMP = np.tile(np.linspace(0, 1, 64), (64, 1))  # from left to right


@pytest.mark.parametrize("dtype, low, high, ending", [
    (np.uint16, 0, 65535, "png"), (np.uint16, 0, 4000, "png"), (np.uint16, 0, 4000, "tif"), (np.uint16, 0, 1000, "png"),
    (np.int32, 0, 255, "tif"), (np.int32, -500, 500, "tif"), (np.int16, -1000, 3000, "tif")])
def test_more_than_8_bits_are_scaled_by_the_range_of_the_set(tmp_path, dtype, low, high, ending, capsys):
    for i, part in enumerate((1.0, 0.5)):  # the darker one stays darker
        values = np.round(low + RAMP * part * (high - low)).astype(dtype)
        if dtype == np.int16:  # Pillow writes no signed 16 bits from an array
            write_signed(tmp_path / "scans", f"{i}.tif", values)
        else:
            save_deep(tmp_path / "scans", f"{i}.{ending}", values, dtype)
    images = load_images("folder:scans", 64)
    bright, dark = images.pixels[:, 32, :, 0].astype(int)
    bottom, top = (-(2 ** (-low - 1).bit_length()) if low < 0 else 0), 2 ** high.bit_length() - 1
    expected = (low + RAMP[0] * (high - low) - bottom) / (top - bottom) * 255
    assert abs(bright - expected).max() <= 2 and bright[-1] > 185  # by Pillow's own resizing, which leaves it as it is
    assert abs(dark[-1] - (low + 0.5 * (high - low) - bottom) / (top - bottom) * 255) <= 2
    assert f"the values {bottom:,} to {top:,} became black to white" in capsys.readouterr().out


def write_signed(folder, name, values):
    """An uncompressed TIFF of signed 16 bits, by hand."""
    import struct

    folder.mkdir(exist_ok=True)
    height, width = values.shape
    tags = [(256, 3, width), (257, 3, height), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
            (278, 3, height), (279, 4, values.nbytes), (339, 3, 2)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    content = struct.pack("<2sHI", b"II", 42, 8 + values.nbytes) + values.astype("<i2").tobytes()
    (folder / name).write_bytes(content + struct.pack("<H", len(tags)) + entries + bytes(4))


@pytest.mark.parametrize("bits", [8, 16])
def test_white_is_zero(tmp_path, bits):
    from PIL import TiffImagePlugin

    values = (RAMP * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    info = TiffImagePlugin.ImageFileDirectory_v2()
    (tmp_path / "fax").mkdir()
    Image.fromarray(values).save(tmp_path / "fax" / "1.tif", tiffinfo=info)
    content = bytearray((tmp_path / "fax" / "1.tif").read_bytes())
    place = content.index((262).to_bytes(2, "little") + (3).to_bytes(2, "little"))
    assert content[place + 8] == 1  # black is zero
    content[place + 8] = 0
    (tmp_path / "fax" / "1.tif").write_bytes(content)
    row = load_images("folder:fax", 64).pixels[0, 32, :, 0].astype(int)
    assert abs(row - (255 - 255 * RAMP[0])).max() <= 2


def test_a_grey_map_that_tells_its_maximum(tmp_path):
    """A PGM's header says which value is white: 1,023, though no pixel reaches it."""
    values = np.full((20, 20), 511, ">u2")
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "1.pgm").write_bytes(b"P5 20 20 1023\n" + values.tobytes())
    assert abs(load_images("folder:maps", 16).pixels.astype(int) - 127).max() <= 1


def test_8_bit_pictures_beside_deep_ones_stay_as_they_are(tmp_path, monkeypatch):
    """The range is measured when the first deep picture comes, and what was done before is kept."""
    monkeypatch.setattr(prepare, "CHUNK", 2)
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)
    folder = write(tmp_path / "mixed", 4)
    save_deep(folder, "5.png", np.full((20, 20), 2048), np.uint16)
    save_deep(folder, "6.png", np.full((20, 20), 4095), np.uint16)
    pixels = load_images("folder:mixed", 16).pixels
    assert pixels[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 128, 255]


def test_almost_black_is_said(tmp_path, capsys):
    save_deep(tmp_path / "night", "1.png", np.full((20, 20, 3), 9), np.uint8)
    load_images("folder:night", 16)
    assert "almost black: the brightest value of all is 9 of 255" in capsys.readouterr().out
    folder = prepare.prepared(folder_source(write(tmp_path / "day")), 16)
    assert not any("black" in line for line in remarks(folder)) and read_manifest(folder)["brightest"] == 255
