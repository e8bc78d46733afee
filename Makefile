# What a person or CI does with this repository. `make help` explains each target.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done
# Resolving needs uv, in an environment of its own: no user has to have it.
LOCK_TOOLS := .tools/lock
UV_VERSION := 0.13.9
# The lock is complete, so pip need not resolve; `pip check` proves it afterwards.
PIP_INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps
ONLY ?= main

# Compiled once here, every process after it starts two to three times faster.
unexport PYTHONDONTWRITEBYTECODE
# Nothing phones home: Dagster, dbt, Great Expectations.
export DAGSTER_DISABLE_TELEMETRY := yes
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := help
.PHONY: help setup up run stop test interop check bench prove soak mutants coverage claims lock

help: ## Explain every target
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv and install what requirements.lock names (instant when nothing changed)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null || { \
	  echo "ERROR $(PYTHON) is not a Python 3.11 or 3.12."; \
	  echo "  next: install one, then: make setup PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "ERROR $(PYTHON) cannot make a virtual environment."; \
	  echo "  next: install its venv module (Debian: apt-get install python3.11-venv), then: make setup"; exit 1; }
	@echo "Installing $$(grep -c == requirements.lock) packages into $(VENV): one to three minutes."
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --editable .
	@$(BIN)/python -m pip check --quiet
	@touch $(STAMP)

up: setup ## Start the Dagster webserver, its code server and daemon, and the execution daemon
	@$(BIN)/hive up

run: setup ## Start Hive and take the sample rooms once through the whole flow
	@$(BIN)/hive flow

stop: ## Stop what `make run` or `make up` started
	@test ! -x $(BIN)/hive || $(BIN)/hive down

test: setup ## Run the tests: the fast ones, then those with real processes and a browser
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile -m "not slow and not browser"
	$(BIN)/python -m pytest -m "(slow or browser) and not interop"

interop: setup ## Run our protocols against other implementations of them (installs those on first use)
	$(BIN)/python -m pytest -m interop

check: setup ## Lint, format, types, import layers, Dagster definitions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dg check defs

bench: setup ## Measure times and sizes (ONLY=suite); results under .hive/bench
	$(BIN)/python -m bench.$(ONLY)

prove: setup ## Check the claims that are not speeds (ONLY=suite); results under .hive/proofs
	$(BIN)/python -m proofs.$(ONLY)

soak: setup ## Simulate the daemon with fresh seeds for HIVE_SOAK_SECONDS (an hour); prints figures, failing seeds
	$(BIN)/python -m proofs.daemon_model

mutants: ONLY = all
mutants: SAMPLE = all
mutants: setup ## Count the changes of core and journal that tests notice (ONLY=file or folder, SAMPLE=of each file)
	$(BIN)/python -m proofs.mutants --only $(ONLY) --sample $(SAMPLE)

coverage: setup ## Measure which branches of core and journal the tests take, on both kinds of journal
	$(BIN)/python -m proofs.branches

claims: setup ## Write docs/claims.md from the last results of prove and bench
	$(BIN)/python -m proofs.claims_page

lock: $(LOCK_TOOLS)/bin/uv ## Resolve pyproject.toml again into requirements.lock
	@UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" $(LOCK_TOOLS)/bin/uv pip compile pyproject.toml \
	  --quiet --universal --python-version 3.11 --extra pipelines --extra demo --extra slack --extra telegram --extra postgres --extra kafka --group dev \
	  --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	  --upgrade --output-file $(LOCK_TOOLS)/requirements.txt
	@{ echo "# Every package of a development environment, with its hashes; without [models]."; \
	   echo "# Made from pyproject.toml by: make lock"; \
	   cat $(LOCK_TOOLS)/requirements.txt; } > requirements.lock
	@echo "$$(grep -c == requirements.lock) packages in requirements.lock"

$(LOCK_TOOLS)/bin/uv:
	@$(PYTHON) -m venv $(LOCK_TOOLS)
	@$(LOCK_TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
