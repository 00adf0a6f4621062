"""The scores of a generator: its images against real ones, in the features of a judge."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import TrainConfig
from ..data import Images, images_of, to_float
from ..data.decode import Look
from ..machine.errors import UserError
from ..machine.runtime import seeded
from ..runs import Run
from ..sampling import draw_z, generate
from .judges import InceptionJudge, Judge, Part, judged, load_judge, parts, scaled
from .metrics import (
    classifier_score,
    duplicates,
    frechet_distance,
    kernel_distance,
    mode_entropy,
    nearest,
    precision_recall,
    sharpness,
    stray_pixels,
)

OWN_JUDGES = ("mnist", "avatars")  # the data whose judge has their name
LEAST, MOST = 65, 10_000  # images of a score: a judge of ours has 64 features, fewer images have no covariance
REAL = 50_000  # real images to compare with, at most: as many as are usual for the FID
PIXELS = 16  # a side, where images are compared as pixels: fine detail would outweigh what they show


class Scorer:
    """Scores sets of images against real ones, in a judge's features.

    Args:
        judge: its family ends every name: fd10k_mnist.
        real: images to compare with, which the judge never saw. Of a folder's images, the generator has seen them all:
            whether it copies them is a question for `training_neighbours`.
        floor: other real ones, for the floor.
    """

    def __init__(self, judge: Judge | InceptionJudge, real: Part, floor: Part):
        # the first n are then a fair sample; of hundreds of thousands a judge on a CPU would look at all for hours
        order = torch.randperm(len(real), generator=seeded(0, "real"))[:REAL]
        self.judge, self.fresh, images = judge, floor, real.floats(order)
        self.real_labels = None if real.labels() is None else real.labels()[order]
        self.size = images.shape[2]
        self.most = len(floor)  # more images than that have no floor to be compared with
        self.real_features, self.real_probabilities = judged(judge, images)
        self.real_sharpness = sharpness(images).mean()
        self.scale = np.sqrt((self.real_features**2).mean())  # the kernel's cube needs features of size 1

    def __call__(self, images: Tensor, labels: np.ndarray | None = None) -> dict[str, float]:
        """Images (N, channels, size, size) in [-1, 1]; other sizes are scaled. Every name says N, as in fd10k_mnist:

        agreement, class_fd: only with labels, the classes (N,) that the images are to show, see `obedience`.
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
        images = scaled(images, self.size)
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
        if labels is not None:
            values |= self.obedience(features, probabilities, labels)
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

    def obedience(self, features: np.ndarray, probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """How well images show the classes (N,) that were asked for. Nothing where the judge answers in other classes.

        agreement: the share in which the judge reads that class.
        class_fd: the Frechet distance of each class to the real images of that class, the mean over all (the "intra
            FID" of arXiv 1802.05637, in our judge's features); only where each has as many images as a score needs.
        """
        classes = range(probabilities.shape[1])
        if self.judge.attributes or self.real_labels is None or {*self.real_labels} != {*classes}:
            return {}
        values = {"agreement": float((probabilities.argmax(1) == labels).mean())}
        pairs = [(self.real_features[self.real_labels == k], features[labels == k]) for k in classes]
        if min(len(part) for pair in pairs for part in pair) >= LEAST:
            values["class_fd"] = float(np.mean([frechet_distance(*pair) for pair in pairs]))
        return values

    def floor(self, n: int, told: bool = False) -> dict[str, float]:
        """The same for n real images, at most `most`, that are not the ones compared with: no generator should expect
        to do better. told: with their labels."""
        order = torch.randperm(len(self.fresh), generator=seeded(0, "floor"))[:n]
        return self(self.fresh.floats(order), self.fresh.labels()[order] if told else None)


def has_judge(config: TrainConfig) -> bool:
    """Whether a config names a judge, or its data have one of their own."""
    return config.judge != "auto" or config.data.partition(":")[0] in OWN_JUDGES


def judge_for(config: TrainConfig) -> Judge | InceptionJudge:
    """The judge that a config names, or the one of its data. Raises UserError where there is none."""
    if config.judge != "auto":
        return load_judge(config.judge)
    if not has_judge(config):
        raise UserError(f"judge: none knows the images {config.data}, expected the data {' or '.join(OWN_JUDGES)}, or "
                        "--judge with a name or a file (dcgan-course judge trains one)")
    return load_judge(config.data.partition(":")[0])


def require_channels(judge: Judge | InceptionJudge, channels: int, name: str) -> None:
    """Raises UserError where a judge of grey images would look at the coloured ones of `name`."""
    if judge.size == 28 and channels == 3:
        raise UserError(f"judge: {judge.family} looks at images of 1 channel, found 3 in those of {name}; --nc 1 "
                        "trains on grey ones")


def require_judge(config: TrainConfig, n: int = MOST) -> None:
    """Raises UserError, before images are loaded, where `scorer_for` would do it after: as it does, or where n is too
    small for a score."""
    if n < LEAST:
        raise UserError(f"n: found {n}, expected {LEAST} or more")
    judge = judge_for(config)
    if config.nc:
        require_channels(judge, config.nc, config.data)


def scorer_for(config: TrainConfig) -> Scorer:
    """The scorer that a config asks for: its data, in the features of its judge.

    Raises:
        UserError: there is no judge for these images and none is named, or the one that is named cannot be loaded or
            looks at images of another kind.
    """
    judge = judge_for(config)
    floor, real = parts(config.data, judge.size or config.image_size, config.nc, Look(config.fit, config.pad_colour))
    require_channels(judge, real.images.channels, real.images.name)
    if len(floor) < LEAST:
        raise UserError(f"data: found {2 * len(floor)} images in {config.data}, expected at least {2 * LEAST} to "
                        "compare with")
    return Scorer(judge, real, floor)


def score_generator(scorer: Scorer, netG: nn.Module, config: TrainConfig, n: int, seed: int = 0) -> dict[str, float]:
    """The scores of n images of G, or of as many as there are real ones to compare with, from the z that every score of
    that seed uses."""
    z = draw_z(config, min(n, scorer.most), seeded(seed, "score"))
    images = generate(netG, z)
    return scorer(images, z[:, config.nz :].argmax(1).numpy()) if config.classes else scorer(images)


def compared_with(config: TrainConfig) -> tuple[Judge | InceptionJudge | None, Images]:
    """The judge in whose features neighbours are looked for, None = as pixels, and the training images as it sees them.

    Raises:
        UserError: as `training_neighbours`, or the training images are not here.
    """
    judge = judge_for(config) if has_judge(config) else None
    if judge and config.nc:  # known before the images are loaded
        require_channels(judge, config.nc, config.data)
    training = images_of(config, judge and judge.size)
    if judge:
        require_channels(judge, training.channels, training.name)
    return judge, training


def training_neighbours(images: Tensor, config: TrainConfig,
                        against: tuple[Judge | InceptionJudge | None, Images] | None = None) -> tuple[Tensor, float]:
    """Does a generator copy its training images? For each image (N, channels, size, size) the training image
    that is nearest in the judge's features, of the same shape; and the median distance to it, over that of 1,000
    training images to their nearest other one: about 1 where nothing was copied, near 0 where all was. Images that no
    judge knows are compared as pixels, `PIXELS` x `PIXELS` of them.

    Args:
        against: `compared_with(config)`, where it is there already.
    Raises:
        UserError: the judge that is named cannot be loaded, or looks at images of another kind.
    """
    judge, training = against or compared_with(config)

    def features_of(images: Tensor) -> np.ndarray:
        return judged(judge, images)[0] if judge else F.adaptive_avg_pool2d(images, PIXELS).flatten(1).numpy()

    # one array, filled: a hundred small ones would hold half a gigabyte of freed memory apart
    features = np.empty((training.count, features_of(to_float(training.batch([0]))).shape[1]))
    for places in np.split(np.arange(training.count), range(500, training.count, 500)):
        features[places] = features_of(to_float(training.batch(places)))
    distances, indices = nearest(features_of(scaled(images, training.size)), features)
    some = torch.randperm(training.count, generator=seeded(0, "neighbours"))[:1000]
    usual, _ = nearest(features[some], features, k=2)  # the first is the image itself
    found = to_float(training.batch(indices))
    return F.interpolate(found, size=images.shape[2], mode="bilinear"), float(distances.median() / usual.median())


def score_run(run: Run, n: int = MOST, seed: int = 0, judge: str = "auto",
              checkpoints: list[Path | None] | None = None) -> dict[str, dict[str, float]]:
    """The scores of n images from each checkpoint of a run, {"step_0000469": {"fd10k": ...}, ...}, and those of n "real
    images"; n is lowered to the number of those where there are fewer.

    Args:
        checkpoints: only of these; None = of all that the run has kept.
    Raises:
        UserError: as `scorer_for`; n is below 65; a checkpoint is damaged.
    """
    config = run.config if judge == "auto" else run.config.replace(judge=judge)
    require_judge(config, n)
    checkpoints = checkpoints or run.checkpoints() or [None]
    for checkpoint in checkpoints:
        run.load_generator(checkpoint)  # one that cannot be loaded is said before the minutes of scoring
    scorer = scorer_for(config)
    columns = {checkpoint.name if checkpoint else "generator":
               score_generator(scorer, run.load_generator(checkpoint), run.config, n, seed)
               for checkpoint in checkpoints} | {"real images": scorer.floor(n, config.classes > 0)}
    return {column: {name.removesuffix(f"_{scorer.judge.family}"): value for name, value in scores.items()}
            for column, scores in columns.items()}
