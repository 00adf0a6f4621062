"""dcgan_course: a small DCGAN (arXiv 1511.06434) to learn from: networks, losses, data, training, sampling.

A file imports only from the floors below its own:

    0  colab, errors, websocket
    1  config, files, flags, signals, tables, threads
    2  checkpoints, models, losses, augment, runtime, scaling, parallel, metrics
    3  data/, sampling, plots
    4  runs
    5  judges, memory, state
    6  compiling, features, scores
    7  resolve
    8  trainer
    9  checks/, explorer/, info, studies
    10  page, recording, widgets
    11  bench, export
    12  gpu
    13  commands/
    14  cli
"""

__version__ = "0.1.0"
