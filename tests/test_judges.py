"""Judges: trained on labelled images, saved and loaded as data, and the Inception network from its weights."""

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan_course.commands.cli import main
from dcgan_course.config import preset
from dcgan_course.data import load_images
from dcgan_course.machine.errors import UserError
from dcgan_course.measuring.judges import judged, load_judge, parts, train_judge
from dcgan_course.measuring.scores import scorer_for


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """A folder of 400 pictures, half of them reddish, half bluish."""
    folder, random = tmp_path_factory.mktemp("colours"), np.random.default_rng(0)
    for name, mean in (("red", (180, 80, 80)), ("blue", (80, 80, 180))):
        (folder / name).mkdir()
        for i in range(200):
            pixels = random.normal(mean, 40, (64, 64, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i:03}.png")
    return f"folder:{folder}"


@pytest.fixture(scope="module")
def judge_file(colours, tmp_path_factory):
    judge, right = train_judge(colours, "colours", epochs=10)
    assert right > 0.97 and judge.names == ("blue", "red")
    file = tmp_path_factory.mktemp("judge") / "colours.safetensors"
    judge.save(file)
    return file


def test_a_judge_is_tried_on_images_that_it_never_saw(colours):
    learn, unseen = parts(colours, 64)
    assert len(learn) == len(unseen) == 200 and not set(learn.indices) & set(unseen.indices)
    assert learn.labels().mean() == unseen.labels().mean() == 0.5
    learn, unseen = parts("mnist", 28)
    assert (len(learn), len(unseen)) == (60_000, 10_000)
    assert learn.floats([0, 1]).shape == (2, 1, 28, 28)


@pytest.mark.slow
def test_training_a_judge_is_deterministic(colours):
    before = torch.get_rng_state()
    weights = [train_judge(colours, "colours", epochs=1)[0].state_dict() for _ in range(2)]
    other = train_judge(colours, "colours", epochs=1, seed=1)[0].state_dict()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in other)
    assert any(not torch.equal(weights[0][name], other[name]) for name in other)
    assert torch.equal(before, torch.get_rng_state())


def test_a_saved_judge_gives_the_same_answers(judge_file, colours):
    judge = load_judge(judge_file)
    assert (judge.family, judge.size, judge.names, judge.attributes) == ("colours", 64, ("blue", "red"), False)
    images = parts(colours, 64)[1]
    features, probabilities = judged(judge, images.floats())
    assert features.shape == (200, 64) and probabilities.sum(1) == pytest.approx(np.ones(200))
    assert (probabilities.argmax(1) == images.labels()).mean() > 0.97


@pytest.mark.slow
def test_its_features_score_a_folder(judge_file, colours):
    scorer = scorer_for(preset("avatars", data=colours, judge=str(judge_file)))
    assert scorer.most == 200
    floor = scorer.floor(10_000)
    reds = scorer(parts(colours, 64)[1].floats(range(100, 200)))
    assert floor["mode_entropy200_colours"] == pytest.approx(1) and reds["mode_entropy100_colours"] < 0.2
    assert reds["fd100_colours"] > 10 * floor["fd200_colours"]


@pytest.mark.parametrize("name, size, channels", [("mnist", 28, 1), ("avatars", 64, 3)])
def test_judged_gives_the_features_of_the_network(name, size, channels):
    """Batch norm is folded away for it; the judge itself stays as it was."""
    judge = load_judge(name)
    before = {key: value.clone() for key, value in judge.state_dict().items()}
    x = torch.rand(70, channels, size, size) * 2 - 1
    features, probabilities = judged(judge, x)
    with torch.inference_mode():
        assert features == pytest.approx(judge.features(x).numpy(), abs=1e-4) and features.std() > 0.5
        assert probabilities == pytest.approx(judge.probabilities(judge(x).double()).numpy(), abs=1e-5)
    assert all(torch.equal(value, before[key]) for key, value in judge.state_dict().items())


def test_a_judge_sees_images_of_another_size_scaled_to_its_own():
    judge, x = load_judge("avatars"), torch.nn.functional.avg_pool2d(torch.rand(8, 3, 256, 256) * 2 - 1, 16)  # 16x16
    large = x.repeat_interleave(8, 2).repeat_interleave(8, 3)  # blocks: scaled down, the same but at their edges
    right, found = (judged(judge, images)[1] for images in (x.repeat_interleave(4, 2).repeat_interleave(4, 3), large))
    assert right.shape == found.shape and abs(right - found).mean() < 0.02 < abs(right - right[::-1]).mean()


def test_the_bundled_judge_of_churches():
    judge = load_judge("heritage")
    assert judge.names == ("apse", "bell_tower", "dome_outer", "flying_buttress")
    _, probabilities = judged(judge, torch.zeros(2, 3, 64, 64))
    assert probabilities.sum(1) == pytest.approx([1, 1])


def test_judge_command(colours, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["judge", colours, "--epochs", "2", "--out", "mine.safetensors"]) == 0
    assert "mine.safetensors:" in capsys.readouterr().out and load_judge("mine.safetensors").family == "mine"
    assert main(["judge", "folder:" + colours.partition(":")[2] + "/red", "--out", "x.safetensors"]) == 2
    error = capsys.readouterr().err
    assert "has no labels, expected images with labels, such as a folder with a sub-folder for each class" in error
    monkeypatch.setattr("dcgan_course.measuring.judges.BATCH", 10_000)
    assert main(["judge", colours, "--out", "x.safetensors"]) == 2
    assert "every second one is kept to be tried on" in capsys.readouterr().err
    assert main(["judge", colours, "--out", "nowhere/mine.safetensors"]) == 2
    assert "expected a file in a folder that exists" in capsys.readouterr().err
    assert main(["judge", colours, "--out", "mine.pt"]) == 2
    assert "out: found mine.pt, expected a name that ends in .safetensors" in capsys.readouterr().err


def test_too_few_images_for_a_judge(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(20):
            Image.new("RGB", (64, 64), (i, 0, 0)).save(tmp_path / name / f"{i}.png")
    with pytest.raises(UserError, match="found 20 images of 3 channels to learn from"):
        train_judge(f"folder:{tmp_path}", "few")


def test_what_is_not_a_judge_is_refused(judge_file, colours, tmp_path):
    with pytest.raises(UserError, match="judge: found 'cats', expected mnist, avatars or heritage"):
        load_judge("cats")
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(judge_file.read_bytes()[:200])
    with pytest.raises(UserError, match="not a judge, or damaged"):
        load_judge(damaged)
    damaged.write_bytes(judge_file.read_bytes()[:-50])
    with pytest.raises(UserError, match="damaged"):
        load_judge(damaged)
    code = tmp_path / "code.pth"
    torch.save({"x": print}, code)  # a function: loading it would be running code
    with pytest.raises(UserError, match="not a checkpoint, or damaged"):
        load_judge(code)
    with pytest.raises(UserError, match="mnist looks at images of 1 channel, found 3"):
        scorer_for(preset("avatars", data=colours, judge="mnist"))
    assert load_images(colours, 64).channels == 3


@pytest.mark.slow
def test_inception_features(tmp_path, colours, monkeypatch):
    """With random weights in the right shape, since the real ones are not shipped: the wiring, not the numbers."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3 as Inception

    file = tmp_path / "weights.pth"
    torch.save({"wrong": torch.zeros(1)}, file)
    with pytest.raises(UserError, match="not the weights of the FID's Inception network"):
        load_judge(file)
    with monkeypatch.context() as patch:
        patch.setattr(Inception, "load_state_dict", lambda self, state: None)
        torch.save(Inception("x", ["2048"], feature_extractor_weights_path=str(file)).state_dict(), file)
    judge = load_judge(file)
    images = parts(colours, 64)[1].floats(range(4))
    features, probabilities = judged(judge, images)
    assert features.shape == (4, 2048) and probabilities.shape == (4, 1008)
    pixels = ((images + 1) * 127.5).round().byte()
    with torch.inference_mode():  # torch-fidelity by itself
        expected = Inception("x", ["2048", "logits"], feature_extractor_weights_path=str(file))(pixels)
    assert features == pytest.approx(expected[0].numpy(), rel=1e-5)
    assert probabilities == pytest.approx(expected[1].softmax(1).numpy(), rel=1e-3)
