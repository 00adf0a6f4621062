"""From what was asked to what is trained: this machine's choices, the images', and what a resumed run may change."""

from pathlib import Path

import torch

from ..config import TrainConfig
from ..data import Images, images_of
from ..data.names import located, prepared_look
from ..machine.errors import UserError
from ..machine.files import read_json
from ..machine.runtime import has_bf16, pick_device, pick_precision
from ..models import halvings
from ..runs import IMAGES_FILE, Run
from .compiling import obstacle
from .memory import require_memory

# what a resumed run may change: nothing that its past depends on
GROWABLE = ("num_epochs", "keep", "checkpoint_minutes", "tensorboard", "metric_every", "device", "threads",
            "data")


def planned(config: TrainConfig, resume: Run | None) -> tuple[TrainConfig, Images]:
    """What will be trained, and on which images. What can be refused is refused before they are prepared.

    Raises:
        UserError: as `resolve`, `require_memory`, `match_images` and `require_same_images`; or there are no images.
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
    return config, images


def resolve(config: TrainConfig, resume: Run | None) -> TrainConfig:
    """Replace every "auto" by what this machine has, or, when resuming, by what the run was started with.

    Raises:
        UserError: an image_size that cannot be built, or a resumed run's config differs in more than GROWABLE (where
            nothing was scored, also in the judge); the message shows the difference.
    """
    if config.network == "dcgan":
        halvings(config.image_size)  # a size that cannot be built is said before images are prepared for it
    if config.metric_every:  # as is that no judge knows them
        from ..measuring.scores import require_judge

        require_judge(config)
    if resume:
        return resumed(config, resume)
    return on(config, pick_device(config.device))


def resumed(config: TrainConfig, run: Run) -> TrainConfig:
    """What `resolve` says of a run that goes on."""
    then = run.config
    config = config.replace(**{name: getattr(then, name) for name in ("device", "precision", "compile")
                               if getattr(config, name) == "auto"})
    growable = GROWABLE if then.metric_every else (*GROWABLE, "judge", "metric_n")  # until there are scores to compare
    same = config.replace(**{name: getattr(then, name) for name in growable})
    if same != then:
        raise UserError(f"{run.path}: cannot go on with another config ({then.difference(same)}); "
                        f"only {', '.join(growable)} may change")
    if config.num_epochs < then.num_epochs:
        raise UserError(f"num_epochs: found {config.num_epochs}, expected at least the run's {then.num_epochs}")
    try:
        device = pick_device(config.device)
        same = device.type == torch.device(then.device).type
        imitated = config.precision == "bf16" and not has_bf16(device)  # by another GPU, such as a T4 after an A100
        if same and not imitated:
            pick_precision(config.precision, device)
    except UserError as error:
        raise UserError(f"{error}; another one by --device, such as --device cpu") from None
    if imitated or not same:
        why = ", which only imitates the run's bf16" if same else f" after {then.device}"
        print(f"{run.path}: goes on with {config.device}{why}: not bit for bit")
        return on(config.replace(precision="auto", compile="auto"), device)
    return config


def on(config: TrainConfig, device: torch.device) -> TrainConfig:
    """With this device, and what is "auto" as fits it; compile stays "auto" where the number of steps has to decide."""
    compile = "off" if config.compile == "auto" and obstacle(device) else config.compile
    return config.replace(device=str(device), precision=pick_precision(config.precision, device), compile=compile)


def require_same_images(run: Run, images: Images) -> None:
    """Raise UserError where the images are no longer those that the run was trained on."""
    file, found = run.path / IMAGES_FILE, images.about()
    if not file.is_file():  # removed, or of a run that is older than such files
        return
    then = read_json(file)
    if (then.get("count"), then.get("stamp")) != (found["count"], found["stamp"]):
        raise UserError(f"{run.path}: was trained on {then.get('count')} images (stamp {then.get('stamp')}), found "
                        f"{found['count']} (stamp {found['stamp']}) in {images.name}: other images. Resumed, it "
                        f"would see them in another order; to take these all the same, remove {file}. If they were "
                        "only moved: resume RUN --data NAME")


def match_images(config: TrainConfig, images: Images) -> TrainConfig:
    """The config with the images' channels, and with paths that hold wherever the run will be resumed.

    Raises:
        UserError: config.classes are not those of the images.
    """
    if config.classes:
        if images.labels is None or images.labels.ndim == 2:
            what = "no labels" if images.labels is None else "attributes, which do not exclude one another"
            raise UserError(f"classes: found {config.classes}, expected 0: the images of {config.data} have {what}")
        absent = set(range(len(images.label_names))) - set(images.labels.tolist())
        if absent:
            names = ", ".join(images.label_names[i] for i in sorted(absent)[:5])
            raise UserError(f"classes: found no picture of {names} in {config.data}, expected some of every class")
        if config.classes != len(images.label_names):
            raise UserError(f"classes: found {config.classes}, expected {len(images.label_names)}, as the images of "
                            f"{config.data} have")
    if config.data.startswith("prepared:"):  # cut as it was when it was prepared
        config = config.replace(**prepared_look(config.data))
    judge = str(Path(config.judge).absolute()) if Path(config.judge).is_file() else config.judge
    return config.replace(nc=images.channels, data=located(config.data), judge=judge)
