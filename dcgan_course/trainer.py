"""The training: two steps and one loop, in reading order."""

from collections.abc import Callable
from math import ceil
from threading import Event
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor, nn

from .augment import augmented
from .backstage.compiling import decided
from .backstage.journal import Journal, progress, say_few_images, write_images, write_pictures
from .backstage.memory import disk_in_one_line, memory_in_one_line
from .backstage.resolve import planned
from .config import TrainConfig
from .data import Batches, Images
from .losses import d_loss, g_loss, gradient_penalty, realness, unit_slope_penalty
from .machine.display import in_notebook, tensorboard
from .machine.parallel import World, join
from .machine.runtime import autocast, streams_kept
from .machine.scaling import scaled, scaled_back
from .machine.signals import stop_on_interrupt
from .machine.threads import Fixed, Threads, cpu_threads
from .models import rescaled, with_class_planes
from .plots import notebook_picture
from .runs import Run
from .runs.checkpoints import step_of
from .runs.writing import create, rewind, trained_alone
from .sampling import draw_z
from .state import TrainState

if TYPE_CHECKING:
    from .measuring.scores import Scorer


def d_step(netD: nn.Module, optD: torch.optim.Optimizer, x_real: Tensor, x_fake: Tensor,
           loss: str = "non_saturating", real_label: float = 1.0,
           penalty: Tensor | float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """One update of D: towards 1 for x_real, towards 0 for x_fake, both (N, nc, size, size).

    The two batches go through D apart, so that batch norm sees each with its own statistics.
    penalty: one more term that D minimises, see `gradient_penalty`; loss_D is without it.
    Returns loss_D, D_x and D_G_z, scalars still on the device.
    """
    logits_real = netD(x_real)  # (N,)
    logits_fake = netD(x_fake.detach())  # detach: this step must not reach G
    loss_D = d_loss(logits_real, logits_fake, loss, real_label)
    optD.zero_grad()
    (loss_D + penalty).backward()
    optD.step()
    return loss_D.detach(), realness(logits_real, loss), realness(logits_fake, loss)


def g_step(netD: nn.Module, optG: torch.optim.Optimizer, x_fake: Tensor, loss: str = "non_saturating",
           label: float = 1.0, x_real: Tensor | None = None) -> Tensor:
    """One update of G: towards images that D, just updated, calls real. x_fake is the batch that d_step saw.

    D is frozen meanwhile: gradients pass through it to G, and none are computed for its own weights.
    x_real: with the loss "relativistic", the images (N, nc, size, size) that G's are compared with.
    Returns loss_G, a scalar still on the device.
    """
    netD.requires_grad_(False)
    logits_real = None if x_real is None else netD(x_real)  # numbers to compare with: nothing of them leads to G
    loss_G = g_loss(netD(x_fake), loss, label, logits_real)
    optG.zero_grad()
    loss_G.backward()
    optG.step()
    netD.requires_grad_(True)
    return loss_G.detach()


def both_steps(config: TrainConfig, state: TrainState, netG: nn.Module, netD: nn.Module, x_real: Tensor,
               z: Tensor) -> None:
    """A step: n_critic updates of D, each on its own images and z, then one of G on the last of them. netG and netD are
    the networks of `state`, as they are called here: with several processes, wrapped."""
    n = config.n_critic
    for i in range(n):
        x, z_i = x_real[i::n], z[i::n]  # every n-th: of several processes' shares it is the same part
        one_hot = z_i[:, config.nz:]  # empty, unless there are classes to tell: one for the real and the fake image
        with autocast(x.device, config.precision):  # entered anew: it remembers weights as they were
            with torch.set_grad_enabled(i == n - 1):
                x_fake = netG(z_i)  # the last one serves G's step too
            x = rescaled(x, config.scale)
            seen_real, seen_fake = seen(x, config, one_hot), seen(x_fake, config, one_hot)
            loss_D, D_x, D_G_z = d_step(scaled(netD, state.optD), state.optD, seen_real, seen_fake, config.loss,
                                        config.real_label, penalty_of(config, state, netD, seen_real, seen_fake, i))
    with autocast(x.device, config.precision):
        beside = seen(x, config, one_hot) if config.loss == "relativistic" else None
        loss_G = g_step(scaled(state.netD, state.optG), state.optG, seen(x_fake, config, one_hot), config.loss,
                        config.g_label, beside)
    state.step += 1
    state.update_ema(config)
    state.totals += torch.stack([loss_D, loss_G, D_x, D_G_z])  # stays on the device: no waiting for it


def penalty_of(config: TrainConfig, state: TrainState, netD: nn.Module, seen_real: Tensor,
               seen_fake: Tensor, i: int = 0) -> Tensor | float:
    """What config adds to D's loss in the i-th update of this step: at every penalty_every-th one, that many times as
    much ("lazy", arXiv 1912.04958, appendix B), and nothing at the others."""
    if (state.step * config.n_critic + i) % config.penalty_every or not (config.r1 or config.r2 or config.gp):
        return 0.0
    every = config.penalty_every
    with (autocast(seen_real.device, "fp32"),  # gradients of gradients are small
          torch.compiler.set_stance("force_eager")):  # and what is compiled has none
        terms = [gradient_penalty(netD, x, gamma * every, config.nc)
                 for x, gamma in ((seen_real, config.r1), (seen_fake, config.r2)) if gamma]
        if config.gp:
            terms.append(unit_slope_penalty(netD, seen_real, seen_fake, config.gp * every, config.nc))
    return scaled_back(sum(terms), state.optD)


def seen(x: Tensor, config: TrainConfig, one_hot: Tensor) -> Tensor:
    """What D sees of images: with other random changes at each look, and with their classes, where config asks for
    them."""
    if config.augment:
        x = augmented(x)
    if config.instance_noise:
        x = x + config.instance_noise * torch.randn_like(x)
    return with_class_planes(x, one_hot) if config.classes and config.class_input != "none" else x


def train(config: TrainConfig, resume: Run | None = None, show: Callable[[Image.Image, str], None] | None = None,
          quiet: bool = False) -> Run:
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
    config, images = planned(config, resume)
    # before anybody waits: one process that is gone already is another error for those that still join
    World.to_come().check(config.batch_size, config.sync_batch_norm, config.device)
    with memory_in_one_line(config, resume) as begun:
        return trained(config, images, resume, show, quiet, begun)


def trained(config: TrainConfig, images: Images, resume: Run | None, show: Callable[[Image.Image, str], None] | None,
            quiet: bool, begun: list[Run]) -> Run:
    """The training itself, once it is settled what is trained on which images; a run that it begins is added to `begun`
    at once."""
    with join(torch.device(config.device)) as world, streams_kept(), cpu_threads():
        config, batches = agreed(config, images, world, resume)
        # dropout draws from the global stream, other numbers in each process; the caller's is put back afterwards
        torch.manual_seed(config.seed)
        scorer = make_scorer(config) if world.main else None
        state = TrainState.start(config)
        if world.rank:  # with the same networks as the others, spectral norm's vectors too
            torch.manual_seed(config.seed + world.rank)
        run = resume or Run(world.from_main(lambda: str(create(config).path)))
        begun += [run] if world.main else []  # one process speaks for all
        last_step = last_step_of(config, batches)
        with disk_in_one_line(run), trained_alone(run, world.main):
            if resume:
                go_on(run, config, world, state)
            if world.main:
                write_images(run, images, new=resume is None)
            watched = world.main and not quiet
            if state.step >= last_step and watched:
                print(f"{run.path}: has its {config.num_epochs:g} epochs already; a larger --num_epochs prolongs it")
            elif watched:
                say_few_images(config, images.count, last_step)
            if show is None and in_notebook() and not quiet:
                show = notebook_picture(run.stats, last_step * config.images_per_step / 1000, config.loss)
            with (stop_on_interrupt() as stop,
                  tensorboard(run.path / "tensorboard", config.tensorboard and world.main) as board,
                  progress(run, config, state.step, last_step, watched) as bar):
                journal = Journal(run, config, world.main, last_step, bar, board, show, scorer)
                loop(config, world, batches, state, journal, stop)
            run.stopped = state.step < last_step
            if world.main:
                write_pictures(run)
    return run


def loop(config: TrainConfig, world: World, batches: Batches, state: TrainState, journal: Journal,
         stop: Event) -> None:
    """Steps until the last one, or until `stop` is set, with statistics, samples and checkpoints on the way."""
    device, last_step, per_epoch = torch.device(config.device), journal.last_step, batches.steps_per_epoch
    lap = per_epoch * ceil(config.log_steps / per_epoch)  # an epoch; of few images as many as take log_steps steps
    netG, netD = world.wrap(state.netG), world.wrap(state.netD)  # the same networks; several processes share gradients
    if state.step == 0:
        journal.sample(state)
    threads = working_threads(config, world, state)
    journal.begin(state, threads)
    stopping = False
    while state.step < last_step and not stopping:
        with threads.timed(config.images_per_step):
            x_real = batches[state.step]  # (N, nc, size, size) in [-1, 1]; N: this process's share
            labels = batches.labels(state.step) if config.classes else None
            z = world.share(draw_z(config, config.images_per_step, state.z_stream, device, labels))
            both_steps(config, state, netG, netD, x_real, z)
        journal.count(state, threads)
        last = state.step == last_step
        scored = config.metric_every and (state.step % (per_epoch * config.metric_every) == 0 or last)
        log = line_is_due(state.step, lap, config.log_steps) or scored or last  # a score has a checkpoint
        if log:
            world.average_(state.totals)
            journal.log(state)
        if journal.sample_is_due(state) or last:
            journal.sample(state)
        due = (log or world.size == 1) and journal.checkpoint_is_due()
        if log or world.size == 1 or state.step % 8 == 0:  # several stop at the same step: they ask one another
            stopping = world.any(stop.is_set(), device)
            if stopping and not log:
                world.average_(state.totals)  # as they will be loaded by all
        if scored:
            journal.score(state)
        if state.step % lap == 0 or scored or last or stopping or due:
            journal.save(state)
    if stopping:
        journal.say_stopped(state)


def line_is_due(step: int, lap: int, every: int) -> bool:
    """Whether statistics are due: at each lap's end, and every so many steps before, but not shortly before the end:
    the end's line would be the mean of very few steps, a spike in the curves."""
    place = step % lap
    return place == 0 or (place % every == 0 and lap - place > every // 3)


# ---- before the loop


def agreed(config: TrainConfig, images: Images, world: World, resume: Run | None) -> tuple[TrainConfig, Batches]:
    """What each of several processes would choose for itself, chosen by one; and the batches, of which each has a
    share."""
    config = config.replace(precision=world.from_main(lambda: config.precision))  # a probe's answers may differ
    batches = Batches(images, config.images_per_step, config.seed, config.device, config.flip, world)
    done = max(map(step_of, resume.checkpoints() if resume else ()), default=0)
    left = last_step_of(config, batches) - done
    return config.replace(compile=world.from_main(lambda: decided(config, left, lambda c: one_step(c, world)))), batches


def last_step_of(config: TrainConfig, batches: Batches) -> int:
    """How many steps the whole training has, at least one."""
    return max(1, round(config.num_epochs * batches.steps_per_epoch))


def go_on(run: Run, config: TrainConfig, world: World, state: TrainState) -> None:
    """The state and the run's lines as they were at the last checkpoint."""
    state.load(run.last_checkpoint())
    if world.main:
        rewind(run, config, state.step)
    else:  # the checkpoint holds the main process's stream
        torch.manual_seed(config.seed + state.step + world.rank)


def one_step(config: TrainConfig, world: World) -> Callable[..., None]:
    """A step of a new training on black images, to be timed or tried on all or some of a batch: (n = all) -> None.

    The first call has the penalties, if config asks for them; those after it, which are timed, are all alike."""
    # one process tries it alone: synchronised batch norms would wait for the others
    state, share = TrainState.start(config.replace(sync_batch_norm=False)), config.images_per_step // world.size
    size = config.image_size
    # as batches lie on CUDA and the CPU
    x_real = -torch.ones(share, size, size, config.nc, device=config.device).permute(0, 3, 1, 2)
    z = draw_z(config, share, state.z_stream, config.device)

    def step(n: int = share) -> None:
        both_steps(config, state, state.netG, state.netD, x_real[:n], z[:n])
        state.step = 1  # the step of a penalty never comes again

    return step


def make_scorer(config: TrainConfig) -> "Scorer | None":
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
    return Threads(lambda: one_step(config, world), config.images_per_step, state.threads, state.speed)
