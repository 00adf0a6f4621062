# make train | lab | check | test | notebooks | handout | site | badges REPO=owner/name: each installs what it needs into .venv first.
PYTHON ?= python3
BIN := .venv/bin
# the build warns of a folder with the package's name beside it: that is the package
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet
# tests wait too: two workers more than cores, of lessons, which do not, one; at most four: each holds PyTorch, or a
# lesson with up to 2 GB
WORKERS = -n $$($(BIN)/python -c "import os; print(min(4, $(1) + os.cpu_count()))")

.PHONY: train lab check test notebooks handout site badges

train: .venv/installed
	$(BIN)/dcgan-course train
	@echo "next: make lab opens the lessons"

# in the folder lessons/: what a learner saves there never touches notebooks/
lab: .venv/installed
	$(BIN)/dcgan-course lab lessons

# one thread: the same numbers, and nearly the same time, on a machine that is busy
check test: export OMP_NUM_THREADS := 1
# memory that is freed stays with its process (glibc): the next tensor would only ask for the same pages again
check test: export MALLOC_MMAP_THRESHOLD_ := 33554432
check test: export MALLOC_TRIM_THRESHOLD_ := 1073741824
# what Python has compiled is kept, wherever else it is not: the tests start hundreds of processes
check test: export PYTHONDONTWRITEBYTECODE :=

# before each commit: what answers in a minute or so; these tests hardly wait: a worker for each core
check: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n logical --maxprocesses 4 --dist worksteal -m "not slow"

test: .venv/installed-test .venv/chromium
	$(BIN)/ruff check .
	$(BIN)/pytest $(call WORKERS,2) --dist loadfile --no-loadscope-reorder
	$(BIN)/pytest --nbval $(call WORKERS,1) --dist loadfile notebooks

# notebooks/src/*.py are what people edit; this makes the notebooks from them, runs them and keeps the outputs.
notebooks: export DCGAN_COURSE_PROGRESS :=
notebooks: .venv/installed-test
	for source in notebooks/src/*.py; do \
	  notebook=notebooks/$$(basename $$source .py).ipynb; \
	  $(BIN)/python notebooks/teach.py frame $$source && \
	  $(BIN)/jupytext --quiet --update --to ipynb --output $$notebook $$source && \
	  $(BIN)/jupyter nbconvert --log-level=WARN --to notebook --execute --inplace \
	    --ExecutePreprocessor.record_timing=False $$notebook && \
	  $(BIN)/python notebooks/teach.py store $$notebook || exit 1; \
	done

# The course as a site, in _site: open _site/index.html, with or without a network.
site: .venv/installed-site
	rm -rf _site
	$(BIN)/python site/build.py _site

# For teachers: the lessons without solutions, with open solutions, as a site, and a plan of one page.
handout: .venv/installed-site
	$(BIN)/python notebooks/teach.py handout handout
	rm -rf handout/html
	$(BIN)/python site/build.py handout/html

# Where the Colab badges and the lessons' first cells point to.
badges: .venv/installed-test
	$(BIN)/python notebooks/teach.py badges "$(REPO)"

.venv/bin/python:
	@$(PYTHON) -c "import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))" || \
	  { echo "$(PYTHON): found $$($(PYTHON) --version), expected Python 3.10 to 3.13; make lab PYTHON=python3.12"; exit 1; }
	@echo "Installing into .venv, about 6 GB, most of it PyTorch: some minutes without a word ..."
	$(PYTHON) -m venv .venv

# The tests of the sliders drive Chromium: one that is there, or Debian's where it may be installed.
.venv/chromium: | .venv/bin/python
	$(BIN)/python site/chromium.py || \
	  { test "$$(id -u)" = 0 && apt-get update -qq && \
	    { apt-get install -y -qq chromium-headless-shell || apt-get install -y -qq chromium; } > /dev/null; } || \
	  echo "no Chromium: the tests in tests/browser will be skipped"
	touch $@

.venv/installed: pyproject.toml | .venv/bin/python
	$(PIP) --upgrade pip
	$(PIP) -e '.[lab]'
	touch $@

.venv/installed-site: pyproject.toml | .venv/bin/python
	$(PIP) --upgrade pip
	$(PIP) -e '.[site]'
	touch $@

.venv/installed-test: pyproject.toml | .venv/bin/python
	$(PIP) --upgrade pip
	$(PIP) -e '.[test]'
	touch .venv/installed .venv/installed-site $@
