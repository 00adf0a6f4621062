# make train | make lab | make test | make notebooks: each installs what it needs into .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: train lab test notebooks

train: .venv/installed
	$(BIN)/dcgan-course train

lab: .venv/installed
	$(BIN)/jupyter lab $(firstword $(sort $(wildcard notebooks/*.ipynb)))

test: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/pytest
	$(BIN)/pytest --nbval notebooks

# notebooks/src/*.py are what people edit; this makes the notebooks from them, runs them and keeps the outputs.
notebooks: .venv/installed-test
	for source in notebooks/src/*.py; do \
	  notebook=notebooks/$$(basename $$source .py).ipynb; \
	  $(BIN)/jupytext --quiet --update --to ipynb --output $$notebook $$source && \
	  $(BIN)/jupyter nbconvert --log-level=WARN --to notebook --execute --inplace \
	    --ExecutePreprocessor.record_timing=False $$notebook || exit 1; \
	done

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e .
	touch $@

.venv/installed-test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[test]'
	touch .venv/installed $@
