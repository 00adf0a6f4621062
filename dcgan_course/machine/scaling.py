"""fp16: small gradients would become 0 in 16 bits, so all are scaled up, and down again before an update.

bf16 has the range of float32 and needs none of this; GPUs such as the T4 have only fp16.
"""

from typing import Any

import torch
from torch import Tensor, nn

START = 4096.0  # of the scale; with PyTorch's 65,536 two or three of the first updates were left out


class Scaled:
    """An optimiser whose network is trained in fp16: gradients come to it times a scale that it looks after. Where they
    overflow, the update is left out and the scale halved; after 2,000 good ones it is doubled.

    D and G have one each: their gradients differ in size, and an overflow of one says nothing of the other.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, device: torch.device):
        self.optimizer, self.scaler = optimizer, torch.amp.GradScaler(device.type, START)

    def zero_grad(self) -> None:
        """Forget the gradients of the step before."""
        self.optimizer.zero_grad()

    def step(self) -> None:
        """Update the weights with the gradients brought back to their size, if none overflowed, and set the scale."""
        self.scaler.step(self.optimizer)
        self.scaler.update()

    @property
    def lost(self) -> bool:
        """True where the scale has fallen below 1: the gradients themselves do not fit. Waits for the device."""
        return self.scaler.get_scale() < 1

    def state_dict(self) -> dict:
        """That of the optimiser, with the scale's own under "scaler"."""
        return self.optimizer.state_dict() | {"scaler": self.scaler.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        """Of an optimiser that was not scaled too: the scale then starts anew."""
        self.optimizer.load_state_dict({name: value for name, value in state.items() if name != "scaler"})
        if "scaler" in state:
            self.scaler.load_state_dict(state["scaler"])


class ScaledNet(nn.Module):
    """D as it is for an optimiser: the same logits (N,), in float32, whose gradients go back times its scale."""

    def __init__(self, netD: nn.Module, scaler: torch.amp.GradScaler):
        super().__init__()
        self.netD, self.scaler = netD, scaler

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, nc, size, size) -> logits (N,) float32."""
        logits = self.netD(x).float()  # first: a gradient is scaled before it is rounded to 16 bits
        return ScaledBack.apply(logits, scale_of(self.scaler, logits.device))


def scale_of(scaler: torch.amp.GradScaler, device: torch.device) -> Tensor:
    """The scale of now, one number on the device."""
    return scaler.scale(torch.ones((), device=device))


class ScaledBack(torch.autograd.Function):
    """Forward nothing; backward times a scale."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor) -> Tensor:
        """x of any shape, as it is; `scale` is one number, on the device."""
        ctx.save_for_backward(scale)
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """The gradient of x, times the scale, which has no gradient itself."""
        return gradient * ctx.saved_tensors[0], None


def scaled_back(term: Tensor, optimizer: torch.optim.Optimizer | Scaled) -> Tensor:
    """A scalar whose gradients come to an optimiser times its scale, as those of the logits of `scaled` do."""
    if not isinstance(optimizer, Scaled):
        return term
    return ScaledBack.apply(term, scale_of(optimizer.scaler, term.device))


def scaled(netD: nn.Module, optimizer: torch.optim.Optimizer | Scaled) -> nn.Module:
    """D for a step of an optimiser: itself, unless the optimiser is `Scaled`."""
    return ScaledNet(netD, optimizer.scaler) if isinstance(optimizer, Scaled) else netD
