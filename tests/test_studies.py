"""Studies: the grid, the table, going on after a kill, and the statistics against written-out formulas."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import processes
import pytest
import tiny
from PIL import Image

from dcgan_course import trainer
from dcgan_course.commands.cli import main
from dcgan_course.experiments import recording, reports, studies
from dcgan_course.experiments.recording import RecordedStudy
from dcgan_course.experiments.studies import Study, grid, read_study, run_study
from dcgan_course.machine.errors import UserError
from dcgan_course.measuring.tables import comparison, differences, holm, means, summary
from dcgan_course.runs import Run

TWO = {"plain": {}, "slow": {"lr_g": 1e-5}}


class FakeScorer:
    """Scores that need no judge: brightness and contrast."""

    most = 50

    def __call__(self, images):
        return {"fd50_tiny": float(images.mean()), "sharpness50_tiny": float(images.std())}

    def floor(self, n, told):
        assert (n, told) == (2000, False)
        return {"fd50_tiny": 0.54321}


@pytest.fixture(autouse=True)
def scored(monkeypatch):
    monkeypatch.setattr(studies, "scorer_of", lambda config: FakeScorer())


def study(tmp_path, configs=TWO, seeds=(0, 1), **changes):
    return Study("tiny", tiny.config(tmp_path, num_epochs=1), configs, seeds, **changes)


def test_grid():
    rows = grid(z=["normal", "uniform"], flip=[False, True])
    assert list(rows) == ["z=normal, flip=False", "z=normal, flip=True", "z=uniform, flip=False",
                          "z=uniform, flip=True"]
    assert rows["z=uniform, flip=False"] == {"z": "uniform", "flip": False}


@pytest.mark.slow
def test_a_table_of_every_config_and_seed(tmp_path):
    asked = study(tmp_path)
    table = run_study(asked, tmp_path, workers=1)
    assert list(table.columns) == ["config", "seed", "metric", "value"]
    assert set(map(tuple, table[["config", "seed"]].to_numpy())) == {(c, s) for c in TWO for s in (0, 1)}
    assert len(table) == 4 * 3 and (table[table["metric"] == "diverged"]["value"] == 0).all()
    values = table[table["metric"] == "fd50_tiny"]["value"]
    assert values.nunique() == 4  # each training is its own
    stored = pd.read_csv(tmp_path / "tiny" / "table.csv")
    pd.testing.assert_frame_equal(stored, table)
    assert not list(tmp_path.rglob("*.safetensors")) and len(list(tmp_path.rglob("fakes_*.png"))) == 4 * 2
    before = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("score.json")}
    more = run_study(study(tmp_path, TWO | {"flat": {"ngf": 2}}, (0, 1, 2)), tmp_path, workers=1)
    assert len(more) == 9 * 3 and len(before) == 4
    assert all(f.stat().st_mtime_ns == then for f, then in before.items())  # what was there was not trained again
    alone = run_study(Study("alone", asked.base, {"slow": TWO["slow"]}, (1,)), tmp_path, workers=1)
    assert alone["value"].tolist() == table.query("config == 'slow' and seed == 1")["value"].tolist()


def test_a_config_that_is_not_in_the_study(tmp_path):
    with pytest.raises(UserError, match="no config 'slwo', expected one of plain, slow; did you mean slow"):
        study(tmp_path).config("slwo", 0)


def test_another_study_of_that_name_is_refused(tmp_path):
    run_study(study(tmp_path, seeds=(0,)), tmp_path, workers=1)
    run_study(study(tmp_path, {"plain": {}}, seeds=(0,)), tmp_path, workers=1)  # "slow" left out is not forgotten
    small = {"ngf": 2}
    for other in (study(tmp_path, {"plain": small}), study(tmp_path, n=100), study(tmp_path, {"slow": small}),
                  study(tmp_path, real="folder:all")):
        with pytest.raises(UserError, match="holds another study of that name"):
            run_study(other, tmp_path, workers=1)


def test_a_study_begun_before_a_field_was_added_goes_on(tmp_path):
    asked = study(tmp_path)
    base = studies.begun(asked, tmp_path).base
    note = tmp_path / "study.json"
    then = json.loads(note.read_text("utf-8"))
    del then["base"]["checkpoint_minutes"], then["real"]
    note.write_text(json.dumps(then))
    assert studies.begun(asked, tmp_path).base == base
    del (old := json.loads(note.read_text("utf-8")))["real"]
    note.write_text(json.dumps(old))
    assert studies.read_begun(tmp_path).real is None


@pytest.mark.parametrize("real", [None, "folder:all"])
def test_trainings_on_parts_of_the_images_are_compared_with_all_of_them(tmp_path, monkeypatch, real):
    """From the first check to the floor of what is recorded; without `real`, each config with its own."""
    asked, trained_on = [], tiny.config(tmp_path).data
    monkeypatch.setattr(studies, "scorer_of", lambda config: asked.append(config.data) or FakeScorer())
    run_study(study(tmp_path, seeds=(0,), real=real), tmp_path, workers=1)
    recording.record_study(tmp_path / "tiny", tmp_path / "kept")
    assert asked == [real or trained_on] * 5  # two before, two scores, one floor
    runs = [Run(path) for path in tmp_path.glob("tiny/*/seed_0/0*")]
    assert [run.config.data for run in runs] == [trained_on] * 2


@pytest.mark.slow
def test_workers_and_half_made_folders(tmp_path):
    """Two workers give the table of one; what a kill left of a run folder is made anew; a damaged note is said."""
    half = tmp_path / "two" / "tiny" / "plain" / "seed_0" / "0001-smoke"
    half.mkdir(parents=True)  # killed before config.json was written
    two = run_pool(tmp_path / "two", workers=2)
    assert (half / "config.json").is_file()
    assert two == run_pool(tmp_path / "one", workers=1)
    (tmp_path / "two" / "tiny" / "study.json").write_text("{")
    with pytest.raises(UserError, match="study.json: damaged; remove"):
        run_study(study(tmp_path), tmp_path / "two", workers=1)


def test_a_recorded_study(tmp_path, monkeypatch, capsys):
    """What `record` keeps of a study is what was measured; it is read back by its name."""
    asked = study(tmp_path)
    table = run_study(asked, tmp_path, workers=1)
    kept, source = tmp_path / "data" / "studies" / "tiny", tmp_path / "tiny"
    assert main(["record", str(source), str(kept)]) == 0
    files = ["about.json", "curves.csv", "plain.webp", "slow.webp", "table.csv"]
    assert sorted(p.name for p in kept.iterdir()) == files
    kept.with_suffix(".json").write_text(json.dumps({"preset": "smoke", "configs": TWO, "seeds": 2}))
    monkeypatch.setattr(recording, "repo_data_dir", lambda: tmp_path / "data")
    recorded = RecordedStudy("tiny")
    assert recorded.table["value"].to_numpy() == pytest.approx(table["value"].to_numpy(), rel=1e-4)
    expected = table[(table["config"] == "slow") & (table["metric"] == "fd50_tiny")]["value"].to_list()
    assert recorded.values("slow", "fd") == pytest.approx(expected, rel=1e-4) and len(expected) == 2
    run = Run(next((source / "slow" / "seed_0").glob("0*")))
    lines = recorded.curves("slow")
    assert [line["kimg"] for line in lines] == [line["kimg"] for line in run.stats()]
    assert [line["loss_D"] for line in lines] == pytest.approx([line["loss_D"] for line in run.stats()], abs=1e-4)
    sheet, last = recorded.sheet("slow"), Image.open(run.samples()[-1][1])
    assert sheet.width == last.width and sheet.height == last.height // 2 + 1
    difference = np.asarray(sheet.convert("L"), float) - np.asarray(last.convert("L"), float)[: sheet.height]
    assert abs(difference).mean() < 6  # WebP is lossy
    images, size = recorded.images("slow"), recorded.study.base.image_size
    assert images.shape == (32, 3, size, size)
    place = np.asarray(sheet)[2 + size + 2 :, 2 + 3 * (size + 2) :][:size, :size]  # second row, fourth column
    assert np.allclose((images[8 + 3] + 1).movedim(0, -1) * 127.5, place, atol=1e-3)
    about = recorded.about
    assert about["real"] == {"fd50_tiny": 0.5432}
    assert about["trainings"] == 4 and about["thousand_images"] == round(4 * run.stats()[-1]["kimg"])
    assert main(["record", str(source), str(kept)]) == 2 and "exists already" in capsys.readouterr().err
    monkeypatch.setattr(recording, "LINES", 3)
    recording.record_study(source, tmp_path / "thin")
    thin = pd.read_csv(tmp_path / "thin" / "curves.csv")
    kept_lines = [lines[i]["kimg"] for i in (0, round((len(lines) - 1) / 2), -1)]
    assert thin[thin["config"] == "slow"]["kimg"].tolist() == kept_lines
    with pytest.raises(UserError, match="found 'other', expected one recorded in data/studies"):
        RecordedStudy("other")
    (source / "study.json").write_text("{}")
    with pytest.raises(UserError, match="not the folder of a study"):
        recording.record_study(source, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def run_pool(out, workers):
    """The study in a process of its own, with a judge of mnist: workers do not see this test's stand-ins."""
    code = STUDY.format(tests=str(Path(__file__).parent), out=str(out), workers=workers, epochs=1)
    if workers == 1:
        assert processes.begin(code).wait() == 0
    else:  # joblib's workers end with a whole interpreter
        assert subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL).returncode == 0
    return (out / "tiny" / "table.csv").read_text("utf-8")


def test_a_training_that_diverges_is_a_result(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "g_loss", lambda logits, *_: logits.mean() * float("nan"))
    table = run_study(study(tmp_path, {"wild": {}}, (0,)), tmp_path, workers=1)
    assert table[["metric", "value"]].to_numpy().tolist() == [["diverged", 1.0]]


@pytest.mark.parametrize(("arguments", "message"), [
    (dict(configs={}), "found 0 configs"),
    (dict(seeds=(1, 1)), "no seed twice"),
    (dict(configs={"a/b": {}}), "found the name 'a/b'"),
    (dict(configs={"odd": {"lr": 1}}), "config 'odd': config: found the unknown field 'lr'"),
    (dict(configs={"odd": {"ngf": "many"}}), "config 'odd': ngf: found 'many'"),
    (dict(configs={"b. ": {}}), "found the name 'b. '"),
    (dict(configs={"a": {}, "A": {}}), "upper and lower case only"),
    (dict(configs={"a": {"seed": 3}}), "found seed, which a whole study shares"),
    (dict(configs={"a": {"preset": "smoke"}}), "found preset, which a whole study shares"),
    (dict(configs={"a": {"image_size": 30, "network": "basic"}}, seeds=(0, -1)), "seed: found -1"),
    (dict(configs={"a": {"image_size": 40}}), "image_size: found 40"),
    (dict(n=3), "n: found 3, expected a whole number, 65 or more"),
])
def test_bad_studies(tmp_path, arguments, message):
    with pytest.raises(UserError, match=message):
        study(tmp_path, **arguments)


@pytest.mark.parametrize(("content", "message"), [
    ("{", "not JSON"),
    ("[]", "expected an object with the key configs or grid"),
    ('{"configs": {}, "grid": {}}', "the key configs or grid, one of them"),
    ('{"grid": {"z": "normal"}}', "expected configs"),
    ('{"configs": {"a": 3}}', "expected configs"),
    ('{"configs": {"a": {}}, "seed": 3}', "unknown key 'seed'; did you mean seeds?"),
    ('{"configs": {"a": {}}, "seeds": ["x"]}', "whole numbers for seeds"),
    ('{"configs": {"a": {}}, "seeds": 2.5}', "whole numbers for seeds"),
    ('{"configs": {}}', "found 0 configs"),
    ('{"configs": []}', "expected configs"),
    ('{"grid": 3}', "expected configs"),
    ('{"configs": {"a": {}}, "common": {"preset": "smoke"}}', "expected configs"),
    ('{"configs": {"a": {}}, "common": 3}', "expected configs"),
    ('{"configs": {"a": {}}, "preset": []}', "preset: found"),
    ('{"configs": {"a": {}}, "preset": "mnits"}', "did you mean mnist"),
    ('{"configs": {"a": {"lr_g": -1}}}', "lr_g: found -1"),
    ('{"configs": {"a": {}}, "real": 5}', "real: found 5, expected the name of data"),
])
def test_bad_study_files(tmp_path, content, message, capsys):
    (tmp_path / "s.json").write_text(content)
    assert main(["study", str(tmp_path / "s.json")]) == 2
    error = capsys.readouterr().err
    assert message in error and "s.json" in error and error.count("\n") == 1


def test_reading_a_study(tmp_path):
    (tmp_path / "noise.json").write_text(json.dumps(
        {"preset": "mnist", "common": {"num_epochs": 1}, "grid": {"z": ["normal", "uniform"]}, "seeds": 2, "n": 500,
         "real": "folder:all"}))
    read = read_study(tmp_path / "noise.json")
    assert (read.name, read.seeds, read.n, read.real, read.base.num_epochs) == ("noise", (0, 1), 500, "folder:all", 1)
    assert read.config("z=uniform", 1).z == "uniform" and read.config("z=uniform", 1).seed == 1


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    common = {name: getattr(tiny.config(tmp_path), name)
              for name in ("data", "nz", "ngf", "ndf", "batch_size", "device", "precision")}
    Path("s.json").write_text(json.dumps(
        {"preset": "smoke", "common": common | {"num_epochs": 1}, "configs": TWO, "seeds": 2}), encoding="utf-8")
    assert main(["study", "s.json", "--workers", "1"]) == 0
    out = capsys.readouterr().out
    assert "means over 2 seeds" in out and "difference from 'plain'" in out and "table.csv" in out
    assert (tmp_path / "runs" / "studies" / "s" / "table.csv").is_file()


STUDY = """
import sys; sys.path.insert(0, {tests!r})
import tiny
from dcgan_course.experiments import studies
from test_studies import FakeScorer, TWO, run_cell
studies.scorer_of = lambda config: FakeScorer()
studies.run_cell = run_cell
studies.run_study(studies.Study("tiny", tiny.config("x", num_epochs={epochs}), TWO, (0, 1)), {out!r}, workers={workers})
"""
STOP = """
import os
from dcgan_course import trainer
real, steps = trainer.both_steps, []
def both_steps(config, state, *rest):
    real(config, state, *rest)
    steps.append(state.step)
    if len(steps) == {step}: os.kill(os.getpid(), {how})
trainer.both_steps = both_steps
"""


def run_cell(*args):
    """In a worker: with these tests' images and scorer."""
    studies.scorer_of = lambda config: FakeScorer()
    REAL_RUN_CELL(*args)


REAL_RUN_CELL = studies.run_cell


@pytest.mark.slow
def test_killed_it_goes_on(tmp_path):
    """Ctrl-C and kill -9 in the middle of a training; the table is that of a study that was never disturbed."""
    def begin(out, patch=""):
        code = STUDY.format(tests=str(Path(__file__).parent), out=str(tmp_path / out), workers=1, epochs=3)
        return processes.begin(patch + code)

    # after 15 of the 30 steps of the second training, the third, the last; the rest of the one before comes first
    for count, step, how in ((1, 45, signal.SIGINT), (2, 15 + 15, processes.KILL), (3, 20 + 15, processes.KILL)):
        process = begin("killed", STOP.format(step=step, how=int(how)))
        assert process.wait() in (130, processes.ended_by(how))
        assert len(list(tmp_path.glob("killed/tiny/*/*/score.json"))) == count
        assert list(tmp_path.glob("killed/tiny/*/*/*/checkpoints/step_*"))
    for out in ("killed", "whole"):
        assert begin(out).wait() == 0
    killed, whole = ((tmp_path / out / "tiny/table.csv").read_text("utf-8") for out in ("killed", "whole"))
    assert killed == whole


# ---- statistics


def made_up() -> pd.DataFrame:
    rows = [("a", s, "fd", v) for s, v in enumerate((10.0, 12, 14))]
    rows += [("b", s, "fd", v) for s, v in enumerate((15.0, 17.1, 18.9))]
    rows += [("c", s, "fd", v) for s, v in enumerate((9.0, 15, 12))]
    return pd.DataFrame(rows, columns=["config", "seed", "metric", "value"])


def test_means_against_the_formula():
    row = means(made_up()).loc[("a", "fd")]
    assert row["mean"] == pytest.approx(12) and row["n"] == 3
    # standard deviation 2; the 97.5 % point of Student's t with two degrees of freedom is 4.302653 (any table)
    assert row["half_width"] == pytest.approx(4.302653 * 2 / 3**0.5, rel=1e-6)


def test_differences_are_paired_by_seed():
    found = differences(made_up(), "a")
    b, c = found.loc[("b", "fd")], found.loc[("c", "fd")]
    assert b["mean"] == pytest.approx(5) and b["half_width"] == pytest.approx(4.302653 * 0.1 / 3**0.5, rel=1e-6)
    assert b["verdict"] == "higher" and c["verdict"] == "undecided"
    assert differences(made_up(), "b").loc[("a", "fd")]["verdict"] == "lower"
    one = made_up().query("seed == 0")
    assert (differences(one, "a")["verdict"] == "undecided").all() and np.isnan(means(one)["half_width"]).all()
    with pytest.raises(UserError, match="baseline: found 'd', expected one of a, b, c"):
        differences(made_up(), "d")


@pytest.mark.parametrize(("metric", "values", "words"), [
    ("mode_entropy2k_mnist", (0.1, 0.5, 0.9), "0.5 (0.1 to 0.9)"),
    ("mode_entropy2k_mnist", (0.4, 0.5, 0.6), "0.5 ± 0.2"),
    ("precision2k_mnist", (0.8, 0.9, 1.0), "0.9 (0.8 to 1)"), ("recall2k_mnist", (0, 0, 0), "0 (all)"),
    ("fd2k_mnist", (1, 5, 9), "5 (1 to 9)"), ("fd2k_mnist", (4, 5, 6), "5 ± 2"),
    ("fd2k_mnist", (14_000, 15_000, 16_001), "15,000 ± 2,000"),
    ("fd2k_mnist", (100, 9_000, 99_990), "36,363 (100 to 99,990)"),
    ("kd2k_mnist", (1, 5, 9), "5 ± 10")])
def test_an_interval_that_leaves_the_metrics_range_is_not_printed(metric, values, words):
    table = pd.DataFrame([("a", seed, metric, value) for seed, value in enumerate(values)],
                         columns=["config", "seed", "metric", "value"])
    assert " ".join(summary(table).splitlines()[1].split()) == f"a {words}"


def test_diverged_trainings_are_counted():
    rows = [("a", s, "diverged", 0.0) for s in range(3)] + [("a", s, "fd", 5.0 + s) for s in range(3)]
    rows += [("b", s, "diverged", float(s > 0)) for s in range(3)] + [("b", 0, "fd", 4.0)]
    table = pd.DataFrame(rows, columns=["config", "seed", "metric", "value"])
    assert summary(table).splitlines()[1].split() == ["a", "0", "of", "3", "6", "±", "2"]
    assert summary(table).splitlines()[2].split() == ["b", "2", "of", "3", "4", "(n=1)"]
    found = differences(table, "a")
    assert list(found.index) == [("b", "fd")] and found["verdict"].tolist() == ["undecided"]
    same = pd.DataFrame([(c, s, "x", 1.0 + (c == "b")) for c in "ab" for s in range(3)], columns=table.columns)
    assert differences(same, "a")["verdict"].tolist() == ["undecided"]  # no spread at all is no evidence of one


def test_the_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(0)
    rows = [(f"{i}", s, "x", v) for i in range(400) for s, v in enumerate(random.normal(3, 2, 5))]
    result = means(pd.DataFrame(rows, columns=["config", "seed", "metric", "value"]))
    covered = (abs(result["mean"] - 3) < result["half_width"]).mean()
    assert 0.92 < covered < 0.98


def test_the_texts():
    assert summary(made_up()).splitlines()[1].split() == ["a", "12", "±", "5"]
    lines = comparison(made_up(), "a").splitlines()
    assert lines[1].split() == ["b", "+5.0", "±", "0.2"] and lines[2].split()[0] == "c" and lines[2].endswith("?")


def test_a_study_is_reported(monkeypatch):
    """A card for each config, its name in words, with its first pictures, its curves and the numbers asked for."""
    study, drawn, shown = RecordedStudy("output_norm"), [], []
    monkeypatch.setattr(reports, "card", lambda *all: drawn.append(all))
    monkeypatch.setattr(reports, "show_cards", lambda *all: shown.append(all))
    configs = ["output_norm=False, z=uniform", "output_norm=True, z=uniform"]
    reports.sheets(study, configs, "two", "two sheets", ("sharpness", "fd"), n=8, columns=2)
    (images, title, stats, text), (_, other, _, _) = drawn
    assert len(images) == 8 and stats == study.curves(configs[0])
    assert (title, other) == ("without, z in [-1, 1]", "batch norm, z in [-1, 1]")
    assert list(text) == ["sharpness", "fd"]
    assert text["fd"].startswith(f"{np.mean(study.values(configs[0], 'fd')):.0f} ± ")
    assert shown == [([None, None], "two", "two sheets", 2)]
    reports.sheets(study, ["output_norm=True, z=uniform01"], "narrow", "one sheet", ("sharpness",))
    assert drawn[-1][3] == {"sharpness": "0.4 (0.13\N{EN DASH}0.97)"}


def test_holm():
    """By hand: 0.005 and 0.01 pass 0.05 / 4 and 0.05 / 3, 0.03 fails 0.05 / 2, and 0.04 is not asked; and as lesson 06
    writes it."""
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == {"a", "d"}
    assert holm({"a": 0.05}) == {"a"} and holm({"a": 0.06}) == holm({}) == set()
    source = Path(__file__).parents[1] / "notebooks" / "src" / "06_what_stabilises.py"
    lesson, names = source.read_text("utf-8"), {}
    exec(re.search(r"^def holm\(.*?\n\n\n", lesson, re.M | re.S)[0], names)
    values = np.random.default_rng(0)
    for n in range(1, 30):
        p_values = dict(enumerate(values.uniform(0, 0.01, n)))
        assert names["holm"](p_values) == holm(p_values)
