"""Behind the loop of trainer.py: what a config asks for is made to fit this machine and the images, and what a training
tells is written down."""
