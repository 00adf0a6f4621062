"""python -m dcgan_course: the command line, where its script is not on the path."""

from .commands.cli import main

raise SystemExit(main())
