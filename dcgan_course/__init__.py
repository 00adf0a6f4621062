"""dcgan_course: a small DCGAN (arXiv 1511.06434) to learn from: networks, losses, data, training, sampling.

A file imports only from the floors below its own:

    0  errors
    1  config, files, flags, signals, tables
    2  models, losses, augment, runtime, parallel, metrics
    3  data/, sampling, plots
    4  runs
    5  judges, memory, state
    6  features, scores
    7  trainer
    8  checks/, info, studies, widgets
    9  bench, page, recording
    10  export
    11  commands/
    12  cli
"""

__version__ = "0.1.0"
