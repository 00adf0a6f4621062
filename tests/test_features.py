"""What D learned: the paper's protocol, gradients of features, and dropped maps."""

import numpy as np
import pandas as pd
import pytest
import tiny
import torch
import torch.nn.functional as F

from dcgan_course.commands import cli
from dcgan_course.config import preset
from dcgan_course.data import Images, load_images, load_mnist, to_float
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.places import repo_data_dir
from dcgan_course.measuring import features
from dcgan_course.models import Discriminator, Generator, init_weights
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate


def test_features_of_every_layer_are_pooled_to_4_x_4():
    netD, images = init_weights(Discriminator(4)).eval(), tiny.images(28)
    found = features.conv_features(netD, images, [3, 0, 7])
    assert found.shape == (3, (4 + 8 + 16) * 16) and found.dtype == np.float32
    first = F.leaky_relu(netD.blocks[0][0](to_float(images.batch([3]))), 0.2)[0].detach().numpy()  # (4, 14, 14)
    bounds = [(0, 4), (3, 7), (7, 11), (10, 14)]  # of adaptive pooling, 14 -> 4
    expected = [[[channel[a:b, c:d].max() for c, d in bounds] for a, b in bounds] for channel in first]
    assert np.allclose(found[0, : 4 * 16], np.ravel(expected), atol=1e-6)


def test_the_svm_learns_what_is_there_and_nothing_else():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(600, 20)).astype(np.float32), random.integers(0, 3, 600)
    apart = x + 6 * np.eye(20, dtype=np.float32)[y]
    assert features.svm_accuracy(apart[:300], y[:300], apart[300:], y[300:]) > 0.98
    assert features.svm_accuracy(x[:300], y[:300], x[300:], y[300:]) < 0.45  # chance is 1/3
    assert features.svm_accuracy(1000 * apart[:300], y[:300], 1000 * apart[300:], y[300:]) > 0.98  # any scale


@pytest.mark.parametrize("shape", [(300, 20), (60, 200)])  # more images than features, and fewer
@pytest.mark.parametrize("cost", [0.1, 1.0, 10.0])
def test_the_svm_is_that_of_scikit_learn(shape, cost):
    from sklearn.svm import LinearSVC

    random = np.random.default_rng(0)
    x = random.normal(size=shape) * np.geomspace(0.01, 1, shape[1])  # much longer one way than another
    x, y = (x / np.sqrt((x**2).sum(1).mean())).astype(np.float32), random.integers(0, 3, shape[0])
    x[np.arange(len(x)), -1 - y] += 0.3
    expected = LinearSVC(C=cost, dual=False, tol=1e-7, max_iter=10_000).fit(x, y)
    found = features.l2_svm(torch.from_numpy(x), torch.from_numpy(y), cost).numpy()
    assert np.allclose(found[:-1], expected.coef_.T, atol=0.01 * np.abs(expected.coef_).max())
    assert np.allclose(found[-1], expected.intercept_, atol=0.01)
    answers = x @ expected.coef_.T + expected.intercept_
    share = features.share_right(torch.from_numpy(found), torch.from_numpy(x), torch.from_numpy(y))
    assert share == pytest.approx((answers.argmax(1) == y).mean(), abs=0.01)


def test_a_balanced_draw():
    labels = np.repeat([0, 1, 2], [500, 300, 20])
    drawn = features.balanced_draw(labels, 60, 1)
    assert np.bincount(labels[drawn]).tolist() == [20, 20, 20] and (np.diff(drawn) > 0).all()
    assert np.bincount(labels[features.balanced_draw(labels, 120, 1)]).tolist() == [50, 50, 20]  # no more of the last
    assert not np.array_equal(drawn, features.balanced_draw(labels, 60, 2))
    assert np.array_equal(features.balanced_draw(labels, 820), np.arange(820))


def test_an_untrained_d_is_normalised_on_the_images():
    x = to_float(load_mnist().batch(range(1000)))
    netD = features.random_discriminator(preset("mnist", nc=1, ndf=8), x)
    normed = netD.blocks[1][:2](netD.blocks[0](x))  # before the activation
    assert normed.mean().abs() < 0.05 and normed.std().item() == pytest.approx(1, abs=0.1)


def test_a_supervised_network_learns_its_labels():
    images = tiny.images(28)
    config = preset("mnist", nc=1, ndf=4)
    learned = features.supervised(config, images, np.arange(100), steps=200)
    assert features.accuracy(learned, images) > 0.85
    images.labels = np.random.default_rng(0).permutation(images.labels)  # not these
    assert features.accuracy(learned, images) < 0.7


def test_saliency_is_the_gradient_where_a_feature_is_highest():
    netD = init_weights(Discriminator(4, norm="batch")).eval()
    x = torch.randn(3, 1, 28, 28, requires_grad=True)
    response = netD.blocks[:3](x)[:, 5].flatten(1).max(1).values
    (expected,) = torch.autograd.grad(response.sum(), x)
    plain = features.saliency(netD, x.detach(), 5, lambda x, gradient: gradient * torch.where(x > 0, 1.0, 0.2))
    assert torch.allclose(plain, expected, atol=1e-7) and expected.abs().max() > 0
    guided = features.saliency(netD, x.detach(), 5)
    assert not torch.allclose(guided, expected, atol=1e-3 * expected.abs().max().item())
    first = features.saliency(netD, x.detach(), 2, block=0)
    assert ((first != 0).flatten(1).sum(1) <= 16).all()  # one 4x4 kernel's view
    assert all(p.requires_grad and p.grad is None for p in netD.parameters())


def test_guided_lets_through_what_is_positive_twice():
    x, gradient = torch.tensor([1.0, 1, -1, -1]), torch.tensor([2.0, -3, 4, -5])
    assert features.guided(x, gradient).tolist() == [2, 0, 0, 0]


def test_maps_are_dropped_only_meanwhile():
    netG, z = init_weights(Generator(8, 4)), torch.randn(5, 8)
    before = generate(netG, z)
    with features.without_maps(netG, [0, 3], block=0):
        without = generate(netG, z)
    assert torch.equal(generate(netG, z), before) and not torch.equal(without, before)
    with torch.inference_mode():
        first = netG.eval().blocks[0](z[:, :, None, None])
        first[:, [0, 3]] = 0
        assert torch.allclose(netG.blocks[1:](first), without, atol=1e-6)


@pytest.mark.slow
def test_few_labels_of_digits(monkeypatch):
    """On the recorded D's features a hundred labels do more than on an untrained D's and on pixels. With a quarter of
    the test images, every fourth one."""
    test = load_mnist(split="test")
    some = Images("some", test.pixels[::4], 28, test.labels[::4], test.label_names)
    monkeypatch.setattr(features, "load_images", lambda *words: some if words[-1] == "test" else load_images(*words))
    rows = {row["config"]: row for row in features.label_study(load_run("mnist"), [100], 1)}
    assert set(rows) == set(features.METHODS) and {row["metric"] for row in rows.values()} == {"100 labels"}
    shares = {name: row["value"] for name, row in rows.items()}
    assert 86 < shares["D"] < 95
    assert all(60 < shares[name] < shares["D"] - 5 for name in ("random D", "pixels", "supervised"))


def test_the_recorded_table_1():
    """Every method on the same draws, and what lesson 10 says of them: D is ahead with 400 labels of each class."""
    table = pd.read_csv(repo_data_dir() / "features" / "cifar10.csv")
    draws = table.groupby(["metric", "config"])["seed"].agg(list).unstack()
    assert set(draws.columns) == set(features.METHODS)
    assert all(draws.loc["4000 labels"].map(lambda seeds: seeds == [0, 1, 2, 3, 4]))
    assert all(draws.loc["50000 labels"].map(lambda seeds: seeds == [0])) and len(draws) == 2
    few = table[table["metric"] == "4000 labels"].pivot(index="seed", columns="config", values="value")
    assert few.max(axis=None) < 65 and few.min(axis=None) > 30  # chance is 10
    assert (few["D"] > few["random D"] + 5).all() and (few["random D"] > few["pixels"] + 5).all()
    every = table[table["metric"] == "50000 labels"].set_index("config")["value"]
    assert (every.sub(few.mean()).between(2, 30)).all() and every.max() < 80


def test_test_images_by_name():
    assert load_images("mnist", 28, "test").count == 10_000
    with pytest.raises(UserError, match="data: avatars has no test images of its own, expected one of mnist, "):
        load_images("avatars", 64, "test")


@pytest.mark.parametrize(("words", "message"), [
    (["--labels"], "labels: found none, expected 50 to 200"),
    (["--labels", "40"], "labels: found 40, expected 50 to 200"),
    (["--labels", "60", "500"], "labels: found 60, 500, expected 50 to 200"),
    (["--data", "avatars"], "data: avatars has no test images of its own"),
    (["--draws", "0"], "draws"),
])
def test_impossible_studies_of_labels(finished_run, words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(tmp_path))
    assert cli.main(["features", str(finished_run.path), *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())  # nothing is prepared for nothing: ten thousand avatars take a minute


@pytest.mark.slow
def test_the_command(finished_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["features", str(finished_run.path), "--labels", "60", "--draws", "1"]) == 0
    assert "60 labels" in capsys.readouterr().out
    assert len((tmp_path / "features.csv").read_text("utf-8").splitlines()) == 1 + len(features.METHODS)


def test_a_conditional_run(finished_run, capsys):
    """Its networks can be described; its D cannot be a feature extractor without the class."""
    assert cli.main(["info", "mnist_conditional"]) == 0
    assert "input 110" in capsys.readouterr().out
    with pytest.raises(UserError, match="its D was told the class of each image"):
        next(features.label_study(load_run("mnist_conditional"), [100]))
