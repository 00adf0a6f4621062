"""Checks about what a network has learned: features, what makes them respond, and what they draw."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from .. import models
from ..measuring import features
from ..measuring.features import dropped, guided, pooled
from ..sampling import generate
from .base import described, exercise, expect, expect_none_of, expect_tensor, same, serves


@exercise(pooled, items="the {name} that were given have changed: the network still needs them.")
def check_pooled(answer: Callable[[list[torch.Tensor]], torch.Tensor]) -> None:
    """answer(maps): [(N, C, H, W), ...] -> (N, all C * 16), max-pooled to 4x4."""
    maps = [torch.randn(3, c, size, size) for c, size in ((2, 14), (5, 7), (4, 4))]
    grid = [F.adaptive_max_pool2d(x, 4) for x in maps]
    found = answer(maps)
    expect(not isinstance(found, (list, tuple)), f"the result is {described(found)}, expected one tensor: put the "
           "layers side by side with torch.cat(..., 1).")
    expect(torch.is_tensor(found), f"the result is {described(found)}, expected a tensor.")
    shapes = {
        (3, 4 * 16): "only one layer is in the result, expected all.",
        (3, 11): "each map became one number, expected 4 x 4 of them.",
        (3, 11, 4, 4): "the result is not flat: a linear model wants one row of numbers for each image.",
        (3 * 11 * 16,): "all images are in one row, expected one row for each: flatten(1) leaves the first axis alone.",
        (33, 16): "torch.cat put the layers below one another, expected side by side: along axis 1.",
        (3, 2 * 196 + 5 * 49 + 4 * 16): "nothing was pooled.",
        (3, 2 * 16 + 5 * 49 + 4 * 16): "the maps of 7 x 7 were not pooled to 4 x 4: a fixed kernel of 7 // 4 = 1 does "
                                       "nothing. F.adaptive_max_pool2d chooses its windows.",
    }
    expect(tuple(found.shape) not in shapes, shapes.get(tuple(found.shape), ""))
    expect_tensor(found, (3, 11 * 16), "the result", dtype=torch.float32)
    flat = [x.flatten(1) for x in grid]
    expect_none_of(found, {
        "these are means: F.adaptive_avg_pool2d. The paper takes each window's highest response.":
            torch.cat([F.adaptive_avg_pool2d(x, 4).flatten(1) for x in maps], 1),
        "the largest absolute values were taken, expected the largest values.":
            torch.cat([F.adaptive_max_pool2d(x.abs(), 4).flatten(1) for x in maps], 1),
        "negative responses were cut off: pool what the layer gives, as it is.":
            torch.cat([x.relu() for x in flat], 1),
        "the layers are in the wrong order: the first one comes first.": torch.cat(flat[::-1], 1),
        "these are single points of the maps (interpolation), expected each window's highest response.":
            torch.cat([F.interpolate(x, 4).flatten(1) for x in maps], 1),
        "the numbers of a map are scattered over its row: flatten from (channels, 4, 4), without permuting.":
            torch.cat([x.permute(0, 2, 3, 1).flatten(1) for x in grid], 1),
        "each image's row was scaled to length 1: leave the sizes as they are.":
            F.normalize(torch.cat(flat, 1), dim=1),
    })
    expect(same(found, torch.cat(flat, 1)), "the numbers are not each window's highest response, map by map, layer by "
           "layer.")
    expect(same(answer(maps[:1]), flat[0]), "for three layers it is right, for one it is not.")
    odd = [torch.randn(2, 1, 13, 13) * 10 - 100, torch.randn(2, 3, 5, 5)]
    wanted = torch.cat([F.adaptive_max_pool2d(x, 4).flatten(1) for x in odd], 1)
    expect(same(answer(odd), wanted), "for a layer with one map of 13 x 13, and three of 5 x 5, it is wrong.")
    with serves("it is called in torch.inference_mode() with what D's layers give, and a NumPy array is made of it."):
        netD = models.Discriminator(2)
        with torch.inference_mode():
            maps = features.activations(netD, torch.rand(2, 1, 28, 28) * 2 - 1)
            rows = torch.cat([answer(maps), answer(maps)]).numpy()
            expect(np.allclose(rows[:2], pooled(maps).numpy(), atol=1e-5), "of D's own maps the result is wrong.")


@exercise(guided, numbers="the {name} that was given has changed: other layers still need it. Make a new tensor.")
def check_guided(answer: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
    """answer(x, gradient): the gradient where x and it are both positive, else 0."""
    x, gradient = torch.randn(4, 3, 5, 5), torch.randn(4, 3, 5, 5)
    found = answer(x, gradient)
    expect_tensor(found, (4, 3, 5, 5), hint=", as x and the gradient have")
    both = (x > 0) & (gradient > 0)
    expect_none_of(found, {
        "this is plain backpropagation through a ReLU: negative gradients pass too.": gradient * (x > 0),
        "this is plain backpropagation through a leaky ReLU.": gradient * torch.where(x > 0, 1.0, 0.2),
        "this is a deconvolution network's rule: the gradient's sign decides alone. x must be positive too.":
            gradient * (gradient > 0),
        "where x is negative a part of the gradient leaks through: here the rule stops it.":
            gradient.relu() * torch.where(x > 0, 1.0, 0.2),
        "negative gradients are let through, expected positive ones.": gradient * (x > 0) * (gradient < 0),
        "x is let through, expected the gradient.": x * both,
        "the product of x and the gradient came back, expected the gradient alone.": x * gradient * both,
        "where both are negative the gradient passes too: a product that is positive does not tell which case it is.":
            gradient * (x * gradient > 0),
        "gradients pass where one of the two is positive, expected both.": gradient * ((x > 0) | (gradient > 0)),
        "only signs came back (0 and 1), expected the gradient's values.": both.float(),
        "the gradient's absolute value passes: negative ones are to be 0.": gradient.abs() * (x > 0),
        "the gradient is kept where it should be 0.": gradient * ~both,
        "nothing is stopped.": gradient,
    })
    expect(same(found, gradient * both), "this is not the gradient where both are positive, and 0 elsewhere.")
    large = 1e4 * gradient[:, :1, :3]
    expect(same(answer(1e-4 * x[:, :1, :3], large), large * both[:, :1, :3]), "for small x and large gradients, of "
           "one channel, it is wrong.")
    with serves("it takes the place of D's activations, backwards."):
        netD, image = models.Discriminator(2), torch.rand(3, 1, 28, 28) * 2 - 1
        expect(same(features.saliency(netD, image, 1, answer), features.saliency(netD, image, 1), 1e-4),
               "inside of D it gives another picture.")


@exercise(dropped, numbers="the activations that were given have changed ({name}): work on x.clone().")
def check_dropped(answer: Callable[[torch.Tensor, list[int]], torch.Tensor]) -> None:
    """answer(x, maps): x with the feature maps `maps` at zero everywhere; x itself stays."""
    x, maps = torch.randn(6, 7, 5, 5) + 0.3, [1, 4, 5]
    found = answer(x, maps)
    expect_tensor(found, (6, 7, 5, 5), hint=", as x has")

    def without(*places: int | slice | list[int]) -> torch.Tensor:
        y = x.clone()
        y[places] = 0
        return y

    every = slice(None)
    expect_none_of(found, {
        "nothing was dropped.": x,
        "whole images were dropped: the feature maps are axis 1, x[:, maps].": without(maps),
        "rows of all maps were dropped: the feature maps are axis 1, x[:, maps].": without(every, every, [1, 4]),
        "only the first of the maps was dropped.": without(every, maps[0]),
        "only the last of the maps was dropped.": without(every, maps[-1]),
        "the first maps were dropped, as many as there are numbers: the numbers say which.": without(every, slice(3)),
        "all maps from the first to the last number were dropped: the numbers are a list, not a range.":
            without(every, slice(1, 6)),
        "these maps were kept and all others dropped.": without(every, [0, 2, 3, 6]),
        "the maps were dropped in the first image only.": without(0, maps),
        "the maps were dropped at their middle only, expected everywhere.": without(every, maps, 2, 2),
        "the maps have changed their sign, expected zero.": torch.where((x == without(every, maps)), x, -x),
    })
    means = x.clone()
    means[:, maps] = x[:, maps].mean((2, 3), keepdim=True)
    expect(not same(found, means, 1e-4), "the maps were set to their mean, expected zero.")
    expect(same(found, without(every, maps), 1e-6), "this is not x with its maps 1, 4 and 5 at zero and all else as it "
           "was.")
    expect(same(answer(x, [0]), without(every, 0), 1e-6), "for three maps it is right, for one it is not.")
    expect(same(answer(x, [6, 2]), without(every, [2, 6]), 1e-6), "for the maps 6 and 2, in this order, it is wrong.")
    with serves("it stands behind a layer of G, which draws in torch.inference_mode()."):
        netG, z, maps = models.Generator(6, 2), torch.randn(3, 6), list(np.array([0, 3]))
        with features.without_maps(netG, maps, drop=answer):
            images = generate(netG, z)
        with features.without_maps(netG, maps):
            expect(same(images, generate(netG, z)), "G draws other pictures with it than it should.")
