"""Checks about the networks: sizes, blocks, G, D, and their first weights."""

import math
import numbers
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from .. import losses, models
from ..sampling import generate
from .base import described, exercise, expect, expect_tensor, same, serves
from .flow import LINEAR_MAPS, NORMS, POOLS, expect_flow, expect_norms, expect_registered, ran, ran_loudly
from .inputs import of_the_answer


def output_size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    """What a convolution makes of `size`: floor((size + 2 padding - kernel_size) / stride) + 1 (arXiv 1603.07285)."""
    return (size + 2 * padding - kernel_size) // stride + 1


WRONG_SIZES = {
    "the first place of the kernel counts too, add 1.": lambda n, k, s, p: (n + 2 * p - k) // s,
    "the padding lies on both sides, so it counts twice.": lambda n, k, s, p: (n + p - k) // s + 1,
    "this is the formula of the transposed convolution.": lambda n, k, s, p: (n - 1) * s - 2 * p + k,
    "round down, not up: a kernel that does not fit once more is left out.":
        lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1,
}


@exercise(output_size)
def check_output_size(answer: Callable[[int, int, int, int], int]) -> None:
    """answer(size, kernel_size, stride, padding): compared with what torch makes of it."""
    cases = ((64, 4, 2, 1), (28, 5, 2, 2), (7, 3, 1, 0), (7, 4, 2, 1), (32, 4, 2, 1), (9, 2, 3, 1), (4, 4, 1, 0),
             (5, 1, 2, 3))
    found = [answer(*case) for case in cases]
    expect(all(size is not None for size in found), "nothing is returned (is a `return` missing?).")
    expect(all(isinstance(size, numbers.Real) for size in found), f"the result is {described(found[0])}, expected one "
           "whole number.")
    expect(all(math.isfinite(size) and size == int(size) for size in found), f"a size is a whole number, found "
           f"{found}. A kernel that does not fit once more is left out: round down (//).")
    for mistake, formula in WRONG_SIZES.items():
        expect(found != [formula(*case) for case in cases], mistake)
    for (n, k, s, p), size in zip(cases, found, strict=True):
        made = F.conv2d(torch.zeros(1, 1, n, n), torch.zeros(1, 1, k, k), stride=s, padding=p).shape[-1]
        expect(size == made, f"size {n}, kernel_size {k}, stride {s} and padding {p} give {size}, torch makes {made}.")


@exercise(lambda n_in, n_out: nn.Sequential(nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, bias=False),
                                            nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)))
def check_generator_block(answer: Callable[[int, int], nn.Module]) -> None:
    """answer(n_in, n_out): a module (N, n_in, s, s) -> (N, n_out, 2 s, 2 s), one of G's hidden blocks."""
    expect_no_instance(answer, "the function", "check_generator_block(my_block)")
    block = answer(12, 5)
    expect(isinstance(block, nn.Module), f"the result is {described(block)}, expected a module.")
    expect(answer(12, 5) is not block, "two calls give the same module, so that two blocks would share their weights.")
    x = torch.randn(4, 12, 7, 7)
    y, layers, flow = ran(block, x)
    expect_registered(flow)
    expect(not any(isinstance(layer, POOLS) for layer in layers), "there is a pooling layer: guideline 1 leaves "
           "resizing to strides.")
    expect(not any(isinstance(layer, (nn.Upsample, nn.Conv2d)) for layer in layers), "the size is changed by "
           "interpolation and a plain convolution. That works too, but guideline 1 asks for a fractionally strided "
           "one: ConvTranspose2d with stride 2.")
    expect(any(isinstance(layer, nn.ConvTranspose2d) for layer in layers), "there is no ConvTranspose2d (guideline 1: "
           "fractionally strided convolution).")
    expect(tuple(y.shape) != (4, 5, 16, 16), "a map of 7 x 7 becomes 16 x 16, expected 14 x 14: kernel 4 and stride 2 "
           "need padding 1.")
    expect_tensor(y, (4, 5, 14, 14), "the output for a map of 7 x 7", dtype=torch.float32)
    norms = [i for i, layer in enumerate(layers) if isinstance(layer, NORMS)]
    expect(bool(norms), "there is no batch norm (guideline 2).")
    expect(norms[0] > 0, "batch norm comes before the convolution; the order is convolution, batch norm, ReLU.")
    expect(len(norms) == len(flow) - len(norms), "each convolution gets one batch norm (guideline 2).")
    expect_norms(layers)
    expect(not any(isinstance(layer, nn.LeakyReLU) for layer in layers), "the activation is LeakyReLU: that is D's "
           "(guideline 5); G has ReLU (guideline 4).")
    expect(not any(isinstance(layer, nn.Tanh) for layer in layers), "the activation is tanh: that is for G's last "
           "layer only; hidden blocks have ReLU (guideline 4).")
    expect(bool((y >= 0).all()), "some outputs are below 0: there is no ReLU (guideline 4), or it is not the last.")
    relus = [i for i, layer in enumerate(layers) if isinstance(layer, (nn.ReLU, nn.ReLU6))]
    expect(not relus or norms[0] < relus[0], "batch norm comes after ReLU; the order is convolution, batch norm, ReLU.")
    expect_flow(block, x, F.relu, "ReLU", F.relu, "ReLU of batch norm of the transposed convolution")
    with serves("each block doubles the size, whatever its channels."):
        three = nn.Sequential(answer(32, 16), answer(16, 8), answer(8, 1))
        out = three(torch.randn(2, 32, 4, 4))
        expect_tensor(out, (2, 1, 32, 32), "the output of three blocks", dtype=torch.float32)


def expect_no_instance(answer: object, what: str, call: str) -> None:
    """That a class or function was given, not a network that it has made."""
    expect(not isinstance(getattr(answer, "__wrapped__", answer), nn.Module), f"give {what} itself, without brackets: "
           f"{call}.")


def built(answer: Callable, *args: object, **kwargs: object) -> nn.Module:
    """One of the learner's networks."""
    with of_the_answer():
        net = answer(*args, **kwargs)
    expect(isinstance(net, nn.Module), f"what was given makes something {described(net)}, "
           "expected a network: class ...(nn.Module).")
    return net


class Reference64(models.Generator):
    """The package's generator for 64x64, with the lesson's arguments."""

    def __init__(self, nz: int = 100, ngf: int = 64, nc: int = 3):
        super().__init__(nz, ngf, nc, image_size=64)


class Reference64D(models.Discriminator):
    """The package's discriminator for 64x64, with the lesson's arguments."""

    def __init__(self, ndf: int = 64, nc: int = 3):
        super().__init__(ndf, nc, image_size=64)


def expect_same_maps(own: nn.Module, reference: nn.Module, x: torch.Tensor, usual: str) -> None:
    """The same convolutions in the same order; names the first that differs."""
    def maps(net: nn.Module) -> list[tuple[int, int, int]]:
        return [(m.in_channels, m.out_channels, m.kernel_size[0]) for m in ran(net, x)[1]
                if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]

    if any(isinstance(m, nn.Linear) for m in own.modules()):  # the authors' way at one end: count weights
        found, wanted = (sum(m.weight.numel() for m in net.modules() if isinstance(m, LINEAR_MAPS))
                         for net in (own, reference))
        expect(found == wanted, f"its layers hold {found:,} weights, expected {wanted:,}: {usual}.")
        return
    found, wanted = maps(own), maps(reference)
    expect(len(found) == len(wanted), f"it has {len(found)} convolutions, expected {len(wanted)}: {usual}.")
    for number, ((a, b, k), (c, d, m)) in enumerate(zip(found, wanted, strict=True), 1):
        expect((a, b, k) == (c, d, m), f"convolution {number} leads from {a} to {b} channels with a kernel of {k}, "
               f"expected {c} to {d} with {m}: {usual}.")


@exercise(Reference64)
def check_generator(answer: type[nn.Module]) -> None:
    """answer(nz, ngf, nc): z (N, nz) -> images (N, nc, 64, 64) in [-1, 1], by the five guidelines."""
    expect_no_instance(answer, "the class", "check_generator(MyGenerator)")
    net, z = built(answer, 10, 4, 3), torch.randn(6, 10)
    try:
        x, layers, flow = ran_loudly(net, z)
    except RuntimeError as error:
        expect("conv_transpose2d" not in str(error), "z comes as (N, nz), and ConvTranspose2d wants images: "
               "make it (N, nz, 1, 1) first, as with z[:, :, None, None].")
        raise
    expect_tensor(x, (6, 3, 64, 64), "the output for z of shape (6, 10)", dtype=torch.float32)
    one = net.eval()(z[:1])
    expect(tuple(one.shape) == (1, 3, 64, 64), f"one z gives {tuple(one.shape)}, expected (1, 3, 64, 64): a squeeze "
           "took the batch away.")
    expect(bool((x[0] - x[1]).abs().max() > 0), "two different z give the same image.")
    weighted = [i for i, layer in enumerate(layers) if isinstance(layer, LINEAR_MAPS)]
    last = layers[weighted[-1] + 1 :]
    expect(not any(isinstance(layer, NORMS) for layer in last), "your generator ends in batch norm; the paper leaves "
           "the output layer without it (guideline 2).")
    expect(not any(isinstance(layer, nn.Sigmoid) for layer in last), "the last activation is a sigmoid: it draws in "
           "[0, 1], and the images are in [-1, 1]. Use tanh (guideline 4).")
    expect(not any(isinstance(layer, nn.ReLU) for layer in last), "there is a ReLU before the end: black could never "
           "be drawn. The output layer has tanh only.")
    out = flow[-1][2]
    expect(not same(x, out), "there is no tanh at the end (guideline 4).")
    expect(not same(x, out.tanh().tanh()), "tanh is applied twice: white, 1, could never be reached.")
    expect(same(x, out.tanh()), "the last activation is not tanh, which reaches all of [-1, 1] smoothly (guideline 4).")
    hidden = layers[: weighted[-1]]
    expect(not any(isinstance(layer, POOLS) for layer in layers), "there is a pooling layer (guideline 1: strides).")
    expect(not any(isinstance(layer, nn.Upsample) for layer in layers), "the size is changed by interpolation; "
           "guideline 1 asks for fractionally strided convolutions, ConvTranspose2d.")
    expect(not any(isinstance(layers[i], nn.Linear) for i in weighted[1:]),
           "there is a fully connected hidden layer (guideline 3).")
    norms = [layer for layer in hidden if isinstance(layer, NORMS)]
    expect(len(norms) >= len(weighted) - 1, f"batch norms: {len(norms)}, hidden layers: {len(weighted) - 1}; each "
           f"gets one (guideline 2).")
    expect_norms(layers)
    expect(not any(isinstance(layer, nn.LeakyReLU) for layer in layers), "the hidden activation is LeakyReLU: that is "
           "D's (guideline 5); G has ReLU (guideline 4).")
    expect_flow(net, z, F.relu, "ReLU (guideline 4)", torch.tanh, "tanh of the last layer")
    usual = "channels of 8, 4, 2, 1 times ngf, then nc, with 4x4 kernels"
    for nc in (3, 1):
        expect_same_maps(built(answer, 10, 4, nc), Reference64(10, 4, nc), z, usual)
    expect_tensor(built(answer, ngf=2)(torch.randn(2, 100)), (2, 3, 64, 64), "with nz and nc left at their defaults, "
                  "the output", dtype=torch.float32)
    with serves("images (N, 3, 64, 64) for z (N, 100), in eval mode too."):
        first_step(models.init_weights(answer(ngf=4)), models.init_weights(Reference64D(4)))


@exercise(Reference64D)
def check_discriminator(answer: type[nn.Module]) -> None:
    """answer(ndf, nc): images (N, nc, 64, 64) -> logits (N,), by the five guidelines."""
    expect_no_instance(answer, "the class", "check_discriminator(MyDiscriminator)")
    net, x = built(answer, 4, 3), torch.rand(6, 3, 64, 64) * 2 - 1
    y, layers, flow = ran_loudly(net, x)
    expect(torch.is_tensor(y), f"the output is {described(y)}, expected a tensor of logits.")
    expect(tuple(y.shape) == (6,), f"six images give {tuple(y.shape)}, expected (6,): one logit each; flatten().")
    single = net.eval()(x[:1])
    expect(tuple(single.shape) == (1,), f"one image gives {tuple(single.shape)}, expected (1,): squeeze() also takes "
           "the batch away when it is 1. Use flatten(), or squeeze the other dimensions only.")
    weighted = [i for i, layer in enumerate(layers) if isinstance(layer, LINEAR_MAPS)]
    expect(len(weighted) > 1, "it has one layer with weights, expected five.")
    expect(not any(isinstance(layer, nn.Sigmoid) for layer in layers), "it ends in a sigmoid: return the logits, and "
           "let the loss apply it; log(sigmoid) is log(0) where D is sure.")
    expect(not any(isinstance(layer, NORMS) for layer in layers[: weighted[1]]), "there is batch norm at D's input "
           "layer; the paper leaves it out there (guideline 2).")
    expect(not any(isinstance(layer, NORMS) for layer in layers[weighted[-1] :]), "there is batch norm after D's last "
           "layer: the logits of every batch, real or generated, would have the same mean, so D could hardly tell the "
           "two apart.")
    out = flow[-1][2].flatten()
    expect(not same(y, out.sigmoid()), "a sigmoid is applied at the end: return the logits, without a sigmoid; the "
           "loss applies it.")
    expect(same(y, out), "something is applied to the last layer's number: return the logit as it is.")
    expect(not any(isinstance(layer, POOLS) for layer in layers), "there is a pooling layer; guideline 1 has strides "
           "in its place.")
    expect(not any(isinstance(layers[i], nn.Linear) for i in weighted[:-1]), "there is a fully connected hidden layer "
           "(guideline 3).")
    norms = [layer for layer in layers if isinstance(layer, NORMS)]
    expect(len(norms) >= len(weighted) - 2, f"batch norms: {len(norms)}, layers between the first and the last: "
           f"{len(weighted) - 2}; each gets one (guideline 2).")
    expect_norms(layers)
    leaks = [layer.negative_slope for layer in layers if isinstance(layer, nn.LeakyReLU)]
    expect(not any(isinstance(layer, nn.ReLU) for layer in layers), "the activation is ReLU: that is G's (guideline "
           "4); D has LeakyReLU (guideline 5), which lets a gradient through for negative numbers too.")
    expect(all(abs(leak - 0.2) < 1e-6 for leak in leaks), f"LeakyReLU has a slope of {leaks[0] if leaks else 0}, "
           "expected 0.2: its first argument is the slope, and torch's default is 0.01.")
    expect_flow(net, x, lambda t: F.leaky_relu(t, 0.2), "LeakyReLU with slope 0.2 (guideline 5)", lambda t: t,
                "the last layer's number")
    usual = "channels of 1, 2, 4, 8 times ndf, then 1, with 4x4 kernels"
    for nc in (3, 1):
        expect_same_maps(built(answer, 4, nc), Reference64D(4, nc), x[:, :nc], usual)
    expect(built(answer, ndf=2)(x).shape == (6,), "with nc left at its default, colour images do not pass: nc=3.")
    expect(bool(y.std() > 1e-6 * y.abs().max()), "different images give the same logit.")
    with serves("logits (N,) for images (N, 3, 64, 64), from which G can learn."):
        first_step(models.init_weights(Reference64(ngf=4)), models.init_weights(answer(ndf=4)))


def first_step(netG: nn.Module, netD: nn.Module) -> None:
    """What the lesson does with both networks, and the next one: draw, judge, learn."""
    x_fake = generate(netG, torch.randn(5, 100))
    expect_tensor(x_fake, (5, 3, 64, 64), "what G draws", dtype=torch.float32)
    expect_tensor(netD(x_fake), (5,), "D's answer", dtype=torch.float32)
    losses.d_loss(netD(x_fake), netD(netG(torch.randn(5, 100)))).backward()
    for net in (netG, netD):
        expect(all(p.grad is not None and bool(p.grad.isfinite().all()) for p in net.parameters()), "no gradient "
               "reaches the first weights.")


@exercise(models.init_weights, {0: "weights"},
          statistics="batch norm's running statistics have changed: only weights and shifts are drawn. state_dict() "
                     "has the statistics too.",
          mode="the net came in {then} and is returned in {now}: leave its mode alone.",
          dtype="the net is returned in {now}: what it is fed with is {then}.")
def check_init_weights(answer: Callable[[nn.Module], nn.Module]) -> None:
    """answer(net): convolutions N(0, 0.02), batch-norm gains N(1, 0.02), shifts and biases 0; returns net."""
    def fresh():
        net = nn.Sequential(nn.Conv2d(3, 1024, 4), nn.BatchNorm2d(1024), nn.ReLU(),
                            nn.Sequential(nn.ConvTranspose2d(1024, 64, 2), nn.BatchNorm2d(64)),
                            nn.Conv2d(64, 8, 4, bias=False))
        for norm in (net[1], net[3][1]):
            nn.init.uniform_(norm.bias)  # so that leaving it alone shows
        return net

    net, untouched = fresh(), fresh()
    untouched.load_state_dict(net.state_dict())
    result = answer(net)
    conv, norm, deep, deep_norm = net[0], net[1], net[3][0], net[3][1]
    expect(not all(torch.equal(a, b) for a, b in zip(net.parameters(), untouched.parameters(), strict=True)),
           "no weight has changed: is the function applied to the layers (net.apply(...), or a loop over "
           "net.modules()), or only defined?")
    expect(not torch.equal(deep.weight, untouched[3][0].weight), "layers inside an inner Sequential, or transposed "
           "convolutions, have not changed: go over net.modules(), and over Conv2d and ConvTranspose2d.")
    expect(not torch.equal(conv.weight, untouched[0].weight), "plain convolutions have not changed.")
    for layer in (conv, deep):
        mean, std = layer.weight.mean().item(), layer.weight.std().item()
        expect(abs(std - 0.02**2) > 1e-4, "the standard deviation is 0.0004 = 0.02 squared: normal_ takes the "
               "standard deviation itself, 0.02, and not the variance.")
        expect(abs(std - 0.02**0.5) > 0.01, "the standard deviation is 0.14, the root of 0.02: 0.02 is the standard "
               "deviation itself.")
        expect(abs(mean) < 0.003 and abs(std - 0.02) < 0.001, f"convolution weights have mean {mean:.3f} and standard "
               f"deviation {std:.3f}, expected 0 and 0.02 (paper, section 4).")
        kurtosis = ((layer.weight - mean) ** 4).mean().item() / std**4
        expect(kurtosis > 2.5, "convolution weights are not normally distributed (uniform?): N(0, 0.02).")
        expect(layer.bias is None or not layer.bias.any(), "a convolution's bias is not 0.")
    for layer in (norm, deep_norm):
        mean, std = layer.weight.mean().item(), layer.weight.std().item()
        expect(abs(mean) > 0.5, "batch-norm gains were drawn from N(0, 0.02), so every signal starts 50 times too "
               "weak: they start near 1, N(1, 0.02).")
        expect(std > 0.005, "batch-norm gains are exactly 1, expected N(1, 0.02), as in the authors' code.")
        expect(abs(mean - 1) < 0.02 and 0.01 < std < 0.03, f"batch-norm gains have mean {mean:.2f} and standard "
               f"deviation {std:.3f}, expected 1 and 0.02.")
        expect(not layer.bias.any(), "batch norm's shift (its bias) is not 0.")
    deviations = (norm.weight.detach() - norm.weight.mean()) / norm.weight.std()
    expect((deviations**4).mean() > 2.3, "batch-norm gains are not normally distributed (uniform?): N(1, 0.02).")
    expect(result is net, f"the result is {described(result)}, expected the net itself, so that calls chain.")
    with serves("both networks, with their first weights, draw, judge and learn."):
        first_step(answer(Reference64(ngf=4)), answer(Reference64D(4)))
