# @title In Colab or on Kaggle: fetch the course
import os
import sys

LENT = "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ
if LENT and not os.path.isdir("../dcgan_course"):
    import importlib.util
    import shutil
    import subprocess

    url = "https://github.com/dcgan-course/dcgan-course"
    there = importlib.util.find_spec("dcgan_course")  # from another notebook of this machine
    home = os.path.dirname(os.path.dirname(there.origin)) if there else os.path.abspath(url.split("/")[-1])
    if os.path.isdir(f"{home}/.git") and not os.path.isfile(f"{home}/.git/index"):
        shutil.rmtree(home)  # a clone that was cut short
    whole = os.path.isdir(home)
    git = ["-C", home, "pull", "--ff-only"] if whole else ["clone", "--depth=1", url, home]
    done = subprocess.run(["git", *git, "--quiet"], capture_output=True, text=True)
    if not os.path.isfile(f"{home}/dcgan_course/machine/colab.py"):
        sys.exit(f"{url}: cannot be fetched (on Kaggle: is Internet on?)\n{done.stderr.strip()[-300:]}")
    sys.path.insert(0, home)
    from dcgan_course.machine.colab import ready

    ready(home, done)
