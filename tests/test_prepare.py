"""From files to training images: every odd picture handled on purpose, and nothing half-made ever used."""

import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
import zlib
from types import SimpleNamespace

import numpy as np
import processes
import pytest
from PIL import Image

from dcgan_course.commands import cli
from dcgan_course.data import Images, load_images, manifest, prepare
from dcgan_course.data.decode import Look, Undecodable, decode
from dcgan_course.data.sources import Source, folder_source
from dcgan_course.machine.errors import UserError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def two_cores(monkeypatch):
    """Where there is one, this process decodes the pictures by itself."""
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)


def encode(picture, kind="PNG", **settings) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **settings)
    return out.getvalue()


def plain(colour="red", size=(40, 30), mode="RGB"):
    return Image.new(mode, size, colour)


def write_pictures(folder, count=12, start=0):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(start, start + count):
        plain((i, 2 * i, 255 - i)).save(folder / f"{i:04d}.png")
    return folder


# ---- one picture


def test_the_centred_square_is_kept_and_scaled_with_antialiasing():
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = np.indices((20, 20)).sum(0)[..., None] % 2 * 255  # in the middle a fine chess board, outside black
    pixels = decode(encode(Image.fromarray(wide)), 10)
    assert pixels.shape == (10, 10, 3) and pixels.dtype == np.uint8
    assert abs(pixels.astype(float) - 127.5).max() < 12  # without antialiasing it would stay black or white


def test_pictures_that_are_not_square(tmp_path, capsys):
    """A wide picture, red at the left, white in the middle, blue at the right, in the three fits."""
    wide = np.full((20, 40, 3), 255, np.uint8)
    wide[:, :10], wide[:, 30:] = (255, 0, 0), (0, 0, 255)
    (tmp_path / "wide").mkdir()
    Image.fromarray(wide).save(tmp_path / "wide" / "1.png")
    (red, white, blue, green), found = ([255, 0, 0], [255] * 3, [0, 0, 255], [0, 128, 0]), {}
    for look in (Look("crop"), Look("pad", "green"), Look("pad", "#008000"), Look("stretch")):
        found[look] = load_images(f"folder:{tmp_path / 'wide'}", 16, look=look).pixels[0]
    assert (found[Look("crop")][:, 1:-1] == white).all()
    padded = found[Look("pad", "green")]
    assert (padded[:4] == green).all() and (padded[12:] == green).all() and not (padded[4:12] == green).all(2).any()
    assert padded[8, 0].tolist() == red and padded[8, 8].tolist() == white and padded[8, 15].tolist() == blue
    assert np.array_equal(padded, found[Look("pad", "#008000")])
    stretched = found[Look("stretch")]
    assert all(stretched[y, 0].tolist() == red and stretched[y, 15].tolist() == blue for y in (0, 15))
    tall = decode(encode(Image.fromarray(wide.transpose(1, 0, 2))), 16, Look("pad", "green"))
    assert np.array_equal(tall, padded.transpose(1, 0, 2))
    out = str(tmp_path / "out")
    assert cli.main(["prepare", f"folder:{tmp_path / 'wide'}", "--image_size", "16", "--fit", "pad", "--pad_colour",
                     "green", "--out", out]) == 0
    assert np.array_equal(load_images(f"prepared:{out}", 16).pixels[0], padded)
    assert cli.main(["prepare", f"folder:{tmp_path / 'wide'}", "--image_size", "16", "--out", out]) == 2
    assert "at 16 pixels (pad), expected a new folder, or" in capsys.readouterr().err
    with pytest.raises(UserError, match="fit: found stretch, expected pad, as .*out was prepared"):
        load_images(f"prepared:{out}", 16, look=Look("stretch"))
    for words in (["train"], ["prepare", f"folder:{tmp_path / 'wide'}"]):
        assert cli.main([*words, "--pad_colour", "greeen"]) == 2
        assert "pad_colour: found 'greeen', expected a colour such as" in capsys.readouterr().err


def test_one_channel_of_any_images(tmp_path, capsys):
    """--nc 1: grey pixels keep their value, colours their luminance, in the mapped file and in memory."""
    folder = tmp_path / "grey"
    folder.mkdir()
    for value in range(0, 256, 15):
        plain(value, (20, 20), "L").save(folder / f"{value:03d}.png")
    images = load_images(f"folder:{folder}", 16, nc=1)
    assert "all are grey: --nc 1 trains one channel" in capsys.readouterr().out
    assert images.channels == 1 and images.batch(range(18)).shape == (18, 1, 16, 16)
    assert images.batch(range(18))[:, 0, 3, 3].tolist() == list(range(0, 256, 15))
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 200, 30]], np.uint8)[:, None, None]
    made = Images("colours", np.tile(colours, (1, 8, 8, 1)), 8, grey=True).batch(range(4))
    expected = [Image.new("RGB", (1, 1), tuple(c[0, 0].tolist())).convert("L").getpixel((0, 0)) for c in colours]
    assert made[:, 0, 0, 0].tolist() == expected
    with pytest.raises(UserError, match="nc: found 3, expected 1, as the images of mnist have"):
        load_images("mnist", 28, nc=3)


def test_exif_rotation():
    picture = Image.fromarray(np.repeat([[255] * 16 + [0] * 16], 32, 0).astype(np.uint8)).convert("RGB")  # left white
    exif = picture.getexif()
    exif[0x0112] = 6  # stored lying on its left side: turn clockwise
    pixels = decode(encode(picture, "JPEG", quality=95, exif=exif), 16)
    assert pixels[:6].mean() > 240 and pixels[10:].mean() < 15  # white is on top now


@pytest.mark.parametrize("picture, settings, expected", [
    (plain(100, mode="L"), {}, (100, 100, 100)),
    (plain((0, 255, 255, 0), mode="CMYK"), {"kind": "TIFF"}, (255, 0, 0)),
    (plain((0, 255, 255, 0), mode="CMYK"), {"kind": "JPEG", "quality": 98}, (255, 0, 0)),
    (plain("blue").quantize(4), {}, (0, 0, 255)),
    (plain((0, 0, 255, 0), mode="RGBA"), {}, (255, 255, 255)),  # see-through: white, not the hidden blue
    (plain((0, 0, 255, 128), mode="RGBA"), {}, (127, 127, 255)),
    (plain((90, 255), mode="LA"), {}, (90, 90, 90)),
    (Image.fromarray(np.full((20, 20), 0x8080, np.uint16)), {"levels": (0, 65535)}, (128, 128, 128)),
    (plain(1, mode="1"), {}, (255, 255, 255)),
    (plain("lime"), {"kind": "WEBP", "lossless": True}, (0, 255, 0)),
    (plain("lime"), {"kind": "GIF"}, (0, 255, 0)),
    (plain("red", (9, 9)), {}, (255, 0, 0)),
    (plain("red", (3000, 1000)), {"kind": "JPEG"}, (254, 0, 0)),
], ids=["grey", "cmyk tiff", "cmyk jpeg", "palette", "transparent", "half transparent", "grey alpha", "16 bit",
        "1 bit", "webp", "gif", "small", "large"])
def test_every_mode_becomes_rgb(picture, settings, expected):
    look = Look(levels=settings.pop("levels", None))
    pixels = decode(encode(picture, **settings), 16, look)
    assert pixels.shape == (16, 16, 3)
    assert abs(pixels.reshape(-1, 3).astype(int) - expected).max() <= 3


def test_palette_with_a_transparent_colour():
    picture = plain("blue").quantize(4)
    assert (decode(encode(picture, transparency=picture.getpixel((0, 0))), 16) == 255).all()


def bomb() -> bytes:
    """A PNG that says it is 30,000 x 30,000."""
    content = bytearray(encode(plain(0, (8, 8), "L")))
    content[16:24] = (30_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


BAD = {
    "empty": (b"", "empty file"),
    "text": (b"not a picture at all", "not a picture"),
    "web page": (b"<html>quota exceeded</html>", "not a picture"),
    "cut short": (encode(Image.effect_noise((80, 80), 50), "JPEG")[:600], "truncated"),
    "tiny": (encode(plain("red", (7, 100))), "7x100 pixels, at least 8x8"),
    "bomb": (bomb(), "decompression bomb"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
    "float": (encode(Image.new("F", (20, 20), 0.5), "TIFF"), "floating-point"),
    "postscript": (encode(plain(), "EPS"), "not a picture"),  # Pillow would start Ghostscript for it
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_decoded_says_why(case):
    content, words = BAD[case]
    with pytest.raises(Undecodable, match=words):
        decode(content, 16)


# ---- folders and zips


def test_a_folder_with_everything_in_it(tmp_path, capsys):
    """As a phone and a careless copy leave it: bad files are skipped and listed, others are ignored."""
    folder = write_pictures(tmp_path / "photos", 5)
    for case, (content, _) in BAD.items():
        (folder / f"bad {case}.jpg").write_bytes(content)
    (folder / "notes.txt").write_text("ignored")
    (folder / ".hidden.png").write_bytes(b"ignored")
    images = load_images(f"folder:{folder}", 16)
    assert (images.count, images.channels, images.labels) == (5, 3, None)
    assert images.pixels[3, 0, 0].tolist() == [3, 6, 252]
    said = capsys.readouterr().out
    case, (_, words) = min(BAD.items())
    assert f"{len(BAD)} pictures could not be decoded (bad {case}.jpg: " in said and words in said
    assert "manifest.json lists all" in said and said.count("\n") == 1
    assert cli.main(["prepare", f"folder:{folder}", "--image_size", "16"]) == 0
    text = capsys.readouterr().out
    for case, (_, words) in BAD.items():
        assert f"skipped bad {case}.jpg: " in text and words in text
    assert "5 images of 16x16" in text


def test_sub_folders_are_classes_and_a_zip_is_the_same(tmp_path):
    write_pictures(tmp_path / "set" / "cats", 4)
    write_pictures(tmp_path / "set" / "dogs" / "small", 3, start=9)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for file in sorted((tmp_path / "set").rglob("*.png")):
            archive.write(file, file.relative_to(tmp_path))
        archive.writestr("__MACOSX/set/._0001.png", b"not a picture")
    for name in ("set", "set.zip"):
        images = load_images(f"folder:{tmp_path / name}", 16)
        assert images.label_names == ("cats", "small") and images.labels.tolist() == [0] * 4 + [1] * 3
        assert images.pixels[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 9, 10, 11]


def zip_with(file, name, content=b"x"):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)


def test_bad_sets_are_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("x")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"x")
    write_pictures(tmp_path / "one", 1)
    write_pictures(tmp_path / "few", 9)
    zip_with(tmp_path / "slip.zip", "../../evil.png")
    zip_with(tmp_path / "absolute.zip", "/etc/evil.png")
    monkeypatch.setattr("dcgan_course.data.listing.MAX_MEMBER", 1_000_000)
    zip_with(tmp_path / "bomb.zip", "a.png", bytes(1_000_001))
    (tmp_path / "quota.zip").write_text("<!DOCTYPE html><html>Quota exceeded</html>")
    (tmp_path / "cut.zip").write_bytes((tmp_path / "bomb.zip").read_bytes()[:60])
    cases = {
        "folder:empty": "empty: found no pictures", "folder:texts": "texts: found no pictures",
        "folder:broken": "none of the first 1 can be decoded, expected pictures; a.png: not a picture",
        "folder:nowhere": "nowhere: not found", "folder:": "without a path",
        "folder:one": "batch_size: found 64, expected at most the number of images in folder:one, 1",
        "folder:few": "batch_size: found 64, expected at most the number of images in folder:few, 9",
        "folder:slip.zip": "'../../evil.png', whose name leads outside", "folder:absolute.zip": "leads outside",
        "folder:bomb.zip": "a.png unpacks to 1 MB, expected a picture of at most 1 MB",
        "folder:quota.zip": "found a web page, expected a zip file", "folder:cut.zip": "not a zip file, or cut short",
        "prepared:one": "not a folder made by prepare", "prepared:nowhere": "not a folder made by prepare",
        "avatars:0": "avatars:COUNT", "avatars:many": "avatars:COUNT", "floder:one": "did you mean folder",
    }
    for name, words in cases.items():
        assert cli.main(["train", "--data", name, "--precision", "fp32"]) == 2, name  # not measured each time
        out, err = capsys.readouterr()
        line = [text for text in err.splitlines() if text.startswith("dcgan-course: ")]
        assert len(line) == 1 and words in line[0], (name, err)
        assert "Traceback" not in err and out == ""
    assert cli.main(["train", "--data", "folder:few", "--image_size", "48"]) == 2
    assert "image_size: found 48" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists() and not list((tmp_path / "cache").rglob("*-48-*"))


# ---- preparing once


def test_prepared_once_and_again_when_the_folder_changes(tmp_path, cache, monkeypatch):
    folder = write_pictures(tmp_path / "photos")
    first = load_images(f"folder:{folder}", 16)
    assert isinstance(first.pixels, np.memmap) and first.pixels.mode == "r"  # else Windows sets memory aside for it
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "build", None)  # the second time nothing is decoded
        assert np.array_equal(load_images(f"folder:{folder}", 16).pixels, first.pixels)
    write_pictures(folder, 1, start=50)
    assert load_images(f"folder:{folder}", 16).count == 13
    assert load_images(f"folder:{folder}", 32).pixels.shape == (13, 32, 32, 3)
    assert not list(cache.rglob("*.partial"))


@pytest.mark.slow
def test_workers_and_chunks_change_nothing(tmp_path, monkeypatch, two_cores):
    folder = write_pictures(tmp_path / "photos", 30)
    (folder / "0007.png").write_bytes(b"broken")
    one = load_images(f"folder:{folder}", 16)  # one chunk, in this process
    monkeypatch.setattr(prepare, "CHUNK", 4)  # eight chunks, in worker processes
    many = manifest.load_prepared(prepare.prepared(folder_source(folder), 16, tmp_path / "again"), 16)
    assert one.count == 29 and np.array_equal(one.pixels, many.pixels)


def test_strict_stops(tmp_path, capsys):
    folder = write_pictures(tmp_path / "photos", 5)
    (folder / "0002.png").write_bytes(b"broken")
    words = ["prepare", f"folder:{folder}", "--image_size", "16"]
    for _ in range(2):  # before and after the same set was prepared without --strict
        assert cli.main([*words, "--strict"]) == 2
        assert "0002.png: not a picture" in capsys.readouterr().err
        assert cli.main(words) == 0


def test_limit_and_out(tmp_path, capsys):
    folder = write_pictures(tmp_path / "photos", 9)
    out = tmp_path / "small"
    assert cli.main(["prepare", f"folder:{folder}", "--image_size", "16", "--limit", "4", "--out", str(out)]) == 0
    assert load_images(f"prepared:{out}", 16).count == 4
    with pytest.raises(UserError, match="found images of 16x16, expected 64x64"):
        load_images(f"prepared:{out}", 64)
    assert cli.main(["prepare", f"folder:{folder}", "--image_size", "16", "--out", str(out)]) == 2
    assert "holds 4 pictures" in capsys.readouterr().err
    assert cli.main(["prepare", f"folder:{folder}", "--limit", "0"]) == 2


@pytest.mark.parametrize("damage", ["cut", "flip", "manifest"])
def test_damaged_folders_are_not_used(tmp_path, damage, capsys):
    folder = write_pictures(tmp_path / "photos", 5)
    words = ["prepare", f"folder:{folder}", "--image_size", "16", "--out", str(tmp_path / "out")]
    cli.main(words)
    pixels = tmp_path / "out" / "images.u8"
    content = bytearray(pixels.read_bytes())
    if damage == "cut":
        pixels.write_bytes(content[:-1])
    elif damage == "flip":
        content[100] ^= 1
        pixels.write_bytes(content)
    else:
        (tmp_path / "out" / "manifest.json").write_text("{")
    capsys.readouterr()
    assert cli.main(words) == 2  # prepare also verifies the checksums
    assert str(tmp_path / "out") in capsys.readouterr().err


CHILD = """if True:
    import time
    from pathlib import Path
    from dcgan_course.data import prepare, sources
    prepare.CHUNK = 10
    def slow(item, size):
        time.sleep(0.002)
        if {decoded!r}:
            (Path({decoded!r}) / item).touch(exist_ok=False)
        return (Path({folder!r}) / item).read_bytes()
    source = sources.folder_source(Path({folder!r}))
    source = sources.Source(source.name, source.items, slow, source.stamp)
    import joblib
    joblib.cpu_count = lambda: 1
    prepare.prepared(source, 16, Path({out!r}))
"""


def preparing(folder, out, decoded=""):
    """A process that prepares a folder slowly; `decoded` gets an empty file for each picture that it decodes."""
    return processes.begin(CHILD.format(folder=str(folder), out=str(out), decoded=str(decoded)))


@pytest.mark.slow
def test_killed_and_gone_on(tmp_path):
    """kill -9 at several moments: nothing half-made is used, nothing is done twice, and the result is the same."""
    folder = write_pictures(tmp_path / "photos", 250)
    (folder / "0005.png").write_bytes(b"broken")
    expected = manifest.load_prepared(prepare.prepared(folder_source(folder), 16, tmp_path / "whole"), 16).pixels
    out, partial = tmp_path / "out", tmp_path / "out.partial"
    tried = 0
    for _ in range(3):
        child = preparing(folder, out)
        journal = partial / "journal.jsonl"
        lines = tried // 10 + 4
        while child.poll() is None and (not journal.exists() or len(journal.read_text("utf-8").splitlines()) < lines):
            time.sleep(0.005)
        assert child.poll() is None, "ended before it could be killed"
        os.kill(child.pid, processes.KILL)
        child.wait()
        with pytest.raises(UserError, match="not a folder made by prepare"):
            load_images(f"prepared:{out}", 16)
        now = json.loads(journal.read_text("utf-8").splitlines()[-1])["tried"]
        assert tried < now < 250
        tried = now
    with (partial / "images.u8").open("ab") as file:  # and a chunk that was cut off in the middle
        file.write(b"garbage")
    assert preparing(folder, out).wait() == 0
    assert np.array_equal(manifest.load_prepared(out, 16).pixels, expected)
    skipped = json.loads((out / "manifest.json").read_text("utf-8"))["skipped"]
    assert skipped == [["0005.png", "not a picture, or of a kind that is not supported"]]


@pytest.mark.slow
def test_two_processes_that_want_the_same_images(tmp_path):
    """One prepares them and the other waits for it: no picture is decoded twice, and both end well."""
    folder, out, decoded = write_pictures(tmp_path / "photos", 250), tmp_path / "out", tmp_path / "decoded"
    decoded.mkdir()
    children = [preparing(folder, out, decoded) for _ in range(2)]
    errors = [child.communicate()[1] for child in children]
    assert [child.returncode for child in children] == [0, 0], errors
    assert len(list(decoded.iterdir())) == 250
    expected = manifest.load_prepared(prepare.prepared(folder_source(folder), 16, tmp_path / "whole"), 16).pixels
    assert np.array_equal(manifest.load_prepared(out, 16).pixels, expected)


@pytest.mark.slow
def test_a_killed_worker_is_one_line(tmp_path, monkeypatch, two_cores):
    folder = write_pictures(tmp_path / "photos", 30)
    monkeypatch.setattr(prepare, "CHUNK", 4)
    source, content, kill = folder_source(folder), encode(plain()), int(processes.KILL)

    def die_at_20(item, size):  # in here, so that the workers need not import this file, and with it torch
        if item == "0020.png":
            os.kill(os.getpid(), kill)
        return content

    with pytest.raises(UserError, match="a worker process was killed"):
        prepare.prepared(Source(source.name, source.items, die_at_20, source.stamp), 16, tmp_path / "out")
    prepare.prepared(source, 16, tmp_path / "out")  # goes on


def test_ctrl_c_says_that_nothing_is_lost(tmp_path, monkeypatch, capsys):
    folder = write_pictures(tmp_path / "photos", 5)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(prepare.Journal, "add", interrupt)
        assert cli.main(["prepare", f"folder:{folder}", "--image_size", "16"]) == 130
    assert f"folder:{folder}: stopped; what is done is kept, run again to go on" in capsys.readouterr().err
    assert cli.main(["prepare", f"folder:{folder}", "--image_size", "16"]) == 0


def test_no_room_on_the_disk(tmp_path, monkeypatch, capsys):
    folder = write_pictures(tmp_path / "photos", 5)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=100))
        assert cli.main(["prepare", f"folder:{folder}", "--image_size", "16"]) == 2
    assert re.search(r"needs 3\.8 kB on the disk of \S+, found 100 bytes free", capsys.readouterr().err)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(prepare.Journal, "add", full)
        assert cli.main(["prepare", f"folder:{folder}", "--image_size", "16"]) == 2
    assert "No space left" in capsys.readouterr().err
    assert cli.main(["prepare", f"folder:{folder}", "--image_size", "16"]) == 0


def test_worker_modules_start_without_torch():
    """Each worker process imports these; torch would cost seconds and hundreds of megabytes in each."""
    code = ("import sys, dcgan_course.data.sources, dcgan_course.data.lsun, dcgan_course.data.celeba; "
            "sys.exit('torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


WORKERS = """if True:
    import joblib, sys
    from dcgan_course.data import prepare
    from dcgan_course.data.decode import Undecodable
    from dcgan_course.data.sources import Source
    def read(item, size):
        raise Undecodable("torch" if "torch" in sys.modules else "light")
    prepare.CHUNK, joblib.cpu_count = 1, lambda: 2
    print({reason for _, (_, bad) in prepare.in_workers(prepare.decode_all, Source("x", range(4), read, ""), 0, 4, 8,
                                                        prepare.Look()) for _, reason in bad})
"""


@pytest.mark.slow
def test_workers_have_no_torch():
    """Whatever a worker is sent, it must not lead to the modules that import torch."""
    done = subprocess.run([sys.executable, "-c", WORKERS], capture_output=True, text=True, check=True)
    assert done.stdout == "{'light'}\n"


MEMORY = """if True:
    import sys, numpy as np, torch
    from pathlib import Path
    from dcgan_course.data import Batches, Images
    file, count = Path({file!r}), {count}
    with file.open("wb") as f:
        f.truncate(count * 32 * 32 * 3)  # a sparse file: it reads as zeros
    pixels = np.memmap(file, np.uint8, "r", shape=(count, 32, 32, 3))
    batches = Batches(Images("synthetic", pixels, 32), 128, 0)
    for step in range(1000):
        batches[step]
    status = Path("/proc/self/status").read_text("utf-8")
    print(sum(int(status.split(key)[1].split()[0]) for key in ("RssAnon:", "RssFile:")))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads Linux's own account")
@pytest.mark.slow
def test_memory_stays_flat_however_many_images(tmp_path):
    """1,000 batches, 390 MB, out of 30 MB, 300 MB and 3 GB of images: the process stays the same size."""
    used = [1024 * int(processes.begin(MEMORY.format(file=str(tmp_path / "images"), count=count)).communicate()[0])
            for count in (10_000, 100_000, 1_000_000)]
    assert max(used) < min(used) + 60e6, used  # 8 MB of order for a million
