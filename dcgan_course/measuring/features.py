"""What a discriminator has learned: its features under a linear model, and what makes them respond.

The paper's protocol (arXiv 1511.06434, section 5): the features of all convolutional layers of D, each max-pooled to
4x4, flattened, and a linear L2-SVM on top.
"""

import contextlib
import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import TrainConfig
from ..data import Images, load_images, to_float
from ..machine.errors import UserError
from ..machine.runtime import seeded
from ..models import build_discriminator, init_weights
from ..runs import Run
from ..sampling import standing_statistics

METHODS = ("D", "random D", "pixels", "supervised")
Rule = Callable[[Tensor, Tensor], Tensor]  # (x, gradient) -> what an activation with input x lets through backwards


# ---- a linear model on features


def activations(netD: nn.Module, x: Tensor) -> list[Tensor]:
    """What each convolutional layer of a DCGAN's D gives for images x, after its activation; the logit's is left out:
    [(N, channels, height, width), ...]."""
    found = []
    for block in netD.blocks[:-1]:
        x = block(x)
        found.append(x)
    return found


def pooled(maps: Iterable[Tensor], grid: int = 4) -> Tensor:
    """Feature maps [(N, channels, height, width), ...], each max-pooled to grid x grid, flattened, side by side:
    (N, all channels * grid^2)."""
    return torch.cat([F.adaptive_max_pool2d(x, grid).flatten(1) for x in maps], 1)


@torch.inference_mode()
def conv_features(netD: nn.Module, images: Images, indices: Sequence[int] | np.ndarray) -> np.ndarray:
    """D's features of some images, in eval mode: (N, F) float32."""
    netD.eval()
    return torch.cat([pooled(activations(netD, to_float(images.batch(part))))
                      for part in torch.as_tensor(indices).split(500)]).numpy()


def pixels(images: Images, indices: Sequence[int] | np.ndarray) -> np.ndarray:
    """The images themselves as features: (N, channels * size^2) float32 in [-1, 1]."""
    return to_float(images.batch(indices)).flatten(1).numpy()


def svm_accuracy(train: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray,
                 costs: Sequence[float] = (1.0, 10.0)) -> float:
    """The share of right answers of a linear L2-SVM (squared hinge loss) on features (N, F), trained on `train`.

    Its cost C is the best of `costs` on a fifth of the training images, held back; then it is trained on all. Features
    are scaled by one number, so that their mean squared length is 1 and C means the same for all kinds.
    """
    from sklearn.model_selection import train_test_split

    scale = float(np.sqrt(np.einsum("nf,nf->", train, train, dtype=np.float64) / len(train)))
    x, tested, y, known = map(torch.as_tensor, (train / scale, test / scale, labels, test_labels))
    kept, held = train_test_split(np.arange(len(y)), test_size=0.2, random_state=0, stratify=labels)
    best = max(costs, key=lambda cost: share_right(l2_svm(x[kept], y[kept], cost), x[held], y[held]))
    return share_right(l2_svm(x, y, best), tested, known)


def l2_svm(x: Tensor, labels: Tensor, cost: float) -> Tensor:
    """A linear SVM with the squared hinge loss, each class against all others: weights (F + 1, classes), the last row a
    constant, where |w|^2 / 2 + cost * sum(max(0, 1 - sign * answer)^2) is lowest. scikit-learn's LinearSVC has the same
    ones, but 50,000 images with thousands of features, all much alike, would take it hours.

    Args:
        x: features (N, F) float32, of a mean squared length of about 1.
        labels: (N,) whole numbers from 0.
    """
    from scipy.optimize import minimize

    x, sign = torch.cat([x, torch.ones(len(x), 1)], 1), 2.0 * F.one_hot(labels) - 1
    basis = None
    if len(x) < x.shape[1]:  # fewer images than features: the weights lie in the space that the images span
        basis, inside = torch.linalg.qr(x.T)
        x = inside.T
    # L-BFGS walks in coordinates in which the loss curves about as much one way as another, if half of the images count
    curve = cost * x.T @ x
    curve.diagonal().add_(1 + 1e-6 * curve.trace())  # the small part is for float32
    root = torch.linalg.cholesky(curve)

    def weights(u: np.ndarray) -> Tensor:
        return torch.linalg.solve_triangular(root.T, torch.from_numpy(u).float().view(len(root), -1), upper=True)

    def loss(u: np.ndarray) -> tuple[float, np.ndarray]:
        w = weights(u)
        short = (1 - sign * (x @ w)).clamp_min(0)
        slope = torch.linalg.solve_triangular(root, w - 2 * cost * x.T @ (sign * short), upper=False)
        return float((w.double()**2).sum() / 2 + cost * (short.double()**2).sum()), slope.double().flatten().numpy()

    start = np.zeros(len(root) * sign.shape[1])
    w = weights(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300, "ftol": 1e-7}).x)
    return w if basis is None else basis @ w


def share_right(weights: Tensor, x: Tensor, labels: Tensor) -> float:
    """The share of features (N, F) whose class an `l2_svm` names rightly; labels (N,)."""
    return float(((x @ weights[:-1] + weights[-1]).argmax(1) == labels).double().mean())


# ---- what it is compared with


def random_discriminator(config: TrainConfig, x: Tensor, seed: int = 0) -> nn.Module:
    """An untrained D of the same shape. Its batch norm is measured on images x (N, nc, size, size), or nothing would be
    normalised."""
    netD = init_weights(build_discriminator(config), seeded(seed, "random D"))
    standing_statistics(netD, list(x.split(250)))
    return netD


def supervised(config: TrainConfig, images: Images, indices: Sequence[int] | np.ndarray, seed: int = 0,
               steps: int = 500, epochs: int = 5) -> nn.Module:
    """A classifier of the same shape as D, with a logit for each class, trained on the labels of some images: `steps`
    steps of 64 images, or `epochs` epochs where that is more. Adam, learning rate 1e-3."""
    netD = init_weights(build_discriminator(config), seeded(seed, "supervised"))
    last = netD.blocks[-1]
    netD.blocks[-1] = nn.Conv2d(last.in_channels, len(images.label_names), last.kernel_size, bias=False)
    init_weights(netD.blocks[-1], seeded(seed, "supervised"))
    optimizer, order = torch.optim.Adam(netD.train().parameters(), 1e-3), seeded(seed, "supervised order")
    indices, labels = torch.as_tensor(indices), torch.from_numpy(images.labels)
    batch_size = min(64, len(indices))
    per_epoch = len(indices) // batch_size
    for _ in range(max(epochs, -(-steps // per_epoch))):
        for places in torch.randperm(len(indices), generator=order).split(batch_size)[:per_epoch]:
            logits = netD.blocks(to_float(images.batch(indices[places]))).flatten(1)
            loss = F.cross_entropy(logits, labels[indices[places]])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return netD.eval()


@torch.inference_mode()
def accuracy(classifier: nn.Module, images: Images) -> float:
    """The share of images that a `supervised` network names rightly."""
    found = [classifier.blocks(to_float(images.batch(part))).flatten(1).argmax(1)
             for part in torch.arange(images.count).split(500)]
    return float((torch.cat(found).numpy() == images.labels).mean())


def balanced_draw(labels: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Places of `count` random images, (count,), sorted, as many of each class as there can be; labels (N,)."""
    order = torch.randperm(len(labels), generator=seeded(seed, "labels")).numpy()
    import pandas as pd

    rank = pd.Series(labels[order]).groupby(labels[order]).cumcount()  # the how-manieth of its class
    return np.sort(order[np.argsort(rank, kind="stable")[:count]])


def label_study(run: Run, counts: Sequence[int], draws: int = 5, data: str | None = None) -> Iterator[dict]:
    """How well do few labels do, evenly spread over the classes, on D's features and on others?

    Lines of a study's table: config (the method), seed (the draw of the labelled images), metric (as "100 labels"),
    value (percent right on the test images).

    Args:
        counts: how many labelled images; all that there are make one draw.
        data: whose images; None = those that D was trained on.
    Raises:
        UserError: a conditional run; images without classes or without test images, of other channels than D's, or too
            few of them.
    """
    if run.config.classes:
        raise UserError(f"{run.path}: its D was told the class of each image, expected one that was not")
    data = data or run.config.data
    test = load_images(data, run.config.image_size, "test")  # first: some have none, and the others may take long
    train = load_images(data, run.config.image_size)
    if train.channels != run.config.nc:
        raise UserError(f"data: found {train.channels} channels in {data}, expected {run.config.nc}, as D has")
    if not counts or not 50 <= min(counts) <= max(counts) <= train.count:
        raise UserError(f"labels: found {', '.join(map(str, counts)) or 'none'}, expected 50 to {train.count}")
    netD, every = run.load_discriminator(), range(test.count)
    some = to_float(train.batch(torch.randperm(train.count, generator=seeded(0, "random D"))[:5000]))
    on_test = {"D": conv_features(netD, test, every), "pixels": pixels(test, every)}  # the same for every draw
    for count in counts:
        for draw in range(draws if count < train.count else 1):
            indices = balanced_draw(train.labels, count, draw)
            for method in METHODS:
                if method == "supervised":
                    share = accuracy(supervised(run.config, train, indices, draw), test)
                else:
                    net = random_discriminator(run.config, some, draw) if method == "random D" else netD
                    features = pixels if method == "pixels" else functools.partial(conv_features, net)
                    tested = on_test[method] if method in on_test else features(test, every)
                    share = svm_accuracy(features(train, indices), train.labels[indices], tested, test.labels)
                yield {"config": method, "seed": draw, "metric": f"{count} labels", "value": 100 * share}


# ---- what makes a feature respond


def guided(x: Tensor, gradient: Tensor) -> Tensor:
    """What guided backpropagation lets through an activation with input x: the gradient where both x and the gradient
    are positive, else 0 (arXiv 1412.6806)."""
    return gradient * (x > 0) * (gradient > 0)


class RuledLeakyReLU(torch.autograd.Function):
    """LeakyReLU forward; backward whatever a rule (x, gradient) -> gradient says."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, leak: float, rule: Rule) -> Tensor:
        """x of any shape -> the same shape, with negative numbers times `leak`."""
        ctx.save_for_backward(x)
        ctx.rule = rule
        return F.leaky_relu(x, leak)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """What the rule makes of the gradient, of x's shape; leak and rule have none."""
        return ctx.rule(*ctx.saved_tensors, gradient), None, None


class Ruled(nn.Module):
    """A layer that does in a network what `RuledLeakyReLU` does."""

    def __init__(self, leak: float, rule: Rule):
        super().__init__()
        self.leak, self.rule = leak, rule

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape -> the same shape, with negative numbers times the leak."""
        return RuledLeakyReLU.apply(x, self.leak, self.rule)


def saliency(netD: nn.Module, x: Tensor, feature: int, rule: Rule = guided, block: int = -2) -> Tensor:
    """Which pixels of images x (N, nc, size, size) raise a feature of a layer of D at the place where it responds most:
    the gradient there, of x's shape.

    Args:
        feature: which of the layer's feature maps.
        rule: what the activations let through backwards, (x, gradient) -> gradient; `guided`, as in the paper.
        block: of netD.blocks; -2 = the last convolutional layer before the logit.
    """
    ruled = copy.deepcopy(netD).eval().requires_grad_(False)
    for layer in ruled.blocks[:-1]:
        for name, module in layer.named_children():
            if isinstance(module, nn.LeakyReLU):
                setattr(layer, name, Ruled(module.negative_slope, rule))
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        upto = range(len(ruled.blocks))[block] + 1
        highest = ruled.blocks[:upto](x)[:, feature].flatten(1).max(1).values
        return torch.autograd.grad(highest.sum(), x)[0]


# ---- forgetting an object


def dropped(x: Tensor, maps: Sequence[int]) -> Tensor:
    """Activations (N, channels, height, width) with some feature maps set to zero everywhere; x stays as it is."""
    x = x.clone()
    x[:, maps] = 0
    return x


@contextlib.contextmanager
def without_maps(netG: nn.Module, maps: Sequence[int], block: int = -3,
                 drop: Callable[[Tensor, Sequence[int]], Tensor] = dropped) -> Iterator[nn.Module]:
    """While this is open, G draws without some feature maps of a block (paper, section 6.3.1).

    Args:
        block: of netG.blocks; -3 = the second-highest hidden layer.
        drop: (activations, maps) -> activations.
    """
    handle = netG.blocks[block].register_forward_hook(lambda _, __, output: drop(output, maps))
    try:
        yield netG
    finally:
        handle.remove()
