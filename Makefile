# Every target does all its own set-up: Python 3.11+, git, make and the package
# registry are enough. `make test` is what CI runs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := singer-rest tap-cachet tap-cortex tap-cinchy dlt-bridge singer-distributed sandbox
SOURCES := singer-rest tap-cachet tap-cortex tap-cinchy dlt-bridge singer-distributed sandbox analytics tests scripts bench

# Byte code makes every command start three times faster; some machines switch it off.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE := 1
export UV_NO_PROGRESS := 1

# uv from the machine if there is one, else our own copy.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)

# Everything below analytics/: dbt, and what draws the page; too large for the workspace.
.PHONY: analytics analytics-test board board-test mutants

.PHONY: help setup meltano test lint types docs docs-check unit demo bench lies slow playground playground-stop clean constraints
.PHONY: test-integration test-sdk-next test-lowest targets engines

help:
	@echo "make demo        load three generated systems through Meltano, ask ten questions, draw a page"
	@echo "make playground  three generated systems and a PostgreSQL for the README's commands, for an hour"
	@echo "make playground-stop   end them"
	@echo "make board       the models and one page of charts over DATABASE= (a DuckDB file or a PostgreSQL URL)"
	@echo "make setup       the environment of the taps, in $(VENV)"
	@echo "make meltano     Meltano and its plugins; make analytics: dbt and the charts"
	@echo
	@echo "make test        lint, types, the generated files and the tests of the product, 12 minutes"
	@echo "make lint types docs-check unit   the parts of it"
	@echo "make test-integration   the tests that install the packages or start other programs, 8 minutes"
	@echo "make analytics-test board-test   the models in both databases; the page in a browser"
	@echo "make slow        the tests that need minutes of real time"
	@echo "make targets     the taps into five targets of others, each in an environment of its own"
	@echo "make engines     the recipes for other people's engines, each in an environment of its own, 6 minutes"
	@echo "make lies        servers that lie in every way, 30 minutes (SAMPLE=, HONEST=, SEED=, REPLAY=, ROUTES=)"
	@echo "make mutants     small changes of what proves completeness, and what notices them, 2 hours"
	@echo "make bench       speed and memory beside the peers, 25 minutes (ONLY=, ROUNDS=, QUICK=1)"
	@echo "make test-sdk-next test-lowest   the newest pre-release of the SDK; the lowest versions of all packages"
	@echo
	@echo "make docs        write every file that is derived from the code"
	@echo "make constraints   renew the pinned versions"
	@echo "make clean       remove environments and output"

setup: $(VENV)/.ready

.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' constraints/uv.txt)"

$(VENV)/.ready: constraints/workspace.txt pyproject.toml $(PACKAGES:%=%/pyproject.toml) | $(filter .tools/%,$(UV))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip install --quiet --python $(BIN)/python --constraint constraints/workspace.txt --group dev $(PACKAGES:%=--editable ./%)
	@touch $@

# dbt and the charts in an environment of their own.
analytics: .tools/analytics/.ready

.tools/analytics/.ready: constraints/analytics.in constraints/analytics.txt | $(filter .tools/%,$(UV))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .tools/analytics
	$(UV) pip install --quiet --python .tools/analytics/bin/python --constraint constraints/analytics.txt --requirement constraints/analytics.in
	@touch $@

# Meltano in an environment of its own, and its plugins, as meltano.yml pins them.
meltano: .meltano/.ready

.tools/meltano/.ready: constraints/meltano.txt | $(filter .tools/%,$(UV))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .tools/meltano
	$(UV) pip install --quiet --python .tools/meltano/bin/python --constraint constraints/meltano.txt meltano
	@touch $@

.meltano/.ready: .tools/meltano/.ready meltano.yml $(wildcard constraints/*.txt) $(PACKAGES:%=%/pyproject.toml)
	mkdir -p output
	PATH="$(dir $(abspath $(UV))):$$PATH" .tools/meltano/bin/meltano install
	@touch $@

# Setting up takes a minute the first time, and says so.
demo:
	@scripts/patiently "Setting up: the taps, Meltano, dbt" $(MAKE) --no-print-directory setup meltano analytics
	@PATH="$(dir $(abspath $(UV))):$$PATH" $(BIN)/python scripts/demo.py

# One page of tiles, charts and proofs over a database a tap was loaded into.
DATABASE ?= output/warehouse.duckdb
board: analytics
	cd analytics && ../.tools/analytics/bin/python -m board $(if $(findstring ://,$(DATABASE)),"$(DATABASE)","$(abspath $(DATABASE))")

# The page in a real browser, at a desk and on a phone; needs Chromium (on Debian: apt-get install chromium).
board-test: setup analytics
	$(BIN)/python -m pytest tests/analytics/test_board.py -m slow

# Every loader and both databases; `make test` has one of each.
analytics-test: setup meltano analytics
	PATH="$(dir $(abspath $(UV))):$$PATH" $(BIN)/python -m pytest -n 2 --dist loadfile tests/analytics --ignore tests/analytics/test_board.py -m "slow or integration"

playground: setup
	@$(BIN)/python scripts/playground.py start

playground-stop:
	@$(BIN)/python scripts/playground.py stop

# Tests that need minutes of real time, most of it waiting; `make test` says that it skips them.
slow: setup meltano
	PATH="$(dir $(abspath $(UV))):$$PATH" $(BIN)/python -m pytest -m slow -n 2 tests/faults tests/cachet tests/cortex tests/cinchy tests/parts tests/loaders dlt-bridge/tests

# The taps into other people's targets, each in an environment of its own.
TARGETS := .tools/targets
FOREIGN = meltanolabs-target-postgres:target-postgres pipelinewise-target-postgres:pipelinewise-target-postgres \
	target-duckdb:target-duckdb target-jsonl:target-jsonl meltanolabs-target-csv:target-csv

targets: setup $(TARGETS)/.ready
	mkdir -p .meltano
	$(BIN)/python -m pytest -m targets tests/loaders

$(TARGETS)/.ready: $(wildcard constraints/*target*.txt) | $(filter .tools/%,$(UV))
	$(foreach pair,$(FOREIGN),$(UV) venv --quiet --allow-existing --python $(PYTHON) $(TARGETS)/$(word 1,$(subst :, ,$(pair))) && \
		$(UV) pip install --quiet --python $(TARGETS)/$(word 1,$(subst :, ,$(pair)))/bin/python \
		--constraint constraints/$(word 2,$(subst :, ,$(pair))).txt $(word 1,$(subst :, ,$(pair))) &&) true
	@touch $@

# The recipes of the guides, in the engines that they are for, each in an environment of its own.
ENGINES := .tools/engines
ENGINE_PACKAGES = dagster:dagster airflow:apache-airflow

engines: setup .tools/meltano/.ready $(ENGINES)/.ready
	$(BIN)/python -m pytest -m engines tests/engines

$(ENGINES)/.ready: constraints/dagster.txt constraints/airflow.txt constraints/spark.txt $(PACKAGES:%=%/pyproject.toml) | $(filter .tools/%,$(UV))
	$(foreach pair,$(ENGINE_PACKAGES),$(UV) venv --quiet --allow-existing --python $(PYTHON) $(ENGINES)/$(word 1,$(subst :, ,$(pair))) && \
		$(UV) pip install --quiet --python $(ENGINES)/$(word 1,$(subst :, ,$(pair)))/bin/python \
		--constraint constraints/$(word 1,$(subst :, ,$(pair))).txt $(word 2,$(subst :, ,$(pair))) &&) true
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(ENGINES)/spark
	$(UV) pip install --quiet --python $(ENGINES)/spark/bin/python --constraint constraints/spark.txt \
		--editable ./singer-rest --editable ./tap-cinchy --editable "./singer-distributed[spark]"
	@touch $@

# What a new SDK or the oldest versions that the pins allow could break; both resolve afresh.
PRODUCT_TESTS = tests/contract tests/cachet tests/cortex tests/cinchy tests/faults singer-rest/tests dlt-bridge/tests
EDITABLE = --group dev $(PACKAGES:%=--editable ./%)

# The newest pre-release of the SDK that the pins allow, in an environment of its own.
test-sdk-next: | $(filter .tools/%,$(UV))
	mkdir -p .tools
	grep -v "^singer-sdk==" constraints/workspace.txt > .tools/sdk-next.txt
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .tools/sdk-next
	$(UV) pip install --quiet --upgrade --python .tools/sdk-next/bin/python --constraint .tools/sdk-next.txt \
		"singer-sdk[testing]>=0.55.0b0,<0.56" $(EDITABLE)
	.tools/sdk-next/bin/python -c "import importlib.metadata as m; print('singer-sdk', m.version('singer-sdk'))"
	.tools/sdk-next/bin/python -m pytest -n 2 --dist loadfile $(PRODUCT_TESTS)

# The lowest versions that the pins allow.
test-lowest: | $(filter .tools/%,$(UV))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .tools/lowest
	$(UV) pip install --quiet --python .tools/lowest/bin/python --resolution lowest-direct $(EDITABLE)
	.tools/lowest/bin/python -m pytest -n 2 --dist loadfile $(PRODUCT_TESTS)

# A whole run also brings the tables in README.md and bench/README.md up to date.
bench: setup meltano
	$(BIN)/python -m bench --json $(if $(ONLY)$(QUICK),output/bench.json,bench/results/latest.json) $(if $(ONLY),--only $(ONLY)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick) $(if $(ONLY)$(QUICK),,--pages)

# Servers that lie, against every route of the taps; with HONEST=1000 healthy ones that change. A
# whole run brings the numbers in README.md up to date, and so does a sample if PUBLISH is set.
lies: setup
	@mkdir -p output
	PYTHONPATH=tests $(BIN)/python -m lies --jobs $(or $(JOBS),2) --seed $(or $(SEED),1) \
		$(if $(REPLAY),--replay "$(REPLAY)",--details output/lies.jsonl) \
		$(if $(ROUTES),--routes "$(ROUTES)") $(if $(SAMPLE),--sample $(SAMPLE)) \
		$(if $(HONEST),--honest $(HONEST)) $(if $(PUBLISH),--publish,$(if $(SAMPLE)$(REPLAY)$(ROUTES),,--publish))

.tools/mutants/.ready:
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .tools/mutants
	$(UV) pip install --quiet --python .tools/mutants/bin/python "cosmic-ray~=8.7"
	@touch $@

# Small changes of the code that proves completeness, and whether anything notices; up to 2 hours.
mutants: setup .tools/mutants/.ready
	PYTHONPATH=scripts $(BIN)/python -m mutants --python .tools/mutants/bin/python --jobs $(or $(JOBS),2) \
		--seed $(or $(SEED),1) --count $(or $(COUNT),400) $(if $(LINES),--only "$(LINES)") $(if $(TESTS),--tests "$(TESTS)")

test: lint types docs-check unit

# What installs the packages, runs the commands of the guides or starts other programs: pip, Meltano,
# dbt, PostgreSQL targets, Dask, and a million rows.
test-integration: setup meltano analytics
	PATH="$(dir $(abspath $(UV))):$$PATH" $(BIN)/python -m pytest -n 2 --dist loadfile -m integration

# Write every file that is derived from the code.
docs: setup
	$(BIN)/python scripts/generate_docs.py

docs-check: setup
	$(BIN)/python scripts/generate_docs.py --check

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy $(SOURCES)

# Tests wait for servers about as long as they work: three at once keep two cores busy.
unit: setup
	PATH="$(dir $(abspath $(UV))):$$PATH" $(BIN)/python -m pytest -n 3 --dist loadfile

# Newest versions that fit together; names and numbers only, never an address.
COMPILE = $(UV) pip compile --quiet --universal --upgrade --python-version 3.11 --no-annotate --no-header

constraints: | $(filter .tools/%,$(UV))
	$(COMPILE) $(PACKAGES:%=--no-emit-package %) --no-emit-package singer-sandbox --group dev \
		$(PACKAGES:%=%/pyproject.toml) --output-file constraints/workspace.txt
	$(COMPILE) --no-emit-package dlt-bridge --extra dashboard dlt-bridge/pyproject.toml \
		--constraint constraints/workspace.txt --output-file constraints/dashboard.txt
	echo "meltano~=4.4" | $(COMPILE) - --output-file constraints/meltano.txt
	$(COMPILE) constraints/analytics.in --output-file constraints/analytics.txt
	echo "dagster~=1.13" | $(COMPILE) - --output-file constraints/dagster.txt
	$(COMPILE) $(PACKAGES:%=--no-emit-package %) --extra spark singer-distributed/pyproject.toml --output-file constraints/spark.txt
	echo "apache-airflow~=3.3" | $(COMPILE) - --output-file constraints/airflow.txt
	echo "target-jsonl" | $(COMPILE) - --output-file constraints/target-jsonl.txt
	echo "target-duckdb" | $(COMPILE) - --output-file constraints/target-duckdb.txt
	echo "meltanolabs-target-csv" | $(COMPILE) - --output-file constraints/target-csv.txt
	echo "pipelinewise-target-postgres" | $(COMPILE) - --output-file constraints/pipelinewise-target-postgres.txt
	echo "meltanolabs-target-postgres~=0.8" | $(COMPILE) - --output-file constraints/target-postgres.txt

clean:
	rm -rf $(VENV) .tools .meltano output .pytest_cache .mypy_cache .ruff_cache
