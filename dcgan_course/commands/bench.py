"""How fast is this machine, and how much faster is our step than the plain loop?

The plain loop is what most tutorials run: float32, contiguous tensors, a DataLoader that transforms PIL images one by
one, D's gradients computed in the G step too and thrown away, `.item()` at every step, default Adam. Both loops train
the same networks with the same batch and number of D passes, in turn, so that a slow moment of the machine hits both.
Neither is compiled.
"""

import contextlib
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ..backstage.resolve import match_images, resolve
from ..config import TrainConfig
from ..data import Batches, Images, load_images
from ..machine.parallel import World
from ..machine.places import repo_data_dir
from ..machine.runtime import DTYPES, machine, time_of, wait
from ..machine.threads import all_threads, cpu_threads, ladder
from ..models import build_discriminator, build_generator, init_weights
from ..sampling import draw_z
from ..state import TrainState
from ..trainer import both_steps, working_threads


class PlainLoop:
    """The plain loop of the tutorials, one step per call."""

    def __init__(self, config: TrainConfig, images: Images):
        from torchvision import transforms

        self.config, self.device = config, torch.device(config.device)
        self.netG = init_weights(build_generator(config)).to(self.device)
        self.netD = init_weights(build_discriminator(config)).to(self.device)
        betas = (config.beta1, config.beta2)
        self.optG = torch.optim.Adam(self.netG.parameters(), config.lr_g, betas)
        self.optD = torch.optim.Adam(self.netD.parameters(), config.lr_d, betas)
        self.loss = nn.BCEWithLogitsLoss()
        transform = transforms.Compose([transforms.ToPILImage(), transforms.Resize(config.image_size),
                                        transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
        dataset = [(images.pixels, i, transform) for i in range(images.count)]
        self.loader = torch.utils.data.DataLoader(dataset, config.batch_size, shuffle=True, drop_last=True,
                                                  collate_fn=decode)
        self.batches = iter(self.loader)

    def next_batch(self) -> torch.Tensor:
        """Images (batch_size, nc, size, size) in [-1, 1] on the device, without end: one epoch follows another."""
        try:
            return next(self.batches).to(self.device)
        except StopIteration:
            self.batches = iter(self.loader)
            return self.next_batch()

    def step(self, x_real: torch.Tensor) -> None:
        """D's update, then G's, on images of `next_batch`; waits for the losses."""
        ones = torch.ones(len(x_real), device=self.device)
        z = torch.randn(len(x_real), self.config.nz, device=self.device)
        self.netD.zero_grad()
        loss_real = self.loss(self.netD(x_real), ones)
        loss_real.backward()
        x_fake = self.netG(z)
        loss_fake = self.loss(self.netD(x_fake.detach()), 0 * ones)
        loss_fake.backward()
        self.optD.step()
        self.netG.zero_grad()
        loss_G = self.loss(self.netD(x_fake), ones)
        loss_G.backward()
        self.optG.step()
        loss_real.item(), loss_fake.item(), loss_G.item()


def decode(samples: list[tuple]) -> torch.Tensor:
    """A batch (N, channels, size, size) from N of (pixels of all images, which of them, transform)."""
    return torch.stack([transform(pixels[i]) for pixels, i, transform in samples])


class OurLoop:
    """The step of trainer.loop, one per call."""

    def __init__(self, config: TrainConfig, images: Images):
        self.config, self.device = config, torch.device(config.device)
        self.state = TrainState.start(config)
        self.batches = Batches(images, config.images_per_step, config.seed, self.device)

    def next_batch(self) -> torch.Tensor:
        """Images (batch_size, nc, size, size) in [-1, 1] on the device: those of the state's next step."""
        return self.batches[self.state.step]

    def step(self, x_real: torch.Tensor) -> None:
        """D's update, then G's, on images of `next_batch` and new z: what a training does."""
        config, state = self.config, self.state
        z = draw_z(config, len(x_real), state.z_stream, self.device)
        both_steps(config, state, state.netG, state.netD, x_real, z)


def images_per_second(config: TrainConfig, steps: int = 20, seconds: float = math.inf) -> float:
    """How fast this machine trains, with the CPU threads that a training would take: our step with its batches, the
    median of so many after a warm-up, or of as many as there are in some seconds."""
    images = load_images(config.data, config.image_size)
    config = match_images(resolve(config, None), images)
    loop, device = OurLoop(config, images), torch.device(config.device)
    with cpu_threads():
        working_threads(config, World(), loop.state)
        return config.images_per_step / time_of(lambda: loop.step(loop.next_batch()), device, steps, seconds)


def step_flops(loop: OurLoop) -> int:
    """Floating-point operations of one of our steps, counted by PyTorch."""
    with FlopCounterMode(display=False) as counter:
        loop.step(loop.next_batch())
    return counter.get_total_flops()


def matmul_rate(device: torch.device, precision: str) -> float:
    """Floating-point operations a second of a large matrix product: what the machine can do at best."""
    n = 2048 if device.type == "cpu" else 8192
    a = torch.rand(n, n, device=device, dtype=DTYPES.get(precision, torch.float32))
    return 2 * n**3 / time_of(lambda: a @ a, device, repeats=9)


def measure(config: TrainConfig, seconds: float) -> dict[str, float]:
    """Medians over interleaved rounds, in images a second: plain and ours, the step alone and with the data path."""
    images = load_images(config.data, config.image_size)
    config = match_images(resolve(config, None), images)
    device = torch.device(config.device)
    plain, ours = PlainLoop(config, images), OurLoop(config, images)
    flops = step_flops(ours)
    fixed = {loop: loop.next_batch() for loop in (plain, ours)}
    calls = {
        "plain step": lambda: plain.step(fixed[plain]),
        "our step": lambda: ours.step(fixed[ours]),
        "plain with data": lambda: plain.step(plain.next_batch()),
        "our with data": lambda: ours.step(ours.next_batch()),
    }
    once = {name: time_of(call, device, repeats=1) for name, call in calls.items()}
    per_turn = max(1, round(min(0.5, seconds / 20) / once["our step"]))  # steps per turn: at most half a second of ours
    rounds = max(3, round(seconds / (per_turn * sum(once.values()))))
    speeds = {name: [] for name in calls}
    rates = []
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(per_turn):
                call()
            wait(device)
            speeds[name].append(per_turn * config.batch_size / (time.perf_counter() - start))
        rates.append(matmul_rate(device, config.precision))
    result = {name: statistics.median(values) for name, values in speeds.items()}
    pairs = zip(speeds["our step"], speeds["plain step"], strict=True)
    result["step ratio"] = statistics.median(a / b for a, b in pairs)
    pairs = zip(speeds["our with data"], speeds["plain with data"], strict=True)
    result["data ratio"] = statistics.median(a / b for a, b in pairs)
    result["matmul share"] = result["our step"] / config.batch_size * flops / statistics.median(rates)
    result |= {"rounds": rounds, "gflop per step": flops / 1e9, "matmul gflop/s": statistics.median(rates) / 1e9}
    return result | {"precision": config.precision}


@contextlib.contextmanager
def busy_processes(n: int) -> Iterator[None]:
    """n other processes that compute all the time, as a browser or a second training would."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def rate(step: Callable[[], object], seconds: float) -> float:
    """Calls of `step` a second, over so long, or of one call."""
    begin, calls = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds or not calls:
        step()
        calls += 1
    return calls / (time.perf_counter() - begin)


def measure_threads(config: TrainConfig, seconds: float) -> dict[str, float]:
    """Images a second with each number of CPU threads, with the number that a training chooses by itself, and of the
    plain loop with all: medians of rounds in turn."""
    images = load_images(config.data, config.image_size)
    config = match_images(resolve(config.replace(device="cpu", threads="auto"), None), images)
    plain, ours = PlainLoop(config, images), OurLoop(config, images)
    every = all_threads()
    with cpu_threads():
        auto = working_threads(config, World(), ours.state)

        def watched() -> None:
            with auto.timed(config.batch_size):
                ours.step(ours.next_batch())

        names = {f"{n}": n for n in ladder(every)} | {"auto": None, f"plain loop, {every}": every}
        rounds = max(3, round(seconds / (2 * len(names))))
        speeds = {name: [] for name in names}
        for _ in range(rounds):
            for name, number in names.items():
                torch.set_num_threads(number or auto.number)
                loop = plain if name.startswith("plain") else ours
                step = watched if name == "auto" else lambda loop=loop: loop.step(loop.next_batch())
                speeds[name].append(config.batch_size * rate(step, seconds / rounds / len(names)))
    return {name: statistics.median(values) for name, values in speeds.items()}


def report_threads(config: TrainConfig, seconds: float, busy: int) -> str:
    """`measure_threads` beside so many busy processes, in words and numbers."""
    with busy_processes(busy):
        speeds = measure_threads(config, seconds)
    best = max(speed for name, speed in speeds.items() if name.isdecimal())
    return "\n".join([
        f"{config.preset}, with {busy} other busy processes on {machine()['cpu']}",
        f"{'threads':<16}{'images/s':>10}{'of the best':>14}",
        *(f"{name:<16}{speed:>10.0f}{speed / best:>14.2f}" for name, speed in speeds.items())])


def slider_latency(run: str = "avatars", moves: int = 200) -> float:
    """Median milliseconds that the kernel takes for a picture of the explorer, from its z to its pixels."""
    from ..widgets import LatentExplorer

    explorer, times = LatentExplorer(run), []
    for seed in range(moves):
        z = explorer.start(seed)
        begin = time.perf_counter()
        explorer.pixels(z[None])
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


def report(config: TrainConfig, seconds: float) -> str:
    """The measurement in words and numbers."""
    here = machine()
    m = measure(config, seconds)
    return "\n".join([
        f"{config.preset}: {config.image_size}x{config.image_size}, ngf {config.ngf}, ndf {config.ndf}, "
        f"batch {config.batch_size}, {m['precision']}; {here['cpu']}, gpu {here['gpu']}, torch {here['torch']}",
        f"{'images/s (median of ' + str(m['rounds']) + ')':<28}{'plain':>10}{'ours':>10}{'ratio':>8}",
        f"{'step':<28}{m['plain step']:>10.0f}{m['our step']:>10.0f}{m['step ratio']:>8.2f}",
        f"{'step and data':<28}{m['plain with data']:>10.0f}{m['our with data']:>10.0f}{m['data ratio']:>8.2f}",
        f"our step: {m['gflop per step']:.0f} Gflop, {m['matmul share']:.0%} of this machine's {m['precision']} "
        f"matrix-multiply rate ({m['matmul gflop/s']:,.0f} Gflop/s)",
        *([f"a slider's event to its picture, 64x64: {slider_latency():.1f} ms"] if repo_data_dir() else []),
    ])
