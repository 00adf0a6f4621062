"""Numbers beside the pictures: distances between sets of features, and what they say about a generator.

Functions on features take (N, F) float64 arrays, as `judges.judged` gives them. Distances fall as N grows: compare
equal N only, and beside each number show the floor, which is the same number for real images.
"""

import warnings
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import TrainConfig
from .data import Images, load_images, to_float
from .errors import UserError
from .judges import InceptionJudge, Judge, Part, judged, load_judge, parts
from .runs import Run
from .runtime import seeded
from .sampling import draw_z, generate


class Given(nn.Module):
    """What torchmetrics takes for its feature network: here the features come ready-made."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, x: Tensor) -> Tensor:
        return x


def compare(metric, real: np.ndarray, fake: np.ndarray):
    """Feed both sets of features to a metric of torchmetrics and compute it."""
    metric.set_dtype(torch.float64)
    metric.update(torch.from_numpy(real), real=True)
    metric.update(torch.from_numpy(fake), real=False)
    return metric.compute()


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The Frechet distance between normal distributions fitted to two sets of features:
    |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)), with the covariances A and B (arXiv 1706.08500)."""
    from torchmetrics.image.fid import FrechetInceptionDistance

    return float(compare(FrechetInceptionDistance(Given(real.shape[1])), real, fake))


def kernel_distance(real: np.ndarray, fake: np.ndarray, subsets: int = 50, subset_size: int = 1000,
                    seed: int = 0) -> tuple[float, float]:
    """Mean and deviation, over random subsets, of the squared maximum mean discrepancy with the kernel
    (x.y / F + 1)^3: unbiased, 0 on average for two sets of the same distribution (arXiv 1801.01401).

    Raises:
        UserError: fewer than 2 features' rows in a set.
    """
    from torchmetrics.image.kid import KernelInceptionDistance

    size = min(subset_size, len(real), len(fake))
    if size < 2:
        raise UserError(f"n: found {size}, expected at least 2 images for a kernel distance")
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it keeps the features: they are small
        torch.manual_seed(seed)
        mean, deviation = compare(KernelInceptionDistance(Given(real.shape[1]), subsets, size), real, fake)
    return float(mean), float(deviation)


def nearest(features: np.ndarray, reference: np.ndarray, k: int = 1, itself: bool = False) -> tuple[Tensor, Tensor]:
    """Distance to the k-th nearest row of `reference`, and its place there: (N,) float64 and (N,) int64.

    Args:
        itself: both sets are the same one, in which a row is not its own neighbour.
    """
    reference = torch.from_numpy(reference)
    found = [torch.cdist(part, reference).topk(k + itself, largest=False)
             for part in torch.from_numpy(features).split(1000)]
    return torch.cat([f.values[:, -1] for f in found]), torch.cat([f.indices[:, -1] for f in found])


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 3) -> tuple[float, float]:
    """Precision: the share of fakes that lie within reach of a real image. Recall: the share of real images that lie
    within reach of a fake. An image's reach is the distance to its k-th nearest neighbour of its own kind
    (arXiv 1904.06991)."""
    def covered(rows: np.ndarray, centres: np.ndarray) -> float:
        reach, _ = nearest(centres, centres, k, itself=True)
        centres = torch.from_numpy(centres)
        inside = [(torch.cdist(part, centres) <= reach).any(1) for part in torch.from_numpy(rows).split(1000)]
        return float(torch.cat(inside).double().mean())

    return covered(fake, real), covered(real, fake)


def duplicates(fake: np.ndarray, real: np.ndarray) -> float:
    """The share of fakes that are nearer to another fake than all but 1 % of real images are to another real one.
    About 0.01 for as many real images; 1 where a generator draws one picture only."""
    threshold = nearest(real, real, itself=True)[0].quantile(0.01)
    return float((nearest(fake, fake, itself=True)[0] < threshold).double().mean())


def mode_entropy(probabilities: np.ndarray) -> float:
    """How evenly the classes occur: the entropy of the judge's votes, (N, classes), over its maximum. 1 = evenly,
    0 = one class only."""
    classes = probabilities.shape[1]
    shares = np.bincount(probabilities.argmax(1), minlength=classes) / len(probabilities)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() / np.log(classes) + 0.0)


def classifier_score(probabilities: np.ndarray) -> float:
    """exp of the mean divergence of each image's class probabilities (N, classes) from their mean: from 1 to the number
    of classes. The formula of the Inception score (arXiv 1606.03498, section 4) with another classifier."""
    p = probabilities.clip(1e-300)
    return float(np.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean()))


def sharpness(images: Tensor) -> Tensor:
    """How much fine detail each image has, (N,): the variance of the Laplacian of its grey version. Blur lowers it,
    noise raises it: divide by that of real images, and aim at 1.

    Args:
        images: (N, 1 or 3, size, size) in [-1, 1].
    """
    laplacian = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    return F.conv2d(images.mean(1, keepdim=True), laplacian).flatten(1).double().var(1)


def stray_pixels(images: Tensor, level: float = -0.5, most: int = 12) -> np.ndarray:
    """Which pixels of grey images (N, 1, H, W) in [-1, 1] are specks beside the stroke: (N, H, W) bool.

    Pixels brighter than `level` that touch form a patch; the largest is the stroke; a patch of at most `most` pixels
    that stays more than 2 pixels away from it is stray.
    """
    from scipy import ndimage

    around, found = np.ones((3, 3)), []
    for lit in (images[:, 0] > level).numpy():
        patches, _ = ndimage.label(lit, around)  # 0 = dark, then 1, 2, 3 ... for each patch
        sizes = np.bincount(patches.ravel(), minlength=2)
        stroke = patches == 1 + sizes[1:].argmax()
        near = np.unique(patches[ndimage.binary_dilation(stroke, around, iterations=2)])
        small = np.setdiff1d(np.flatnonzero(sizes <= most), [0, *near])
        found.append(np.isin(patches, small))
    return np.stack(found)


OWN_JUDGES = ("mnist", "avatars")  # the data whose judge has their name


class Scorer:
    """Scores sets of images against real ones, in a judge's features.

    Args:
        judge: its family ends every name: fd10k_mnist.
        real: images to compare with, which the judge never saw. Of a folder's images, the generator has seen them all:
            whether it copies them is a question for `training_neighbours`.
        floor: other real ones, for the floor.
    """

    def __init__(self, judge: Judge | InceptionJudge, real: Part, floor: Part):
        order = torch.randperm(len(real), generator=seeded(0, "real"))  # the first n are then a fair sample
        self.judge, self.fresh, images = judge, floor, real.floats(order)
        self.size = images.shape[2]
        self.most = len(floor)  # more images than that have no floor to be compared with
        self.real_features, self.real_probabilities = judged(judge, images)
        self.real_sharpness = sharpness(images).mean()
        self.scale = np.sqrt((self.real_features**2).mean())  # the kernel's cube needs features of size 1

    def __call__(self, images: Tensor) -> dict[str, float]:
        """Images (N, channels, size, size) in [-1, 1]; other sizes are scaled. Every name says N, as in fd10k_mnist:

        confidence: the judge's mean probability of its own answer; unreadable images make it unsure.
        mode_entropy: how evenly its answers are spread, 1 = evenly; for attributes, evenness_gap: the mean difference
            between their share among these images and among real ones.
        score: `classifier_score`.
        fd, kd: Frechet distance; kernel distance of features scaled to mean square 1, in thousandths.
        precision, recall: `precision_recall` with as many real images.
        sharpness: relative to real images; 1 is right.
        duplicates: the share that looks like another one.
        specks: of digits, the share with stray pixels beside the stroke.
        """
        if images.shape[2] != self.size:
            images = F.interpolate(images, size=self.size, mode="bilinear", antialias=True)
        features, probabilities = judged(self.judge, images)
        real = self.real_features[: len(features)]
        fake = features[: len(real)]
        precision, recall = precision_recall(real, fake)
        values = self.answers(probabilities) | {
            "fd": frechet_distance(self.real_features, features),
            "kd": 1000 * kernel_distance(self.real_features / self.scale, features / self.scale)[0],
            "precision": precision, "recall": recall,
            "sharpness": float(sharpness(images).mean() / self.real_sharpness), "duplicates": duplicates(fake, real),
        }
        if self.judge.family == "mnist":
            values["specks"] = float(stray_pixels(images).any((1, 2)).mean())
        n = f"{len(images) // 1000}k" if len(images) % 1000 == 0 else len(images)
        return {f"{name}{n}_{self.judge.family}": value for name, value in values.items()}

    def answers(self, p: np.ndarray) -> dict[str, float]:
        """What the judge's probabilities (N, classes or attributes) say."""
        if self.judge.attributes:
            gap = abs((p > 0.5).mean(0) - (self.real_probabilities > 0.5).mean(0)).mean()
            return {"confidence": float(np.maximum(p, 1 - p).mean()), "evenness_gap": float(gap)}
        return {"confidence": float(p.max(1).mean()), "mode_entropy": mode_entropy(p), "score": classifier_score(p)}

    def floor(self, n: int) -> dict[str, float]:
        """The same for n real images, at most `most`, that are not the ones compared with: no generator should expect
        to do better."""
        order = torch.randperm(len(self.fresh), generator=seeded(0, "floor"))
        return self(self.fresh.floats(order[:n]))


def judge_for(config: TrainConfig) -> Judge | InceptionJudge:
    """The judge that a config names, or the one of its data. Raises UserError where there is none."""
    if config.judge != "auto":
        return load_judge(config.judge)
    if config.data not in OWN_JUDGES:
        raise UserError(f"judge: none knows the images {config.data}, expected the data {' or '.join(OWN_JUDGES)}, or "
                        "--judge with a name or a file (dcgan-course judge trains one)")
    return load_judge(config.data)


def require_channels(judge: Judge | InceptionJudge, images: Images) -> None:
    wanted = {28: 1, 64: 3}.get(judge.size, images.channels)
    if images.channels != wanted:
        raise UserError(f"judge: {judge.family} looks at images of {wanted} channels, found {images.channels} in those "
                        f"of {images.name}")


def scorer_for(config: TrainConfig) -> Scorer:
    """The scorer that a config asks for: its data, in the features of its judge.

    Raises:
        UserError: there is no judge for these images and none is named, or the one that is named cannot be loaded or
            looks at images of another kind.
    """
    judge = judge_for(config)
    floor, real = parts(config.data, judge.size or config.image_size)
    require_channels(judge, real.images)
    if len(floor) < 65:  # a judge of ours has 64 features: fewer images have no covariance
        raise UserError(f"data: found {2 * len(floor)} images in {config.data}, expected at least 130 to compare with")
    return Scorer(judge, real, floor)


def score_generator(scorer: Scorer, netG: nn.Module, config: TrainConfig, n: int, seed: int = 0) -> dict[str, float]:
    """The scores of n images of G, or of as many as there are real ones to compare with, from the z that every score of
    that seed uses."""
    z = draw_z(config, min(n, scorer.most), seeded(seed, "score"))
    return scorer(generate(netG, z))


def training_neighbours(images: Tensor, config: TrainConfig) -> tuple[Tensor, float]:
    """Has a generator learned its training images by heart? For each image (N, channels, size, size) the training image
    that is nearest in the judge's features, of the same shape; and the median distance to it, over that of 1,000
    training images to their nearest other one: about 1 where nothing was copied, near 0 where all was.

    Raises:
        UserError: as `scorer_for`.
    """
    judge = judge_for(config)
    training = load_images(config.data, judge.size or config.image_size)
    require_channels(judge, training)
    features = np.concatenate([judged(judge, to_float(training.batch(range(a, min(a + 500, training.count)))))[0]
                               for a in range(0, training.count, 500)])
    sized = F.interpolate(images, size=training.size, mode="bilinear", antialias=True)
    distances, indices = nearest(judged(judge, sized)[0], features)
    some = torch.randperm(training.count, generator=seeded(0, "neighbours"))[:1000]
    usual, _ = nearest(features[some], features, k=2)  # the first is the image itself
    found = to_float(training.batch(indices))
    return F.interpolate(found, size=images.shape[2], mode="bilinear"), float(distances.median() / usual.median())


def score_run(run: Run, n: int = 10_000, seed: int = 0, judge: str = "auto") -> Iterator[str]:
    """A table of scores: a line for n images from each checkpoint of a run, and one for n real images; n is lowered to
    the number of those where there are fewer.

    Raises:
        UserError: as `scorer_for`; n is below 65.
    """
    if n < 65:
        raise UserError(f"n: found {n}, expected 65 or more")
    scorer = scorer_for(run.config if judge == "auto" else run.config.replace(judge=judge))
    floor = scorer.floor(n)
    yield score_line("", {name: name.removesuffix(f"_{scorer.judge.family}") for name in floor})
    for checkpoint in run.checkpoints() or [None]:
        name = checkpoint.name if checkpoint else "generator"
        yield score_line(name, score_generator(scorer, run.load_generator(checkpoint), run.config, n, seed))
    yield score_line("real images", floor)


def score_line(name: str, score: dict) -> str:
    cells = (f"{value:>16.3f}" if isinstance(value, float) else f"{value:>16}" for value in score.values())
    return f"{name:<12}" + "".join(cells)
