"""What runs inside a network, in which order, and what passes between its layers."""

import itertools
from collections.abc import Callable

import torch
from torch import nn

from .base import expect, same
from .inputs import of_the_answer

LINEAR_MAPS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)

Activation = Callable[[torch.Tensor], torch.Tensor]  # of a map, of any shape, number by number


def kinds(net: nn.Module) -> list[nn.Module]:
    """The layers that compute something: without children, or with weights (spectral norm adds children to a layer)."""
    return [m for m in net.modules() if isinstance(m, LINEAR_MAPS + NORMS) or not list(m.children())]


def ran(net: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, list[nn.Module], list[tuple]]:
    """net(x), the layers in the order in which they ran, and (layer, input, output) of those with weights.

    A layer that runs twice is there twice, one that never runs is not.
    """
    layers, flow = [], []

    def note(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        layers.append(layer)
        if isinstance(layer, LINEAR_MAPS + NORMS):
            flow.append((layer, inputs[0].detach().clone(), output.detach().clone()))

    hooks = [m.register_forward_hook(note) for m in kinds(net)]
    try:
        with of_the_answer():
            return net(x), layers, flow
    finally:
        for hook in hooks:
            hook.remove()


def expect_registered(flow: list[tuple]) -> None:
    """That `ran` has seen a layer with weights at all."""
    expect(len(flow) > 0, "no layer with weights is found in it. Layers in a plain Python list, or made anew in "
           "forward, are not registered, so nothing could be learned: use nn.Sequential or nn.ModuleList, made in "
           "__init__.")


def ran_loudly(net: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, list[nn.Module], list[tuple]]:
    """`ran` in train mode, the last layer's weights enlarged: of small numbers, tanh and sigmoid leave no trace."""
    y, _, flow = ran(net.train(), x)
    expect(y is not None, "forward returns None: is a `return` missing?")
    expect_registered(flow)
    last, _, out = flow[-1]
    with torch.no_grad():
        last.weight.mul_(2 / (out.std() + 1e-12))
    x = x.clone().requires_grad_()
    y, layers, flow = ran(net, x)
    if torch.is_tensor(y) and y.requires_grad:
        y.sum().backward()
    learning = x.grad is not None and all(p.grad is not None for p in net.parameters())
    expect(learning, "no gradient passes from its output back to its input and all its weights: is the input used, and "
           "nothing in forward detached, or under no_grad?")
    return y.detach() if torch.is_tensor(y) else y, layers, flow


def expect_flow(net: nn.Module, x: torch.Tensor, act: Activation, name: str, end: Activation, end_name: str) -> None:
    """Between two layers with weights there is `act` and nothing else, batch norm follows its convolution directly, and
    the output is `end` of what leaves the last layer. Found out by the numbers, so that it does not matter how the
    activations are written."""
    for layer in net.modules():
        if isinstance(layer, NORMS) and layer.affine:  # so that batch norm shows
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
    for layer in net.train().modules():  # in train mode batch norm leaves half of the numbers below 0
        if isinstance(layer, (nn.Dropout, nn.Dropout2d)):
            layer.eval()
    y, _, flow = ran(net, x)
    first = flow[0][1]
    expect(first.numel() == x.numel() and same(first.flatten(), x.flatten()), "the first layer does not see the "
           "input as it came: is it changed, resized or replaced before?")
    for (_, _, left), (layer, entered, _) in itertools.pairwise(flow):
        if isinstance(layer, NORMS):
            direct = entered.numel() == left.numel() and same(entered.flatten(), left.flatten())
            expect(direct, "something stands between a convolution and its batch norm; the order is convolution, batch "
                   "norm, activation.")
            continue
        expect(entered.numel() == left.numel(), "between two layers the map is resized by something else than a stride "
               "(pooling, interpolation, slicing); guideline 1 leaves that to strided convolutions.")
        expect(not same(entered.flatten(), left.flatten()), f"there is no activation between two layers, expected "
               f"{name}.")
        expect(same(entered.flatten(), act(left).flatten()), f"the activation between two layers is not {name}.")
    expect(same(y.flatten(), end(flow[-1][2]).flatten()), f"the output is not {end_name}: is something else applied "
           f"at the end?")


def expect_norms(layers: list[nn.Module]) -> None:
    """No momentum passed as eps: BatchNorm2d(n, 0.8)."""
    for layer in layers:
        if isinstance(layer, NORMS):
            expect(layer.eps < 0.01, f"batch norm has eps={layer.eps}: its second argument is eps, not momentum. Write "
                   "BatchNorm2d(n), or momentum=... by name.")
