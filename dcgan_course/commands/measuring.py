"""Numbers: of a generator, of a discriminator, of this machine.

Each function is a command, and its parameters are the flags.
"""

from pathlib import Path

from ..machine.errors import UserError
from ..machine.flags import RunName, expect_file, expect_picture, expect_positive, save, writing
from .drawing import say_weights


def score(run: RunName, /, n: int = 10_000, seed: int = 0, judge: str = "auto", checkpoint: str | None = None) -> None:
    """Judge a generator by numbers: one column for each checkpoint that the run has kept.

    Args:
        run: A run folder, or the name of a recorded run.
        n: How many images to draw; numbers compare only at equal n. At most as many as there are real ones.
        seed: Start of the random stream of z.
        judge: Whose features are compared: auto = the run's; mnist, avatars or heritage, a file made by
            `dcgan-course judge`, or the weights of the Inception network.
        checkpoint: Only this one: best, last, or the number of a step; None = all.
    """
    from ..machine.runtime import settle_threads
    from ..measuring.scores import require_judge, score_run
    from ..runs import load_run

    expect_positive(n=n)
    loaded = load_run(run, checkpoint or "best")
    require_judge(loaded.config if judge == "auto" else loaded.config.replace(judge=judge), n)
    if checkpoint:
        say_weights(loaded)
    print(f"{n:,} images of each checkpoint (fewer if fewer are real): up to a minute for each ...", flush=True)
    settle_threads()
    columns = score_run(loaded, n, seed, judge, [loaded.chosen] if checkpoint else None)
    print(" " * 18 + "".join(f"{column:>14}" for column in columns))
    for name in columns["real images"]:
        print(f"{name:<18}" + "".join(f"{scores[name]:>14.3f}" for scores in columns.values()))
    print("The nearer to the real images, the better. fd, kd: distances; precision: how many\n"
          "look real; recall: how much of the real is there; lesson 11 has the others.")


def neighbours(run: RunName, /, n: int = 16, seed: int = 0, judge: str = "auto", checkpoint: str = "best",
               out: Path = Path("neighbours.png")) -> None:
    """Draw images, and right of each the training image that is nearest to it, to look for copies.

    Args:
        run: A run folder, or the name of a recorded run whose training images are here.
        n: How many.
        seed: Start of the random stream of z.
        judge: In whose features; as for score.
        checkpoint: Whose weights, as for sample.
        out: The picture to write.
    """
    import torch

    from ..backstage.resolve import require_same_images
    from ..machine.runtime import seeded, settle_threads
    from ..measuring.scores import compared_with, training_neighbours
    from ..runs import load_run
    from ..sampling import draw_z, generate, image_grid

    expect_positive(n=n)
    expect_picture(out)
    loaded = load_run(run, checkpoint)
    config = loaded.config if judge == "auto" else loaded.config.replace(judge=judge)
    netG = loaded.load_generator()
    say_weights(loaded)
    against = compared_with(config)
    if against[1].size == config.image_size:  # as they were trained on
        require_same_images(loaded, against[1])
    settle_threads()
    images = generate(netG, draw_z(config, max(n, 1000), seeded(seed, "sample")))
    found, ratio = training_neighbours(images, config, against)
    save(image_grid(torch.stack([images[:n], found[:n]], 1).flatten(0, 1), 8), out)
    print("Left of each pair a generated image, right the training image nearest to it in "
          f"{'the features of a judge' if against[0] else 'pixels, as no judge knows these images'}.")
    print(f"median distance to the nearest training image, over that among training images: {ratio:.2f} "
          "(0 = copies; 1 = as new as another training image, if the images are good: noise is far from all, and a "
          "grey smear near to many)")


def features(run: RunName, /, labels: tuple[int, ...] = (100, 1000), draws: int = 3, data: str | None = None,
             out: Path = Path("features.csv")) -> None:
    """Learn from few labels with a linear SVM: on D's features, on raw pixels, and beside a supervised network.

    Args:
        run: A run folder with its discriminator, or the name of a recorded run.
        labels: How many labelled images, one number or several.
        draws: How many times the labelled images are drawn anew.
        data: Images by name, with classes and a test set: mnist, fashion_mnist, cifar10, svhn; None = the run's.
        out: The table to write, a line for each draw.
    """
    import pandas as pd

    from ..machine.runtime import settle_threads
    from ..measuring.features import label_study
    from ..measuring.tables import summary
    from ..runs import load_run

    expect_positive(draws=draws)
    expect_file(out)
    loaded, rows = load_run(run), []
    loaded.load_discriminator()  # that it was not kept is said before the images are loaded
    say_weights(loaded)
    settle_threads()
    for row in label_study(loaded, labels, draws, data):
        print(f"{row['metric']:<13} draw {row['seed']}  {row['config']:<11} {row['value']:.2f} %", flush=True)
        rows.append(row)
    with writing(out):
        pd.DataFrame(rows).to_csv(out, index=False)
    print(f"percent right, means over the draws:\n{summary(pd.DataFrame(rows))}\n{out}")


def info(name: RunName, /, svg: Path | None = None) -> None:
    """Describe a run, the networks of a preset, or images: shapes, parameters, statistics, classes.

    Args:
        name: A run folder, the name of a recorded run, a preset, or images by name: folder:PATH.
        svg: Draw the networks of a run or a preset into this file, layer by layer.
    """
    from .info import config_of, describe, with_channels

    if svg is None:
        return print(describe(name))
    from ..plots.networks import architecture

    if svg.suffix.lower() != ".svg":
        raise UserError(f"{svg}: cannot be written as a drawing, expected an ending of .svg")
    expect_file(svg)
    drawing, _ = architecture(with_channels(config_of(name)))
    with writing(svg):
        svg.write_text(drawing, encoding="utf-8")
    print(svg)


def bench(preset: str = "mnist64", seconds: float = 60.0, busy: int | None = None) -> None:
    """Measure this machine: our training step and data path against the plain loop, interleaved.

    Args:
        preset: Which networks and batch.
        seconds: How long to measure, about.
        busy: Instead, measure our step with each number of CPU threads, beside so many processes that compute all
            the time.
    """
    from ..config import preset as get_preset
    from .bench import report, report_threads

    expect_positive(seconds=seconds)
    if busy is None:
        print(report(get_preset(preset), seconds))
    else:
        expect_positive(busy=busy + 1)
        print(report_threads(get_preset(preset), seconds, busy))


def doctor(gpu: bool = False) -> None:
    """Check the set-up: versions, device, precision, data, disk.

    Args:
        gpu: Instead, try a GPU, part by part, for two minutes or so: a report to paste where you ask for help.
    """
    if not gpu:
        from .info import check_setup

        return print(check_setup())
    from ..config import preset
    from ..machine.errors import UserError
    from .gpu import report, this_gpu

    failed = 0
    for line in report(this_gpu(), preset("mnist64")):
        print(line, flush=True)
        failed += line.startswith("FAIL")
    if failed:
        raise UserError(f"gpu: {failed} of these parts failed")
    return None
