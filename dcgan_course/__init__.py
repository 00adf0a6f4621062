"""dcgan_course: a small DCGAN (arXiv 1511.06434) to learn from: networks, losses, data, training, sampling.

A file imports only from the floors below its own:

    0  errors, config
    1  models, losses, runtime
    2  data/, sampling, plots
    3  runs, metrics
    4  state
    5  trainer
    6  bench
    7  cli
"""

__version__ = "0.1.0"
