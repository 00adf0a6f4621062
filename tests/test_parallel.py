"""Two processes on the CPU must train what one process trains, and end together."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import processes
import pytest
import tiny
import torch
from safetensors.torch import load_file
from servers import free_port
from torch import nn

from dcgan_course import trainer
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.parallel import World, backend, join
from dcgan_course.runs import Run
from dcgan_course.runs.checkpoints import step_of
from dcgan_course.trainer import one_step, train

TINY = Path(__file__).with_name("tiny.py")

GRADIENTS = """if True:
    import tiny, torch
    from dcgan_course.data import Batches
    from dcgan_course.machine.parallel import join
    from dcgan_course.sampling import sample_z
    from dcgan_course.state import TrainState
    from dcgan_course.backstage.resolve import match_images, resolve
    from dcgan_course.trainer import both_steps
    torch.rand = lambda *shape, device: torch.full(shape, 0.3)  # places on lines, which are each process's own
    found = {{}}
    with join(torch.device("cpu")) as world:
        for loss, other in (("non_saturating", {{"real_label": 0.9}}), ("relativistic", {{"n_critic": 2}})):
            other |= {{"r1": 1.0, "r2": 1.0, "gp": 1.0, "penalty_every": 1, "init": "he", "g_dropout": 0.0}}
            config = tiny.config(".", norm="none", loss=loss, **other)
            config = match_images(resolve(config, None), tiny.images(28))
            state = TrainState.start(config)
            batches = Batches(tiny.images(28), config.images_per_step, 0, world=world)
            netG, netD = world.wrap(state.netG), world.wrap(state.netD)
            for step in range(2):
                z = world.share(sample_z(config.images_per_step, config.nz, generator=state.z_stream))
                both_steps(config, state, netG, netD, batches[step], z)
                for net in ("netG", "netD"):
                    found |= {{f"{{loss}} {{step}} {{net}}.{{n}}": p.grad.clone()
                              for n, p in getattr(state, net).named_parameters()}}
        torch.save(found, f"{folder}/{{world.size}}_{{world.rank}}.pt")
"""


def start(code, count=2):
    """So many processes, as torchrun would start them."""
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": str(count)}
    return [processes.begin(code, **common, RANK=str(r), LOCAL_RANK=str(r)) for r in range(count)]


def finish(children):
    """(status, stdout, stderr) of each."""
    outputs = [child.communicate() for child in children]
    return [(child.returncode, *output) for child, output in zip(children, outputs, strict=True)]


def test_gradients_equal_those_of_one_process(tmp_path):
    for count in (1, 2):
        for status, _, error in finish(start(GRADIENTS.format(folder=str(tmp_path)), count)):
            assert status == 0, error
    alone, first, second = (torch.load(tmp_path / f"{name}.pt") for name in ("1_0", "2_0", "2_1"))
    assert alone.keys() == first.keys() and len(alone) > 40
    for name in alone:
        assert torch.equal(first[name], second[name])
        largest = alone[name].abs().max().item()
        torch.testing.assert_close(first[name], alone[name], rtol=1e-3, atol=1e-3 * largest)
        assert largest > 0


def training(config):
    return processes.script(*words(config))


def words(config):
    flags = [word for key in ("data", "nz", "ngf", "ndf", "batch_size", "num_epochs", "sample_kimg", "log_steps",
                              "keep", "checkpoint_minutes", "ema_kimg", "g_dropout", "device", "precision", "norm",
                              "classes", "class_input", "out")
             for word in (f"--{key}", str(getattr(config, key)))]
    return [TINY, "train", "--preset", "smoke", *flags]


@pytest.fixture
def config(tmp_path):
    return tiny.config(tmp_path, norm="none", g_dropout=0.0)


def weights(run):
    return load_file(run.last_checkpoint() / "netG.safetensors")


def assert_close_runs(one, two):
    assert [line["step"] for line in one.stats()] == [line["step"] for line in two.stats()]
    for a, b in zip(one.stats(), two.stats(), strict=True):
        for key in ("loss_D", "loss_G", "D_x", "D_G_z"):
            assert a[key] == pytest.approx(b[key], rel=0.01)
    for name, value in weights(one).items():  # Adam turns rounding into steps of up to its rate; 30 steps of 2e-4
        torch.testing.assert_close(value, weights(two)[name], rtol=0, atol=1e-3)


def test_one_process_of_torchrun_is_joined_with_itself(config, monkeypatch):
    """All that several do, which one GPU is then enough to try; the training is the same to the bit."""
    alone = train(config, quiet=True)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    said = "from dcgan_course.machine import parallel; real = parallel.World.wrap; parallel.World.wrap = " \
           "lambda world, net: (w := real(world, net), print(type(w).__name__))[0]; "
    (status, out, error), = finish(start(said + training(config), 1))
    assert status == 0, error
    assert out.splitlines()[:2] == ["DistributedDataParallel"] * 2
    for name, value in weights(alone).items():
        assert torch.equal(weights(Run(alone.path.with_name("0002-smoke")))[name], value)


def test_two_processes_train_what_one_trains(tmp_path, config):
    often = config.replace(checkpoint_minutes=1e-9)
    (status, out, _), (other, silent, _) = finish(start(training(often)))
    said = [line for line in silent.splitlines() if not line.startswith("[Gloo]")]  # torch 2.8's own
    assert (status, other) == (0, 0) and "training.gif" in out and not said  # only rank 0 writes and speaks
    assert [p.name for p in tmp_path.iterdir()] == ["0001-smoke"]
    one, two = train(config), Run(tmp_path / "0001-smoke")
    assert len(two.samples()) == len(one.samples())
    assert_close_runs(one, two)
    # by the clock where all have just told one another their statistics: only then does a checkpoint hold everything
    assert [step_of(checkpoint) for checkpoint in two.checkpoints()] == [line["step"] for line in two.stats()]


def test_two_processes_begin_with_the_same_networks(tmp_path, config):
    """Spectral norm's vectors too, which come from the global stream, as dropout does."""
    said = f"""if True:
        import torch
        from dcgan_course import trainer
        def loop(config, world, batches, state, *rest):
            torch.save((state.netD.state_dict(), torch.rand(3)), f"{tmp_path}/{{world.rank}}.pt")
            real(config, world, batches, state, *rest)
        real, trainer.loop = trainer.loop, loop
    """
    train_it = processes.script(*words(config.replace(num_epochs=1)), "--spectral_norm", "--norm", "batch")
    code = f"exec({said!r}); " + train_it
    assert [status for status, *_ in finish(start(code))] == [0, 0]
    (first, drawn), (second, other) = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert not torch.equal(drawn, other) and sum("_u" in name for name in first) > 2
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_one_process_tries_a_step_alone(monkeypatch):
    """While the others wait for its choice; a synchronised batch norm would wait for them, for ever."""
    layers = []
    monkeypatch.setattr(trainer, "both_steps", lambda config, state, netG, netD, *_: layers.extend(
        layer for net in (netG, netD, state.netG, state.netD) for layer in net.modules()))
    one_step(tiny.config(".", nc=1, sync_batch_norm=True, compile="off"), World(0, 2, True))()
    kinds = [type(layer) for layer in layers if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    assert len(kinds) > 4 and set(kinds) == {nn.BatchNorm2d}


@pytest.mark.parametrize(("said", "expected"), [
    ("[../gloo/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:1", "[../gloo/tcp/pair.cc:534] Connection clo"),
    ("NCCL error in: ProcessGroupNCCL.cpp:3690, unhandled system error\nLast error:\n"
     "Error while creating shared memory segment /dev/shm/nccl-x (size 5)\n", "Error while creating shared memory"),
    ("", "DistError")])
def test_what_a_collective_says_is_passed_on(monkeypatch, said, expected):
    """The cause may be this machine's own, such as too little shared memory."""
    monkeypatch.setattr(World, "to_come", lambda: World(0, 2, True))
    for name in ("init_process_group", "destroy_process_group"):
        monkeypatch.setattr(torch.distributed, name, lambda *_: None)
    found = re.escape(f"ended, or cannot be reached ({expected}")
    with pytest.raises(UserError, match=found), join(torch.device("cpu")):
        raise torch.distributed.DistError(said)


def test_not_on_mps():
    with pytest.raises(UserError, match="device: found mps in a training by torchrun, expected GPUs with CUDA, or"):
        World(0, 1, True).check(20, False, "mps")
    World().check(20, False, "mps")


@pytest.mark.parametrize(("nccl", "expected"), [(True, "nccl"), (False, "gloo")])  # Windows has none
def test_what_gpus_send_by(monkeypatch, nccl, expected):
    monkeypatch.setattr(torch.distributed, "is_nccl_available", lambda: nccl)
    assert backend(torch.device("cuda")) == expected and backend(torch.device("cpu")) == "gloo"


def test_two_processes_train_a_projection(config):
    """Each with the classes of its own share of the batch."""
    config = config.replace(classes=2, class_input="projection", num_epochs=1)
    assert [status for status, *_ in finish(start(training(config)))] == [0, 0]
    one = train(config)
    assert_close_runs(one, Run(one.path.with_name("0001-smoke")))


def test_resume_from_any_number_of_processes(tmp_path, config):
    one = train(config)
    half = config.replace(num_epochs=1)
    assert [status for status, *_ in finish(start(training(half)))] == [0, 0]
    run = Run(tmp_path / "0002-smoke")
    run = train(run.config.replace(num_epochs=2), resume=run)
    ended = finish(start(processes.script(TINY, "resume", run.path, "--num_epochs", "3")))
    assert [status for status, *_ in ended] == [0, 0], ended
    assert_close_runs(one, Run(run.path))


def test_a_dying_process_ends_all_with_a_clear_message(tmp_path, config):
    config = config.replace(num_epochs=500)
    children = start(training(config))
    deadline = time.monotonic() + processes.PATIENCE
    while not list(tmp_path.glob("0001-smoke/checkpoints/step_*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(children[1].pid, processes.KILL)
    status, _, error = finish(children)[0]
    assert status == 2 and "Traceback" not in error, error
    assert "dcgan-course: rank 0: another process of this training has ended" in error
    run = Run(tmp_path / "0001-smoke")
    done = run.stats()[-1]["step"]
    last = int(run.last_checkpoint().name[5:])
    assert train(run.config, resume=run, show=Stop()).stats()[-1]["step"] >= last >= done - 20


class Stop:
    """Presses Ctrl-C at the first picture."""

    def __call__(self, *_):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_torchrun_itself_and_ctrl_c(tmp_path, config, signum):
    """One Ctrl-C, or a batch system's SIGTERM, reaches every process, some of them twice: all stop at the same step,
    with a checkpoint."""
    launcher = subprocess.Popen([sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2",
                                 f"--master-port={free_port()}", *map(str, words(config.replace(num_epochs=500)))],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + processes.PATIENCE
    while not list(tmp_path.glob("0001-smoke/checkpoints/step_*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(launcher.pid, signum)
    out, _ = launcher.communicate(timeout=processes.PATIENCE)
    run = Run(tmp_path / "0001-smoke")
    step = int(run.last_checkpoint().name[5:])
    assert f"Stopped after step {step} of 5000" in out
    assert step - config.log_steps < run.stats()[-1]["step"] <= step  # several also stop between two lines


@pytest.mark.parametrize("changes, expected", [
    ({"batch_size": 21}, "batch_size: found 21, expected a multiple of the 2 processes"),
    ({"batch_size": 2}, "batch_size: found 2 for 2 processes, expected at least 2 for each")])
def test_batches_that_cannot_be_shared(tmp_path, config, changes, expected):
    for rank, (status, _, error) in enumerate(finish(start(training(config.replace(**changes))))):
        assert status == 2 and f"dcgan-course: rank {rank}: {expected}" in error and "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_synchronised_batch_norm_needs_gpus():
    with pytest.raises(UserError, match="sync_batch_norm: found device cpu, expected GPUs"):
        World(0, 2).check(64, True, "cpu")
    World(0, 2).check(64, True, "cuda")
