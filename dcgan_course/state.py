"""What a training carries from step to step: saved whole, it goes on bit for bit (on a GPU nearly)."""

import copy
import itertools
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from .config import TrainConfig
from .machine.errors import Diverged, UserError
from .machine.runtime import memory_format, seeded, use_fast_arithmetic
from .machine.scaling import Scaled
from .models import build_discriminator, build_generator, init_weights
from .runs import Run
from .runs.checkpoints import STATE_FILE, check_files, load_state, load_weights
from .runs.writing import save_checkpoint

STATS = ("loss_D", "loss_G", "D_x", "D_G_z")


@dataclass
class TrainState:
    """All that changes while training."""

    netG: nn.Module
    netD: nn.Module
    netG_ema: nn.Module | None
    optG: torch.optim.Optimizer | Scaled
    optD: torch.optim.Optimizer | Scaled
    z_stream: torch.Generator
    totals: Tensor  # sums of STATS since the last line of stats.jsonl
    step: int = 0
    first_step: int = 0  # the step at which `totals` began
    threads: int = 0  # of the CPU that work on it, on which the last bits depend; 0 = not known
    speed: float = 0.0  # images a second that they made

    @classmethod
    def start(cls, config: TrainConfig) -> "TrainState":
        """Step 0: networks initialised from config.seed, on config.device."""
        device = torch.device(config.device)
        use_fast_arithmetic(device)
        netG = init_weights(build_generator(config), seeded(config.seed, "netG"), config.init)
        netD = init_weights(build_discriminator(config), seeded(config.seed, "netD"), config.init)
        netG_ema = copy.deepcopy(netG).to(device).eval().requires_grad_(False) if config.ema_kimg else None
        if config.sync_batch_norm:
            netG, netD = (nn.SyncBatchNorm.convert_sync_batchnorm(net) for net in (netG, netD))
        for net in (netG, netD):
            net.to(device, memory_format=memory_format(device)).train()
            if config.compile == "on":
                net.compile()
        betas = (config.beta1, config.beta2)
        optG = torch.optim.Adam(netG.parameters(), config.lr_g, betas, fused=True)
        optD = torch.optim.Adam(netD.parameters(), config.lr_d, betas, fused=True)
        if config.precision == "fp16":
            optG, optD = Scaled(optG, device), Scaled(optD, device)
        return cls(netG, netD, netG_ema, optG, optD, seeded(config.seed, "z", device), torch.zeros(4, device=device))

    @property
    def shown(self) -> nn.Module:
        """The generator that is shown and sampled."""
        return self.netG if self.netG_ema is None else self.netG_ema

    def update_ema(self, config: TrainConfig) -> None:
        """Move netG_ema towards netG. The half-life grows with the run, so that the first pictures are not stale."""
        if self.netG_ema is None:
            return
        half_life = min(config.ema_kimg * 1000, 0.05 * self.step * config.images_per_step)
        weight = 1 - 0.5 ** (config.images_per_step / half_life)
        update_ema(self.netG_ema, self.netG, weight)

    def take_stats(self, images_per_step: int) -> dict:
        """Means since the last call, as a line for stats.jsonl. Waits for the device."""
        steps = self.step - self.first_step
        means = (self.totals / steps).tolist()
        self.totals.zero_()
        self.first_step = self.step
        return {"step": self.step, "kimg": self.step * images_per_step / 1000, **dict(zip(STATS, means, strict=True))}

    def require_finite(self, run: Run) -> None:
        """Raise Diverged where a statistic or a weight is NaN or infinite: such a state is never saved. Or where fp16
        leaves out every update, as gradients are: the weights then stay as they are."""
        weights = itertools.chain(self.netG.parameters(), self.netD.parameters())
        finite = all(bool(t.isfinite().all()) for t in (self.totals, *weights))
        scaled = [optimizer for optimizer in (self.optG, self.optD) if isinstance(optimizer, Scaled)]
        if not finite or any(optimizer.lost for optimizer in scaled):
            what = "gradients do not fit into fp16" if finite else "a loss or a weight is NaN or infinite"
            raise Diverged(f"step {self.step}: training has diverged, {what}; {run.last_good()}. Try smaller learning "
                           "rates (lr_g, lr_d), or precision fp32")

    def nets(self) -> dict[str, nn.Module]:
        """The networks by the names of their checkpoint files."""
        nets = {"netG": self.netG, "netD": self.netD}
        return nets if self.netG_ema is None else nets | {"netG_ema": self.netG_ema}

    def save(self, run: Run, keep: int) -> None:
        """A checkpoint of everything; the `keep` last ones stay (0 = all)."""
        self.require_finite(run)
        state = {
            "step": self.step, "first_step": self.first_step, "totals": self.totals,
            "threads": self.threads, "speed": self.speed,
            "optG": self.optG.state_dict(), "optD": self.optD.state_dict(),
            "device": self.z_stream.device.type, "z_stream": self.z_stream.get_state(),
            "global_rng": torch.get_rng_state(),
        }
        if torch.cuda.is_available():
            state["cuda_rng"] = torch.cuda.get_rng_state_all()
        if torch.backends.mps.is_available():
            state["mps_rng"] = torch.mps.get_rng_state()
        save_checkpoint(run, self.step, self.nets(), state, keep)

    def load(self, checkpoint: Path) -> None:
        """Continue from a checkpoint folder. Raises UserError where it is damaged or of another network."""
        check_files(checkpoint)
        for name, net in self.nets().items():
            load_weights(net, checkpoint / f"{name}.safetensors")
        state = load_state(checkpoint / STATE_FILE)
        try:
            self.step, self.first_step = state["step"], state["first_step"]
            self.threads, self.speed = state.get("threads", 0), state.get("speed", 0.0)
            self.totals.copy_(state["totals"])
            self.optG.load_state_dict(state["optG"])
            self.optD.load_state_dict(state["optD"])
            if state.get("device", self.z_stream.device.type) == self.z_stream.device.type:
                self.z_stream.set_state(state["z_stream"])
            else:  # another kind of device has another kind of stream: a new one, of this step
                self.z_stream.manual_seed(self.z_stream.initial_seed() + self.step)
            torch.set_rng_state(state["global_rng"])
            for i, stream in enumerate(state.get("cuda_rng", ())[: torch.cuda.device_count()]):
                torch.cuda.set_rng_state(stream, i)
            if "mps_rng" in state and torch.backends.mps.is_available():
                torch.mps.set_rng_state(state["mps_rng"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise UserError(f"{checkpoint / STATE_FILE}: not a checkpoint of this version ({error!r})") from None


@torch.no_grad()
def update_ema(netG_ema: nn.Module, netG: nn.Module, weight: float) -> None:
    """Move netG_ema's weights and batch-norm statistics by the part `weight` of the way towards netG's, in place."""
    ema, now = netG_ema.state_dict(), netG.state_dict()
    floats = [name for name in ema if ema[name].is_floating_point()]  # a counter has no average
    torch._foreach_lerp_([ema[name] for name in floats], [now[name] for name in floats], weight)
