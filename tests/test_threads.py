"""How many CPU threads work: on machines whose clock and speed are made up, so that nothing here depends on ours."""

import json

import pytest
import tiny
import torch

from dcgan_course import trainer
from dcgan_course.commands import bench
from dcgan_course.config import preset
from dcgan_course.machine import threads
from dcgan_course.machine.parallel import World
from dcgan_course.machine.runtime import settle_threads
from dcgan_course.machine.threads import COST, SECONDS, Fixed, Threads, all_threads, cpu_threads, ladder
from dcgan_course.runs import Run
from dcgan_course.trainer import train


class Machine:
    """So many cores, a clock of its own, and `speed`: images a second for each number of threads."""

    def __init__(self, monkeypatch, speed: dict[int, float]):
        self.speed, self.now, self.number, self.tried = speed, 0.0, max(speed), []
        monkeypatch.setattr(threads.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(threads, "all_threads", lambda: max(speed))
        monkeypatch.setattr(torch, "set_num_threads", lambda n: setattr(self, "number", n))
        monkeypatch.setattr(torch, "get_num_threads", lambda: self.number)

    def work(self, images: int) -> None:
        self.now += images / self.speed[self.number]

    def trial(self, images: int) -> None:
        self.tried.append(self.number)
        self.work(images)

    def threads(self, **begin) -> Threads:
        return Threads(lambda: self.trial, 64, **begin)

    def train(self, watched: Threads, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            with watched.timed(64):
                self.work(64)


QUIET, BUSY = {1: 860.0, 2: 1165.0}, {1: 837.0, 2: 60.0}


@pytest.mark.parametrize(("most", "numbers"), [(1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (4, [1, 2, 3, 4]),
                                               (8, [1, 2, 4, 7, 8]), (12, [1, 3, 6, 11, 12])])
def test_one_halves_one_fewer_and_all_are_tried(most, numbers):
    assert ladder(most) == numbers


@pytest.mark.parametrize(("speed", "number"), [
    (QUIET, 2), (BUSY, 1), ({1: 1000, 2: 1800, 4: 3000, 7: 4100, 8: 4400}, 8),
    ({1: 1000, 2: 1900, 4: 3300, 7: 3500, 8: 400}, 7), ({1: 1000, 2: 1900, 4: 1200, 7: 600, 8: 300}, 2), ({1: 50}, 1)])
def test_the_fastest_number_is_taken(monkeypatch, speed, number):
    machine = Machine(monkeypatch, speed)
    watched = machine.threads()
    assert watched.number == machine.number == number
    assert len(speed) == 1 or watched.speed == pytest.approx(speed[number])
    assert machine.now < 3 * SECONDS  # also where one of them is ten times slower


def test_what_takes_ten_times_as_long_is_tried_once(monkeypatch):
    machine = Machine(monkeypatch, BUSY)
    machine.threads()
    assert machine.tried.count(2) == 1 and machine.tried.count(1) >= 2


def test_steps_that_take_seconds_are_tried_on_few_images(monkeypatch):
    machine = Machine(monkeypatch, {1: 10.0, 2: 18.0})  # 6 seconds for a batch
    assert machine.threads().number == 2
    assert machine.now < 4


def test_when_it_becomes_slow_it_measures_again_and_changes(monkeypatch):
    machine = Machine(monkeypatch, QUIET)
    watched = machine.threads()
    machine.train(watched, 60)
    assert watched.number == 2
    machine.speed = BUSY
    machine.train(watched, 10)
    assert watched.number == machine.number == 1


def test_when_the_machine_is_free_again_all_threads_work_again(monkeypatch):
    machine = Machine(monkeypatch, BUSY)
    watched = machine.threads()
    machine.train(watched, 90)
    assert watched.number == 1
    machine.speed = QUIET
    machine.train(watched, 90)
    assert watched.number == machine.number == 2


def test_an_undisturbed_training_is_measured_once(monkeypatch):
    machine = Machine(monkeypatch, QUIET)
    watched = machine.threads()
    tried = len(machine.tried)
    machine.train(watched, 1000)
    assert len(machine.tried) == tried and watched.number == 2


def test_however_the_speed_jumps_measuring_costs_little(monkeypatch):
    machine, slow = Machine(monkeypatch, QUIET), {1: 400.0, 2: 500.0}
    watched = machine.threads()
    for _ in range(300):
        machine.speed = slow if machine.speed is QUIET else QUIET
        machine.train(watched, 2)
    assert 5 * SECONDS < watched.spent < COST * machine.now + 4 * SECONDS


def test_a_little_faster_is_no_reason_to_change(monkeypatch):
    machine = Machine(monkeypatch, {1: 1000.0, 2: 1080.0})
    watched = machine.threads(number=1, speed=1000.0)
    machine.train(watched, 200)
    assert watched.number == 1 and 2 in machine.tried  # it was looked at


def test_the_number_of_a_checkpoint_is_not_measured_but_watched(monkeypatch):
    machine = Machine(monkeypatch, {1: 100.0, 2: 20.0})
    watched = machine.threads(number=2, speed=100.0)
    assert machine.number == 2 and not machine.tried
    machine.train(watched, 60)
    assert machine.number == 1


def test_the_number_of_a_larger_machine_is_measured_anew(monkeypatch):
    assert Machine(monkeypatch, BUSY).threads(number=8, speed=4000.0).number == 1


def test_a_process_settles_on_the_fastest_and_a_training_in_it_tries_all_again(monkeypatch):
    monkeypatch.setattr(threads, "_settled", None)
    monkeypatch.setattr(threads, "_at_first", 2)
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    with cpu_threads(2):
        monkeypatch.setattr(threads, "speeds", lambda trial, batch, numbers: {1: 9.0, 2: 5.0})
        stream = torch.get_rng_state()
        assert settle_threads() == 1 and torch.equal(torch.get_rng_state(), stream)
        assert torch.get_num_threads() == 1 and all_threads() == 2
        torch.set_num_threads(1)
        monkeypatch.setattr(threads, "_settled", None)
        assert all_threads() == 1  # as somebody else has said


def test_the_containers_share_is_the_most(monkeypatch):
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)
    with cpu_threads(2):
        assert all_threads() == 1


# ---- in a training


@pytest.fixture
def two_cores(monkeypatch):
    """Two threads to choose from; both are tried in earnest, and one is found to be faster."""
    measured = threads.speeds

    def speeds(trial, batch, numbers):
        assert measured(trial, batch, numbers).keys() == {1, 2}
        return {1: 2.0, 2: 1.0}

    monkeypatch.setattr(threads, "all_threads", lambda: 2)
    monkeypatch.setattr(threads, "speeds", speeds)
    monkeypatch.setattr(threads, "SECONDS", 0.02)
    monkeypatch.setattr(Threads, "look", lambda self, now: None)  # a busy machine would be measured again


def weights(run: Run) -> list[torch.Tensor]:
    return [*run.load_generator().state_dict().values(), *run.load_discriminator().state_dict().values()]


def lines(run: Run) -> list[dict]:
    return [json.loads(line) for line in (run.path / "stats.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.slow
def test_measuring_leaves_the_training_as_it_is(tmp_path, two_cores):
    auto = train(tiny.config(tmp_path, threads="auto", instance_noise=0.1), quiet=True)
    fixed = train(tiny.config(tmp_path, threads=1, instance_noise=0.1), quiet=True)
    assert all(map(torch.equal, weights(auto), weights(fixed)))
    assert {line["threads"] for line in lines(auto)} == {1}
    assert auto.config.threads == "auto" and fixed.config.threads == 1


def test_the_number_of_threads_is_put_back(tmp_path, two_cores):
    with cpu_threads(2):
        train(tiny.config(tmp_path, threads="auto", num_epochs=0.1), quiet=True)
        assert torch.get_num_threads() == 2


def test_a_resumed_run_takes_the_number_of_its_checkpoint(tmp_path, two_cores, monkeypatch):
    run = train(tiny.config(tmp_path, threads="auto", num_epochs=1), quiet=True)
    monkeypatch.setattr(threads, "speeds", lambda *_: pytest.fail("measured"))
    with cpu_threads(2):
        train(run.config.replace(num_epochs=2), resume=run, quiet=True)
    assert {line["threads"] for line in lines(run)} == {1}


@pytest.mark.slow
def test_another_number_when_resuming_is_said(tmp_path, capsys):
    run = train(tiny.config(tmp_path, threads=1, num_epochs=1), quiet=True)
    train(run.config.replace(num_epochs=2, threads=2), resume=run)
    assert "2 CPU threads work, after 1: not bit for bit" in capsys.readouterr().err
    assert [line["threads"] for line in lines(run)] == [1] * 3 + [2] * 3


def test_a_change_on_the_way_is_said_and_logged(tmp_path, two_cores, monkeypatch, capsys):
    monkeypatch.setattr(trainer, "Threads", Impatient)
    run = train(tiny.config(tmp_path, threads="auto", num_epochs=1))
    out, said = capsys.readouterr()
    assert "CPU threads" not in out
    assert "1 of 2 CPU threads (the fastest now, as measured) work\n" in said
    assert "2 of 2 CPU threads (the fastest now, as measured) work, after 1: not bit for bit" in said
    assert [line["threads"] for line in lines(run)] == [1, 2, 2]


class Impatient(Threads):
    """Changes at the sixth step."""

    steps = 0

    def timed(self, images):
        self.steps += 1
        if self.steps == 6:
            self.number = 2
        return super().timed(images)


@pytest.mark.parametrize("changes", [{"threads": 3}, {"device": "cuda"}, {"compile": "on"}])
def test_where_nothing_is_measured(changes):
    config = tiny.config("runs", **({"threads": "auto"} | changes))
    with cpu_threads():
        state = type("State", (), {"threads": 0, "speed": 0.0})
        found = trainer.working_threads(config, World(), state)
    assert isinstance(found, Fixed) and found.number == changes.get("threads", torch.get_num_threads())


def test_timed_steps_are_alike(monkeypatch):
    """Penalties, which come at every eighth step only, are in the first one, which is not timed."""
    penalties = []
    real = trainer.gradient_penalty
    monkeypatch.setattr(trainer, "gradient_penalty", lambda *words: penalties.append(1) or real(*words))
    step = trainer.one_step(tiny.config("runs", nc=1, r1=1.0, d_norm="none", compile="off"), World())
    for _ in range(20):
        step()
        assert len(penalties) == 1


def test_how_fast_a_machine_trains_is_measured_with_the_threads_of_a_training(two_cores, monkeypatch):
    working = []
    monkeypatch.setattr(bench, "time_of", lambda *_: working.append(torch.get_num_threads()) or 0.5)
    with cpu_threads(2):
        assert bench.images_per_second(tiny.config("unused", threads="auto")) == 20 / 0.5
        assert bench.images_per_second(tiny.config("unused", threads=2)) == 20 / 0.5
        assert working == [1, 2] and torch.get_num_threads() == 2


@pytest.mark.slow
def test_bench_compares_auto_with_each_number(two_cores, monkeypatch):
    monkeypatch.setattr(bench, "all_threads", lambda: 2)
    words = bench.report_threads(preset("smoke", data="tiny", batch_size=20, precision="fp32"), 0.1, busy=1)
    speeds = {line[:16].strip(): float(line[16:26]) for line in words.splitlines()[2:]}
    assert list(speeds) == ["1", "2", "auto", "plain loop, 2"] and all(0 < speed < 1e6 for speed in speeds.values())
    assert words.startswith("smoke, with 1 other busy processes on")
