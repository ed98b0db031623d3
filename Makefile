# Every target does all its own set-up: Python 3.11+, git, make and the package
# registry are enough. `make test` is what CI runs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := singer-rest tap-cachet tap-cortex tap-cinchy dlt-bridge sandbox
SOURCES := singer-rest tap-cachet tap-cortex tap-cinchy dlt-bridge sandbox tests

# Byte code makes every command start three times faster; some machines switch it off.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE := 1
export UV_NO_PROGRESS := 1

# uv from the machine if there is one, else our own copy.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)

.PHONY: help setup test lint types unit demo clean constraints

help:
	@echo "make demo    load a status page through Meltano and look at the result"
	@echo "make test    lint, types and every test"
	@echo "make setup   only the environment, in $(VENV)"

setup: $(VENV)/.ready

.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' constraints-tools.txt)"

$(VENV)/.ready: constraints.txt pyproject.toml $(PACKAGES:%=%/pyproject.toml) | $(filter .tools/%,$(UV))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt --group dev $(PACKAGES:%=--editable ./%)
	@touch $@

test: lint types unit

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy $(SOURCES)

unit: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile

# Newest versions that fit together; names and numbers only, never an address.
constraints: | $(filter .tools/%,$(UV))
	$(UV) pip compile --quiet --universal --upgrade --python-version 3.11 --no-annotate --no-header \
		$(PACKAGES:%=--no-emit-package %) --no-emit-package singer-sandbox --group dev \
		$(PACKAGES:%=%/pyproject.toml) --output-file constraints.txt

clean:
	rm -rf $(VENV) .tools .meltano output .pytest_cache .mypy_cache .ruff_cache
