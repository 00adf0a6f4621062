"""Before the first step: what a config asks for, made to fit this machine and the images."""
