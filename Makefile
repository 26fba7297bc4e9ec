# Undercurrent. `make help` lists the targets. Everything runs from .venv; nothing else needs to be installed.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The first Python on the path that the pinned packages support.
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
DEMO_OUT ?= out/demo
DEMO_ARGS ?=
KAFKA_DIR ?= out/kafka
SEEDS ?= 20
BENCH ?=
# Two files of tests at a time, in the order in which they are named: the longest first. Who ends is not replaced:
# pytest-xdist 3.8 then waits for ever.
PAIRED := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart=0
UNIT := tests/unit tests/contract tests/conformance tests/architecture
# Some of these are marked `alone`: they count seconds, or break their broker.
LONG := tests/e2e tests/fault tests/property

# Bytecode is written whatever the environment says: PyTorch and what stands on it load in 6 s with it, in 17 without.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo kafka test coverage check bench headline faults lint types unit lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/.ready ## install what is needed, then watch 60 days of feedback become ranked themes and issues
	@$(BIN)/undercurrent demo --out $(DEMO_OUT) $(DEMO_ARGS)

kafka: .venv/.ready ## keep a Kafka broker on this machine (undercurrent kafka down ends it); no Docker, no Java needed
	@$(BIN)/undercurrent kafka up --dir $(KAFKA_DIR)

test: .venv/.ready lint types ## everything: lint, types, all tests, and what the unit tests cover
	$(PAIRED) --cov --cov-report= $(UNIT)
	@echo "unit tests cover $$($(BIN)/coverage report --format=total) % of lines and branches; make coverage tells of which"
	$(PAIRED) -m 'not alone' $(LONG)
	$(BIN)/python -m pytest -m alone $(LONG)

coverage: .venv/.ready ## what all tests together cover; measuring it doubles what they cost
	$(PAIRED) --cov --cov-report= $(UNIT)
	$(PAIRED) --cov --cov-append --cov-report= -m 'not alone' $(LONG)
	$(BIN)/python -m pytest --cov --cov-append --cov-report=term:skip-covered -m alone $(LONG)

check: .venv/.ready lint types unit ## the inner loop: lint, types, fast unit tests (under 2 minutes, once mypy has been run)

lint: .venv/.ready ## ruff and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: .venv/.ready ## mypy --strict
	$(BIN)/mypy

unit: .venv/.ready ## fast tests: no weights, nothing lengthy, no long properties; the rest is in make test
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not needs_models and not lengthy and not slow' $(UNIT)

bench: .venv/.ready ## throughput and recovery as ratios; BENCH="embedded", "themes", "quality", "kafka" or "kafka --only scale"
	$(BIN)/python -m bench $(BENCH)

headline: .venv/.ready ## signed Intercom webhooks at 50 a second until their issues stand at a simulated Linear
	$(BIN)/python -m bench headline

faults: .venv/.ready ## the long forms of fault and end-to-end tests: SEEDS=20 kills and random sequences; writes docs/reliability.md
	rm -rf out/faults
	FAULT_KILLS=$(SEEDS) $(BIN)/python -m pytest tests/fault tests/e2e; held=$$?; \
	  $(BIN)/python tests/fault/report.py && exit $$held

lock: ## resolve the pins of pyproject.toml anew into requirements.lock (hashes, no addresses)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --all-extras pyproject.toml -o requirements.lock

clean: ## remove the environment and every output
	rm -rf .venv out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

.venv/.ready: requirements.lock requirements.bootstrap.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed and none was found on the path." >&2; exit 1; }
	@echo "Installing into .venv with $(PYTHON): about 2.5 GB to download the first time and 6 GB on disk (PyTorch is"
	@echo "most of it); 1 to 5 minutes, seconds when the packages are already in the cache."
	@# What an attempt that failed left behind (no pip yet, another Python) is made anew.
	@test -x $(BIN)/uv || { $(PYTHON) -m venv --clear .venv && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.bootstrap.lock; }
	@$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@
