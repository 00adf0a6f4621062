"""Several processes that train one model: torchrun starts them, this joins them (DistributedDataParallel).

Each process holds a copy of both networks and works on its share of every batch; gradients are averaged before each
update, so that the copies stay equal. Every process draws the whole batch's z and order and takes its share: the seed
means the same on one device and on many.
"""

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from .errors import UserError
from .runtime import first_line


@dataclass(frozen=True)
class World:
    """Which of how many processes this is. One process is a world of its own, not joined with any other; but one that
    torchrun started is, with itself."""

    rank: int = 0
    size: int = 1
    joined: bool = False

    @classmethod
    def to_come(cls) -> "World":
        """The one that `join` will join, as torchrun has said it."""
        if not started_by_torchrun():
            return cls()
        return cls(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), True)

    @property
    def main(self) -> bool:
        """The one process that writes."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """This process's part of a batch: the rank-th of `size` equal parts."""
        part = len(batch) // self.size
        return batch[self.rank * part : (self.rank + 1) * part]

    def check(self, batch_size: int, synchronised: bool, device: str) -> None:
        """Raise UserError where a batch cannot be shared evenly, or batch norm cannot be synchronised."""
        if batch_size % self.size:
            raise UserError(f"batch_size: found {batch_size}, expected a multiple of the {self.size} processes")
        if batch_size // self.size < 2 and self.size > 1:
            raise UserError(f"batch_size: found {batch_size} for {self.size} processes, expected at least 2 for each")
        if self.joined and device.startswith("mps"):  # what torch.distributed sends by knows no MPS
            raise UserError(f"device: found {device} in a training by torchrun, expected GPUs with CUDA, or --device "
                            "cpu")
        if synchronised and not device.startswith("cuda"):
            raise UserError(f"sync_batch_norm: found device {device}, expected GPUs (PyTorch has it only there)")

    def wrap(self, net: nn.Module) -> nn.Module:
        """The net with gradients averaged over all processes; batch norm's running statistics stay each one's own."""
        if not self.joined:
            return net
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # its new name is not known to older PyTorch
            return nn.parallel.DistributedDataParallel(net, broadcast_buffers=False)

    def average_(self, values: Tensor) -> Tensor:
        """The mean over all processes, in place."""
        if self.joined:
            dist.all_reduce(values)
            values /= self.size
        return values

    def any(self, flag: bool, device: torch.device) -> bool:
        """True in every process where it is true in one."""
        if not self.joined:
            return flag
        flags = torch.tensor(float(flag), device=device)
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags)

    def from_main(self, make: Callable[[], str]) -> str:
        """The text that `make()` returns in the main process, in every process."""
        if not self.joined:
            return make()
        box = [make() if self.main else None]
        dist.broadcast_object_list(box)
        return box[0]


def started_by_torchrun() -> bool:
    """Whether torchrun started this process; also where it is the only one, so that one GPU is enough to try it."""
    several = int(os.environ.get("WORLD_SIZE", 1)) > 1
    return "RANK" in os.environ and (several or "TORCHELASTIC_RUN_ID" in os.environ)


def backend(device: torch.device) -> str:
    """What torch.distributed sends by: nccl between GPUs, where there is one (Windows has none), else gloo."""
    return "nccl" if device.type == "cuda" and dist.is_nccl_available() else "gloo"


@contextlib.contextmanager
def join(device: torch.device) -> Iterator[World]:
    """The World that torchrun started, or a world of one.

    Raises:
        UserError: another process has ended, so that this one cannot go on.
    """
    world = World.to_come()
    if not world.joined:
        yield world
        return
    dist.init_process_group(backend(device))
    try:
        yield world
    except RuntimeError as error:  # what a collective operation raises when a partner has gone
        if "gloo" not in str(error) and not isinstance(error, dist.DistError):  # gloo has no class of its own
            raise
        raise UserError(f"another process of this training has ended, or cannot be reached ({first_line(error)}), so "
                        "all stop; see its message above, and go on with: torchrun ... -m dcgan_course resume RUN"
                        ) from error
    finally:
        dist.destroy_process_group()
