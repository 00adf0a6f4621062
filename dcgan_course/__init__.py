"""dcgan_course: a small DCGAN (arXiv 1511.06434) to learn from: networks, losses, data, training, sampling.

The DCGAN itself stands at the door, a file for each of its parts; all else is in folders. A room, which is a file or a
folder here, imports only from the floors below its own:

    0  machine/
    1  config
    2  augment, data/, diffusion, losses, models
    3  runs/, sampling
    4  measuring/, plots/, state
    5  backstage/, publishing/
    6  trainer, widgets
    7  checks/, experiments/
    8  commands/
"""

__version__ = "0.1.0"
