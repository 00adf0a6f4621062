"""Checks about asking for something: a class told to D, the length of z, and the way back from a picture to its z."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models import Discriminator, Generator, init_weights, with_class_planes
from ..sampling import generate, inversion_step, standing_statistics, with_length
from .base import exercise, expect, expect_none_of, expect_tensor, same, serves

# ---- planes


def one_hot_of(*labels: int, classes: int = 4) -> Tensor:
    """Classes as rows of 0 and one 1."""
    return F.one_hot(torch.tensor(labels), classes).float()


@exercise(with_class_planes)
def check_class_planes(answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    """answer(x, one_hot): images (N, nc, H, W) and classes (N, classes) -> (N, nc + classes, H, W)."""
    x, one_hot = torch.rand(5, 3, 6, 6) * 2 - 1, one_hot_of(2, 0, 3, 1, 2)
    found = answer(x, one_hot)
    whole = one_hot[:, :, None, None].expand(-1, -1, 6, 6)
    corner, square = torch.zeros(5, 4, 6, 6), with_class_planes(x, one_hot)
    corner[:, :, 0, 0] = one_hot
    number = one_hot.argmax(1).float()[:, None, None, None].expand(-1, 1, 6, 6)
    expect_tensor(found, found.shape if isinstance(found, Tensor) else (), "the result")
    for planes, message in (
            (number, "one plane that holds the class's number. The 3 is no larger than the 1: give each class a plane "
             "of its own."), (number / 4, "one plane with the class's number, scaled. Classes have no order: give each "
             "one a plane of its own."), (torch.ones(5, 1, 6, 6), "one plane of ones, whatever the class. Each class "
             "has a plane, and only that of the image's own class is 1.")):
        expect(not same(found, torch.cat([x, planes], 1)), f"this is the image and {message}")
    expect(found.dim() != 2, f"the result has shape {tuple(found.shape)}: the images were made flat. D's convolutions "
           "need (N, nc + classes, H, W).")
    expect(tuple(found.shape) != (5, 12, 6, 6), "the result has 12 channels, 3 for each class: the image was "
           "multiplied by its class. Append the planes to it.")
    expect(tuple(found.shape) != tuple(x.shape), "the result has the image's own channels only. The planes are further "
           "channels: torch.cat(..., 1).")
    expect_tensor(found, (5, 7, 6, 6), hint=", three colours and four classes")
    expect_none_of(found, {
        "the planes come first, and the image after them. Images come first in this course (R1 looks at those).":
            torch.cat([whole, x], 1),
        "the planes are made of the image: they are 1 times its pixels. A plane is 1 everywhere, or 0 everywhere.":
            torch.cat([x, whole * x.mean(1, keepdim=True)], 1),
        "only the corner of each plane is told the class. A convolution sees a few pixels at a time: fill the plane.":
            torch.cat([x, corner], 1),
        "all images got the planes of the first one.": torch.cat([x, whole[:1].expand(5, -1, -1, -1)], 1),
        "the planes are -1 and 1, expected 0 and 1.": torch.cat([x, 2 * whole - 1], 1),
        "0 and 1 are exchanged: the own class's plane is 0.": torch.cat([x, 1 - whole], 1),
        "the classes are in the wrong order: plane k belongs to class k.": torch.cat([x, whole.flip(1)], 1),
        "the planes are divided by the number of pixels, so that each sums to 1. Each pixel of the plane is 1.":
            torch.cat([x, whole / 36], 1),
        "the planes' rows belong to other images of the batch.": torch.cat([x, whole.roll(1, 0)], 1),
        "the planes are empty: the one 1 of each row is missing.": torch.cat([x, 0 * whole], 1),
        "the image itself is missing: 0 in its channels.": torch.cat([0 * x, whole], 1),
        "the image was scaled on the way: it must stay in [-1, 1].": torch.cat([(x + 1) / 2, whole], 1),
        "the image is mirrored or turned.": torch.cat([x.flip(3), whole], 1)})
    expect(same(found[:, :3], x), "the first channels are not the image as it was given.")
    expect(same(found, square), "the planes are not 1 everywhere in the image's own class, and 0 in the others.")
    other, told = torch.rand(2, 1, 4, 8), one_hot_of(1, 0, classes=2)
    expect(same(answer(other, told), with_class_planes(other, told)), "for grey images of 4 x 8 pixels and two classes "
           "it is wrong: are the sizes those of x and one_hot?")
    x = torch.rand(2, 1, 4, 4, requires_grad=True)
    found = answer(x, told)
    slope = torch.autograd.grad(found.sum(), x)[0] if found.requires_grad else None
    expect(slope is not None and same(slope, torch.ones(2, 1, 4, 4)), "no gradient, or another one, comes back to the "
           "image: G could not learn through it. Was the image detached, or copied into a new tensor by hand?")
    with serves("a D of 10 classes sees digits."):
        netD = init_weights(Discriminator(4, 11, 28))
        expect(tuple(netD(answer(torch.rand(8, 1, 28, 28), one_hot_of(*range(8), classes=10))).shape) == (8,),
               "D does not give a logit for each image.")


# ---- the projection


def projection_logit(features: Tensor, one_hot: Tensor, w: Tensor, v: Tensor) -> Tensor:
    """The logit of a projection discriminator (arXiv 1802.05637, equation 3): w·f + v_y·f, (N,).

    Args:
        features: f, D's last features, (N, F).
        one_hot: the class y of each image, (N, classes).
        w: weights for all images, (F,).
        v: and for each class, (classes, F).
    """
    return features @ w + (one_hot @ v * features).sum(1)


def own(v: Tensor, one_hot: Tensor) -> Tensor:
    """The rows of v for the class of each image."""
    return v[one_hot.argmax(1)]


WRONG_LOGITS = {
    "the class does not count: v is missing. Add the product of f with the row of v that belongs to the class.":
        lambda f, y, w, v: f @ w,
    "only the class counts: w is missing. Its part asks whether the image is real at all.":
        lambda f, y, w, v: (own(v, y) * f).sum(1),
    "the parts of all classes are added up. One-hot picks one: multiply by it before you add.":
        lambda f, y, w, v: f @ w + (f @ v.T).sum(1),
    "this takes the class that fits best. D has to answer for the class that it was told.":
        lambda f, y, w, v: f @ w + (f @ v.T).amax(1),
    "this is the mean over all classes.": lambda f, y, w, v: f @ w + (f @ v.T).mean(1),
    "the product with v is averaged over the features, expected their sum.":
        lambda f, y, w, v: f @ w + (own(v, y) * f).mean(1),
    "w and v are averaged over the features, expected sums.":
        lambda f, y, w, v: (f * w).mean(1) + (own(v, y) * f).mean(1),
    "the two parts are multiplied, expected their sum.": lambda f, y, w, v: (f @ w) * (own(v, y) * f).sum(1),
    "the part of the class is taken away, expected added.": lambda f, y, w, v: f @ w - (own(v, y) * f).sum(1),
    "the part of the class does not look at the image: v's row is only summed. Multiply it by f.":
        lambda f, y, w, v: f @ w + own(v, y).sum(1),
    "this is a probability. D gives logits, and the loss applies the sigmoid.":
        lambda f, y, w, v: projection_logit(f, y, w, v).sigmoid(),
    "the part of the class is a log-probability (softmax over the classes). That is another discriminator, the "
    "auxiliary classifier; here it is the plain product.":
        lambda f, y, w, v: f @ w + (f @ v.T).log_softmax(1).gather(1, y.argmax(1, keepdim=True))[:, 0],
    "every image got the class of the first one.": lambda f, y, w, v: projection_logit(f, y[:1].expand_as(y), w, v),
    "the classes are in the wrong order.": lambda f, y, w, v: projection_logit(f, y.flip(1), w, v),
    "v's row is brought to length 1. It keeps the length that it has learned.":
        lambda f, y, w, v: f @ w + (F.normalize(own(v, y), dim=1) * f).sum(1),
    "the features are brought to length 1, expected as they are.":
        lambda f, y, w, v: projection_logit(F.normalize(f, dim=1), y, w, v),
    "the part of the class counts half.": lambda f, y, w, v: f @ w + (own(v, y) * f).sum(1) / 2,
    "this is the mean of the two parts, expected their sum.": lambda f, y, w, v: projection_logit(f, y, w, v) / 2,
}


@exercise(projection_logit)
def check_projection_logit(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    """answer(features, one_hot, w, v): (N, F), (N, classes), (F,), (classes, F) -> logits (N,)."""
    given = torch.randn(6, 9), one_hot_of(1, 3, 0, 2, 1, 3), torch.randn(9), torch.randn(4, 9)
    f, y, w, v = given
    found, right = answer(*given), projection_logit(*given)
    if isinstance(found, Tensor):
        expect(tuple(found.shape) != (6, 6), "the result has shape (6, 6): each image with the class of each. Only its "
               "own class counts: multiply f and the rows of v number by number, and sum over the features.")
        expect(tuple(found.shape) != (6, 4), "the result has shape (6, 4), a logit for each class. Pick that of the "
               "image's own class with one_hot, and sum.")
        expect(tuple(found.shape) != (6, 9), "the result has shape (6, 9): the products are not summed over the "
               "features.")
        expect(found.dim() > 0, "one number for the whole batch, expected a logit for each image: sum(1).")
    expect_tensor(found, (6,), hint=", a logit for each image")
    expect_none_of(found, {message: wrong(*given) for message, wrong in WRONG_LOGITS.items()})
    expect(same(found, right, 1e-4), f"the first logit is {found[0]:.3f}, expected w·f + v·f = {right[0]:.3f}.")
    other = torch.randn(3, 5), one_hot_of(0, 1, 1, classes=2), torch.randn(5), torch.randn(2, 5)
    expect(same(answer(*other), projection_logit(*other), 1e-4), "for three images, five features and two classes it "
           "is wrong.")
    given = tuple(x.clone().requires_grad_(i != 1) for i, x in enumerate(given))
    found = answer(*given)
    expect(found.requires_grad, "the result has no gradient: neither D nor G could learn from it.")
    slopes = torch.autograd.grad(found.sum(), [given[0], *given[2:]], allow_unused=True)
    expected = w + own(v, y), f.sum(0), y.T @ f
    for name, slope, wanted in zip(("features", "w", "v"), slopes, expected, strict=True):
        expect(slope is not None and same(slope, wanted, 1e-4), f"the value is right, but its gradient for {name} is "
               "missing or wrong: was something detached?")
    with serves("it is called with the last features of a D, and the kernels of its last layers."), torch.no_grad():
        netD = init_weights(Discriminator(4, 1, 28, classes=10)).eval()
        x, y = torch.rand(8, 1, 28, 28), one_hot_of(*range(8), classes=10)
        f, kernels = netD.blocks[:-1](x).flatten(1), netD.blocks[-1].weight.flatten(1)
        w, v = kernels[0], kernels[1:]
        expect(same(answer(f, y, w, v), netD(with_class_planes(x, y)), 1e-4), "for the features of a D it is wrong.")


# ---- the length of z


def stretched(z: Tensor, nz: int, factor: Tensor | float) -> Tensor:
    """z with its first nz numbers times a factor."""
    return torch.cat([z[:, :nz] * factor, z[:, nz:]], 1)


@exercise(with_length)
def check_with_length(answer: Callable[[Tensor, int, float], Tensor]) -> None:
    """answer(z, nz, length): z (N, nz + classes) -> the first nz numbers of each row are `length` long together."""
    noise, length = torch.randn(6, 20) * torch.tensor([1.5, 0.6, 1.0, 0.3, 2.0, 1.1])[:, None], 3.0
    z = torch.cat([noise, one_hot_of(1, 3, 0, 2, 1, 3)], 1)
    found = answer(z, 20, length)
    if isinstance(found, Tensor):
        expect(tuple(found.shape) != (6, 20), "the class is gone: what stands behind the first nz numbers stays.")
    expect_tensor(found, (6, 24), hint=", as z has")
    own = noise.norm(dim=1, keepdim=True)
    right = stretched(z, 20, length / own)
    expect_none_of(found, {
        "nothing has changed.": z,
        "the class was made longer or shorter too: the 1 of the one-hot must stay a 1. Only the first nz numbers are "
        "brought to the length.": torch.cat([right[:, :20], z[:, 20:] * length / own], 1),
        "the class counts in the length: divide by the length of the first nz numbers alone.":
            stretched(z, 20, length / z.norm(dim=1, keepdim=True)),
        "the whole row was brought to that length, the class with it. Only the first nz numbers are meant.":
            z * length / z.norm(dim=1, keepdim=True),
        "each z was multiplied by the length. Divide it by its own length first.": stretched(z, 20, length),
        "each z has length 1. Multiply by the length that is asked for.": stretched(z, 20, 1 / own),
        "all z were divided by one length, that of the whole batch: each row has its own.":
            stretched(z, 20, length / noise.norm()),
        "all z were multiplied by the same number, so that their mean length is right. Each row is to have it.":
            stretched(z, 20, length / own.mean()),
        "the length was taken down the columns (dim=0), over the batch. It belongs to a row: dim=1.":
            stretched(z, 20, length / noise.norm(dim=0)),
        "divided by the sum of the squares: the length is its root.": stretched(z, 20, length / own**2),
        "divided by the sum of the absolute numbers. The length is the root of the sum of squares.":
            stretched(z, 20, length / noise.abs().sum(1, keepdim=True)),
        "divided by the largest number of each row, expected by its length.":
            stretched(z, 20, length / noise.abs().amax(1, keepdim=True)),
        "divided by the standard deviation of each row, expected by its length.":
            stretched(z, 20, length / noise.std(1, keepdim=True)),
        "the length of a usual z of nz numbers, the root of nz, was taken for that of each.":
            stretched(z, 20, length / 20**0.5),
        "each number was cut off at the length. That is another kind of truncation; here the row as a whole is scaled.":
            torch.cat([noise.clamp(-length, length), z[:, 20:]], 1),
        "only z that are longer than that were made shorter. The others are to reach it too.":
            stretched(z, 20, (length / own).clamp(max=1)),
        "z now points the other way.": stretched(z, 20, -length / own),
        "the length is multiplied in as its root.": stretched(z, 20, length**0.5 / own),
        "the mean was subtracted first: that turns z. Only its length may change.": torch.cat(
            [F.normalize(noise - noise.mean(1, keepdim=True), dim=1) * length, z[:, 20:]], 1)})
    expect(same(found[:, 20:], z[:, 20:]), "what stands behind the first nz numbers has changed.")
    lengths = found[:, :20].norm(dim=1)
    expect(same(found, right, 1e-4), f"the first rows are {lengths[0]:.2f} and {lengths[1]:.2f} long, expected 3.00, "
           "in the direction that they had.")
    plain = torch.randn(3, 7)
    expect(same(answer(plain, 7, 0.5), stretched(plain, 7, 0.5 / plain.norm(dim=1, keepdim=True)), 1e-4), "for z "
           "without a class (nz = 7, length 0.5) it is wrong.")
    with serves("G draws z of several lengths."):
        netG = Generator(12 + 10, 2)
        z = torch.cat([torch.randn(4, 12), one_hot_of(1, 2, 3, 4, classes=10)], 1)
        expect_tensor(generate(netG, answer(z, 12, 2)), (4, 1, 28, 28), "what G draws of it")


# ---- back from a picture to its z


def step_by(apart: Callable[[Tensor, Tensor], Tensor], sign: float = -1.0) -> Callable:
    """inversion_step, with another loss of what is looked at of G(z) and of x, or upwards."""
    def step(netG: nn.Module, z: Tensor, x: Tensor, look: Callable, rate: float) -> Tensor:
        z = z.detach().requires_grad_()
        (slope,) = torch.autograd.grad(apart(look(netG(z)), look(x)), z)
        return (z + sign * rate * slope).detach()
    return step


def of_rows(a: Tensor, b: Tensor) -> Tensor:
    """The mean squared difference of each row, (N,)."""
    return (a - b).square().flatten(1).mean(1)


WRONG_STEPS = {
    "z has not moved.": lambda netG, z, x, look, rate: z,
    "this climbs: the difference grows. Descent takes the gradient away.": step_by(lambda a, b: of_rows(a, b).sum(), 1),
    "the loss is averaged over the batch, so the step of each z depends on how many there are. Sum over the rows; the "
    "mean is over the numbers of each picture.": step_by(lambda a, b: of_rows(a, b).mean()),
    "the squares of each picture are summed, expected their mean.": step_by(lambda a, b: (a - b).square().sum()),
    "absolute differences, expected squared ones.": step_by(lambda a, b: (a - b).abs().flatten(1).mean(1).sum()),
    "the root of the squared difference was taken: without it.": step_by(lambda a, b: of_rows(a, b).sqrt().sum()),
    "half of the squared difference, expected all of it.": step_by(lambda a, b: of_rows(a, b).sum() / 2),
    "the pictures themselves are compared, whatever `look` is. Look at both: look(netG(z)) and look(x).":
        lambda netG, z, x, look, rate: step_by(lambda a, b: of_rows(a, b).sum())(netG, z, x, lambda y: y, rate),
    "this is the gradient. Go from z against it: z - rate * gradient.":
        lambda netG, z, x, look, rate: (z - inversion_step(netG, z, x, look, 1.0)),
    "this is the step alone, without z.":
        lambda netG, z, x, look, rate: inversion_step(netG, z, x, look, rate) - z,
    "rate is not used.": lambda netG, z, x, look, rate: inversion_step(netG, z, x, look, 1.0),
    "only the sign of the gradient is used.":
        lambda netG, z, x, look, rate: z - rate * (z - inversion_step(netG, z, x, look, 1.0)).sign(),
    "the gradient is brought to length 1. That is another method; here its length counts.":
        lambda netG, z, x, look, rate: z - rate * F.normalize(z - inversion_step(netG, z, x, look, 1.0), dim=1),
    "each picture is compared with the first one of x.":
        lambda netG, z, x, look, rate: inversion_step(netG, z, x[:1].expand_as(x), look, rate),
}


@exercise(inversion_step)
def check_inversion_step(answer: Callable[[nn.Module, Tensor, Tensor, Callable, float], Tensor]) -> None:
    """answer(netG, z, x, look, rate): one step of gradient descent from z (N, nz) towards the z of pictures x."""
    netG = init_weights(Generator(6, 4, 1, 28))
    standing_statistics(netG, [torch.randn(64, 6)])  # pictures with some contrast
    x, z = generate(netG, torch.randn(3, 6)), torch.randn(3, 6)

    def look(images: Tensor) -> Tensor:
        """Something of the right kind that is neither the pixels nor a mean of them."""
        return F.avg_pool2d(images, 7) ** 2 + F.avg_pool2d(images, 7)

    steps = z - inversion_step(netG, z, x, look, 1.0)
    given = netG, z, x, look, float(0.3 / steps.abs().max())
    found = answer(*given)
    expect_tensor(found, (3, 6), hint=", as z has")
    expect(not found.requires_grad, "the result still hangs on its history: after hundreds of steps that would be a "
           "graph of hundreds of Gs. `.detach()` it.")
    expect(all(p.grad is None for p in netG.parameters()), "netG's weights have gradients now: backward() reaches them "
           "too. torch.autograd.grad(loss, z) gives that of z alone.")
    expect_none_of(found, {message: wrong(*given) for message, wrong in WRONG_STEPS.items()})
    right = inversion_step(*given)
    expect(same(found, right, 1e-3), f"z[0, 0] moved by {found[0, 0] - z[0, 0]:+.3f}, expected "
           f"{right[0, 0] - z[0, 0]:+.3f}: minus rate times the gradient of the mean squared difference.")
    pixels = (netG, z[:2], x[:2], lambda images: images, given[4])
    expect(same(answer(*pixels), inversion_step(*pixels), 1e-3), "for two pictures, and pixels instead of features, "
           "it is wrong.")
    with serves("it is called again and again, with the z that it gave."):
        before = after = z
        for _ in range(20):
            after = answer(netG, after, x, lambda images: images, 1.0)
        first, last = (of_rows(generate(netG, at), x).sum() for at in (before, after))
        expect(bool(last < first), "after 20 steps the pictures are no nearer than before.")
