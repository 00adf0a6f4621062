"""The training: two steps and one loop, in reading order."""

import contextlib
import time

import torch
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from . import plots
from .augment import augmented
from .config import TrainConfig
from .data import Batches, images_of, to_float
from .losses import d_loss, g_loss, realness
from .machine.errors import UserError
from .machine.files import to_json, write_atomically
from .machine.parallel import World, join
from .machine.runtime import autocast, bar_options, in_notebook, seeded
from .machine.scaling import scaled
from .machine.signals import stop_on_interrupt
from .machine.threads import Fixed, Threads, cpu_threads
from .models import rescaled, with_class_planes
from .planning.compiling import decided
from .planning.memory import memory_in_one_line, out_of_memory, require_memory
from .planning.resolve import match_images, require_same_images, resolve
from .runs import IMAGES_FILE, Run
from .runs.checkpoints import step_of
from .sampling import draw_z, generate, image_grid
from .state import STATS, TrainState


def d_step(netD: nn.Module, optD: torch.optim.Optimizer, x_real: Tensor, x_fake: Tensor,
           loss: str = "non_saturating", real_label: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """One update of D: towards 1 for x_real, towards 0 for x_fake, both (N, nc, size, size).

    The two batches go through D apart, so that batch norm sees each with its own statistics.
    Returns loss_D, D_x and D_G_z, scalars still on the device.
    """
    logits_real = netD(x_real)  # (N,)
    logits_fake = netD(x_fake.detach())  # detach: this step must not reach G
    loss_D = d_loss(logits_real, logits_fake, loss, real_label)
    optD.zero_grad()
    loss_D.backward()
    optD.step()
    return loss_D.detach(), realness(logits_real, loss), realness(logits_fake, loss)


def g_step(netD: nn.Module, optG: torch.optim.Optimizer, x_fake: Tensor, loss: str = "non_saturating",
           label: float = 1.0) -> Tensor:
    """One update of G: towards images that D, just updated, calls real. x_fake is the batch that d_step saw.

    D is frozen meanwhile: gradients pass through it to G, and none are computed for its own weights.
    Returns loss_G, a scalar still on the device.
    """
    netD.requires_grad_(False)
    loss_G = g_loss(netD(x_fake), loss, label)
    optG.zero_grad()
    loss_G.backward()
    optG.step()
    netD.requires_grad_(True)
    return loss_G.detach()


def both_steps(config: TrainConfig, state: TrainState, netG: nn.Module, netD: nn.Module, x_real: Tensor,
               z: Tensor) -> None:
    """D's update, then G's, on one batch. netG and netD are the networks of `state`, as they are called here: with
    several processes, wrapped."""
    one_hot = z[:, config.nz:]  # empty, unless both are told the class: the same one for the real and the fake image
    with autocast(x_real.device, config.precision):
        x_fake = netG(z)  # one forward of G serves both steps
        x_real = rescaled(x_real, config.scale)
        loss_D, D_x, D_G_z = d_step(scaled(netD, state.optD), state.optD, seen(x_real, config, one_hot),
                                    seen(x_fake, config, one_hot), config.loss, config.real_label)
        loss_G = g_step(scaled(state.netD, state.optG), state.optG, seen(x_fake, config, one_hot), config.loss,
                        config.g_label)
    state.step += 1
    state.update_ema(config)
    state.totals += torch.stack([loss_D, loss_G, D_x, D_G_z])  # stays on the device: no waiting for it


def seen(x: Tensor, config: TrainConfig, one_hot: Tensor) -> Tensor:
    """What D sees of images: with other random changes at each look, and with their classes, where config asks for
    them."""
    if config.augment:
        x = augmented(x)
    if config.instance_noise:
        x = x + config.instance_noise * torch.randn_like(x)
    return with_class_planes(x, one_hot) if config.classes else x


def train(config: TrainConfig, resume: Run | None = None, show=None, quiet: bool = False) -> Run:
    """Train as `config` says, into a new run folder, or go on with the run `resume`.

    Args:
        show: called with (picture, caption) at each sample grid; None = a picture that refreshes in a notebook,
            nothing elsewhere.
        quiet: no progress bar, and no picture in a notebook.
    Returns:
        the finished (or, after Ctrl-C or SIGTERM, the stopped) run.
    Raises:
        UserError: an impossible config, a damaged checkpoint, another config than the run's, a full disk, too little
            memory, or losses that are no longer finite.
    """
    config = resolve(config, resume)
    if not resume:  # what has trained once is not refused
        require_memory(config)
    try:
        images = images_of(config)
    except UserError as error:
        if resume:
            raise UserError(f"{error}; if they were moved: resume {resume.path} --data NAME") from None
        raise
    config = match_images(config, images)
    if resume:
        require_same_images(resume, images)
    with memory_in_one_line(config, resume) as begun, join(torch.device(config.device)) as world, \
            torch.random.fork_rng(), cpu_threads(), contextlib.ExitStack() as alone:
        world.check(config.batch_size, config.sync_batch_norm, config.device)
        config = config.replace(precision=world.from_main(lambda: config.precision))  # a probe's answers may differ
        batches = Batches(images, config.batch_size, config.seed, config.device, config.flip, world)
        last_step = max(1, round(config.num_epochs * batches.steps_per_epoch))
        left = last_step - max(map(step_of, resume.checkpoints() if resume else ()), default=0)
        config = config.replace(compile=world.from_main(lambda: decided(config, left, lambda c: one_step(c, world))))
        # dropout draws from the global stream, other numbers in each process; the caller's is put back afterwards
        torch.manual_seed(config.seed + world.rank)
        scorer = make_scorer(config) if world.main else None
        state = TrainState.start(config)
        run = resume or Run(world.from_main(lambda: str(Run.create(config).path)))
        begun += [run] if world.main else []  # one process speaks for all
        try:
            alone.enter_context(run.trained_alone(world.main))
            if resume:
                state.load(resume.last_checkpoint())
                if not world.main:  # the checkpoint holds the main process's stream
                    torch.manual_seed(config.seed + state.step + world.rank)
            if world.main and resume:
                run.rewind(config, state.step)
            if world.main:
                write_atomically(run.path / IMAGES_FILE, to_json(images.about()))
            if world.main and not resume:
                some = plots.thinned(range(images.count), 64)  # from all over: folders are sorted
                save_picture(image_grid(to_float(images.batch(some))), run.path / "reals.png")
            if state.step >= last_step and world.main and not quiet:
                print(f"{run.path}: has its {config.num_epochs:g} epochs already; a larger --num_epochs prolongs it")
            show = show or (notebook_picture() if in_notebook() and not quiet else None)
            with stop_on_interrupt() as stop, tensorboard(run, config, world) as board, \
                    progress(run, config, state.step, last_step, world.main and not quiet) as bar:
                loop(config, world, batches, state, run, last_step, stop, bar, board, show, scorer)
            run.stopped = state.step < last_step
            if world.main:
                write_pictures(run)
        except OSError as error:
            if out_of_memory(error):
                raise
            raise UserError(f"{run.path}: cannot be written ({error.strerror or error}); {run.last_good()}") from error
    return run


def loop(config: TrainConfig, world: World, batches: Batches, state: TrainState, run: Run, last_step: int, stop, bar,
         board, show, scorer) -> None:
    """Steps until `last_step` or until `stop` is set, with statistics, samples and checkpoints on the way."""
    device = torch.device(config.device)
    netG, netD = world.wrap(state.netG), world.wrap(state.netD)  # the same networks; several processes share gradients
    z_fixed = draw_z(config, 64, seeded(config.seed, "z_fixed"))
    per_epoch, batch_size = batches.steps_per_epoch, config.batch_size
    z_metric = draw_z(config, config.metric_n, seeded(config.seed, "z_metric"))
    sample_every = max(1, round(config.sample_kimg * 1000))  # images
    if state.step == 0 and world.main:
        sample(run, state, 0.0, z_fixed, show, board)
    threads = working_threads(config, world, state)
    tell_threads(threads, state, bar)
    saved_at = logged_at = time.perf_counter()
    logged_step, stopping = state.step, False

    while state.step < last_step and not stopping:
        with threads.timed(batch_size):
            x_real = batches[state.step]  # (N, nc, size, size) in [-1, 1]; N: this process's share of batch_size
            labels = batches.labels(state.step) if config.classes else None
            z = world.share(draw_z(config, batch_size, state.z_stream, device, labels))
            both_steps(config, state, netG, netD, x_real, z)
        tell_threads(threads, state, bar)
        bar.update(batch_size)
        shown = state.step * batch_size  # real images
        epoch_ends = state.step % per_epoch == 0 or state.step == last_step
        log = state.step % per_epoch % config.log_steps == 0 or state.step == last_step
        if log:
            world.average_(state.totals)
            state.require_finite(run)
            line = state.take_stats(batch_size)
            now = time.perf_counter()
            line["images_per_s"] = round((state.step - logged_step) * batch_size / (now - logged_at), 1)
            line["threads"] = state.threads
            logged_at, logged_step = now, state.step
            bar.set_postfix_str(f"loss_D {line['loss_D']:.2f}, loss_G {line['loss_G']:.2f}")
            if world.main:
                write_stats(run, board, line, shown)
        if world.main and (shown // sample_every > (shown - batch_size) // sample_every or state.step == last_step):
            sample(run, state, shown / 1000, z_fixed, show, board)
        due = False
        if log or world.size == 1 or state.step % 8 == 0:  # several stop at the same step: they ask one another
            stopping = world.any(stop.is_set(), device)
            due = (log or world.size == 1) and 0 < 60 * config.checkpoint_minutes <= time.perf_counter() - saved_at
            if stopping and not log:
                world.average_(state.totals)  # as they will be loaded by all
        scored = scorer and (state.step % (per_epoch * config.metric_every) == 0 or state.step == last_step)
        if world.main and scored:
            score = scorer(generate(state.shown, z_metric[: scorer.most]))
            run.add_line({"step": state.step, "kimg": shown / 1000, **score}, "metrics.jsonl")
        if world.main and (epoch_ends or stopping or due):
            state.save(run, config.keep)
            saved_at = time.perf_counter()
    if stopping and world.main:
        bar.close()
        print(f"Stopped after step {state.step} of {last_step}; {run.last_good()}")


# ---- before the loop


def one_step(config: TrainConfig, world: World):
    """A step of a new training on black images, to be timed or tried on all or some of a batch: (n = all) -> None."""
    state, share = TrainState.start(config), config.batch_size // world.size
    x_real = -torch.ones(share, config.nc, config.image_size, config.image_size, device=config.device)
    z = draw_z(config, share, state.z_stream, config.device)
    return lambda n=share: both_steps(config, state, state.netG, state.netD, x_real[:n], z[:n])


def make_scorer(config: TrainConfig):
    """What scores images while training, or None. Raises UserError where no judge knows these images."""
    if not config.metric_every:
        return None
    from .measuring.scores import scorer_for

    return scorer_for(config)


def working_threads(config: TrainConfig, world: World, state: TrainState) -> Threads | Fixed:
    """The CPU threads that config asks for. "auto" begins with those of the checkpoint, on which the last bits depend;
    without one it tries the step itself, on networks of its own."""
    if config.threads != "auto":
        return Fixed(config.threads)
    if config.device != "cpu" or config.compile == "on" or world.size > 1:  # compiled for a number; torchrun sets one
        return Fixed(state.threads)
    return Threads(lambda: one_step(config, world), config.batch_size, state.threads, state.speed)


def tell_threads(threads: Threads | Fixed, state: TrainState, bar: tqdm) -> None:
    """Keep in the state how many threads work, and say it where that is new: fewer than all, or others than before."""
    if not bar.disable and state.threads != threads.number and (state.threads or threads.fewer):
        after = f", after {state.threads}: not bit for bit" if state.threads else ""
        bar.write(f"{threads} work{after}", file=bar.fp)  # where the bar is
    state.threads, state.speed = threads.number, threads.speed


# ---- pictures on the way


def write_stats(run: Run, board, line: dict, shown: int) -> None:
    """One line into stats.jsonl, and to TensorBoard."""
    run.add_line(line)
    if board:
        for key in STATS:
            board.add_scalar(key, line[key], shown)


def sample(run: Run, state: TrainState, kimg: float, z_fixed: Tensor, show, board) -> None:
    """Write the grid of z_fixed as samples/fakes_KKKKKK.png, and show it."""
    grid = image_grid(generate(state.shown, z_fixed))
    name = f"fakes_{kimg:010.3f}".rstrip("0").rstrip(".")  # fakes_000040, fakes_000040.008: in order by name too
    save_picture(grid, run.path / "samples" / f"{name}.png")
    if board:
        board.add_image("samples", grid, round(kimg * 1000), dataformats="HWC")
    if show:
        show(Image.fromarray(grid.numpy()), plots.clock(kimg))


def write_pictures(run: Run) -> None:
    """curves.png and training.gif from the run's statistics and samples."""
    stats = run.stats()
    if stats:
        plots.curves(stats).savefig(run.path / "curves.png", dpi=110)
    plots.write_gif(run.samples(), run.path / "training.gif")


def save_picture(grid: Tensor, file) -> None:
    Image.fromarray(grid.numpy()).save(file)


def notebook_picture():
    """A function (picture, caption) that shows a picture in a notebook and replaces it at the next call."""
    from IPython.display import Markdown, display

    handles = [display(Markdown(""), display_id=True), display(Markdown(""), display_id=True)]

    def show(picture: Image.Image, caption: str) -> None:
        handles[0].update(Markdown(caption))
        handles[1].update(picture)

    return show


def progress(run: Run, config: TrainConfig, step: int, last_step: int, show: bool) -> tqdm:
    """The progress bar, in images."""
    return tqdm(total=last_step * config.batch_size, initial=step * config.batch_size, unit="img",
                unit_scale=True, desc=run.path.name, disable=not show, **bar_options())


def tensorboard(run: Run, config: TrainConfig, world: World):
    """A TensorBoard writer in the run folder, where config asks for it. Raises UserError where it is not installed."""
    if not (config.tensorboard and world.main):
        return contextlib.nullcontext()
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UserError("tensorboard: not installed, expected after `pip install tensorboard`") from None
    return SummaryWriter(str(run.path / "tensorboard"))
