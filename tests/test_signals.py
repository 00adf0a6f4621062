"""Ctrl-C, SIGTERM and SIGHUP: what is done is kept and said, and no process stays behind."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import processes
import pytest
from PIL import Image

from dcgan_course.commands import cli
from dcgan_course.data.prepare import prepared
from dcgan_course.data.sources import folder_source
from dcgan_course.machine import signals
from dcgan_course.machine.signals import interrupted_by_all, stop_on_interrupt

ASKED = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.fixture(autouse=True)
def untouched(monkeypatch):
    """A job that a shell started in the background ignores Ctrl-C, and so would the tests."""
    before = {signum: signal.getsignal(signum) for signum in signals.STOPS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for signum in ASKED:
        signal.signal(signum, signal.SIG_DFL)
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # put back afterwards, if a SIGHUP makes it lossy
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


@pytest.fixture
def clock(monkeypatch):
    """Seconds that a test sets."""
    now = [0.0]
    monkeypatch.setattr(signals.time, "monotonic", lambda: now[0])
    return now


def test_interrupt_asks_once_and_then_insists():
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt() as stop:
        assert not stop.is_set()
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("signum", ASKED)
def test_the_others_ask_once_and_then_insist(signum, clock):
    """`timeout` and a closing terminal send two at once, and mean one."""
    with interrupted_by_all():
        outer = signal.getsignal(signum)
        with stop_on_interrupt() as stop:
            signal.raise_signal(signum)
            assert stop.is_set()
            signal.raise_signal(signum)
            clock[0] = 1.5
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signum)
        assert signal.getsignal(signum) is outer
    assert signal.getsignal(signum) == signal.SIG_DFL


@pytest.mark.parametrize("signum", signals.STOPS)
def test_torchrun_repeats_and_never_insists(signum, clock, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    with stop_on_interrupt() as stop:
        for clock[0] in (0.0, 5.0, 9.0):
            signal.raise_signal(signum)
    assert stop.is_set()


@pytest.mark.parametrize("signum", ASKED)
def test_what_is_ignored_stays_ignored(signum):
    """As SIGHUP under nohup."""
    signal.signal(signum, signal.SIG_IGN)
    with interrupted_by_all(), stop_on_interrupt() as stop:
        signal.raise_signal(signum)
        assert not stop.is_set() and signal.getsignal(signum) == signal.SIG_IGN


@pytest.mark.parametrize("signum", ASKED)
def test_somebody_elses_handler_stays(signum):
    came = []
    signal.signal(signum, lambda *_: came.append(signum))
    with interrupted_by_all():
        signal.raise_signal(signum)
    assert came == [signum]


@pytest.mark.parametrize("signum, status", [(signal.SIGINT, 130), *((s, 128 + s) for s in ASKED)])
def test_a_command_that_is_cut_short(signum, status, monkeypatch, capsys):
    monkeypatch.setitem(cli.COMMANDS, "doctor", lambda: signal.raise_signal(signum))
    assert cli.main(["doctor"]) == status
    assert capsys.readouterr().err == "dcgan-course: stopped\n"
    monkeypatch.setitem(cli.COMMANDS, "doctor", lambda: print("well"))
    assert cli.main(["doctor"]) == 0  # nothing is remembered
    assert all(signal.getsignal(s) == signal.SIG_DFL for s in ASKED)


def test_a_stream_whose_reader_has_gone():
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", encoding="utf-8", buffering=1) as broken:
        lossy = signals.Lossy(broken)
        print("lost", file=lossy, flush=True)
        assert lossy.fileno() == write
        with pytest.raises(BrokenPipeError):
            broken.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)  # so that closing it succeeds


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
@pytest.mark.slow
def test_preparing_pictures_is_stopped_and_goes_on(tmp_path):
    """One line, an exit status that tells, no worker left, and at last the same folder as without a stop."""
    (tmp_path / "pictures").mkdir()
    colours = np.random.default_rng(0)
    for i in range(40):
        Image.fromarray(colours.integers(0, 256, (40, 50, 3), np.uint8)).save(tmp_path / "pictures" / f"{i}.png")

    code = f"""if True:
        import joblib, os, signal, sys
        from dcgan_course.commands import cli
        from dcgan_course.data import prepare
        joblib.cpu_count = lambda: 2
        prepare.CHUNK, add = 4, prepare.Journal.add  # ten chunks: two workers
        def stop(self, *args):
            add(self, *args)
            os.kill(os.getpid(), signal.SIGTERM)
        prepare.Journal.add = stop
        sys.exit(cli.main(["prepare", {f"folder:{tmp_path / 'pictures'}"!r}, "--image_size", "16", "--out",
                           {str(tmp_path / "stopped")!r}]))"""
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, text=True, stderr=subprocess.PIPE,
                               preexec_fn=processes.listen)
    said = process.communicate(timeout=processes.PATIENCE)[1]
    last = said.splitlines()[-1]
    assert process.returncode == 143 and "Traceback" not in said
    assert last.startswith("dcgan-course: folder:") and last.endswith("what is done is kept, run again to go on")
    assert not running(process.pid)
    assert (tmp_path / "stopped.partial" / "journal.jsonl").read_text("utf-8").count("\n") == 2
    first, second = (prepared(folder_source(tmp_path / "pictures"), 16, tmp_path / name) / "images.u8"
                     for name in ("stopped", "whole"))
    assert first.read_bytes() == second.read_bytes() and first.stat().st_size == 40 * 16 * 16 * 3


def running(group: int) -> list[str]:
    """The processes of a group that do not end."""
    end = time.monotonic() + processes.PATIENCE
    while time.monotonic() < end:
        listing = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True).stdout
        rows = [line.split(None, 2) for line in listing.splitlines()]
        left = [args for pgid, stat, args in rows if pgid == str(group) and not stat.startswith("Z")]
        if not left:
            return []
        time.sleep(0.02)
    return left
