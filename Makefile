# Every verb makes what it needs first, asks nothing, and is quick the second time.

# Any Python from 3.11 on that can make a virtual environment; `make PYTHON=... test` chooses one.
ifndef PYTHON
PYTHON := $(shell for candidate in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	$$candidate -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo $$candidate && break; done)
endif

BUDGET  ?= 60m
WORKERS ?= 2
ARGS    ?=

BIN     := .venv/bin
PIP     := -m pip install -qq --no-input --disable-pip-version-check
PYTEST  := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
SOURCES := engine wal snapshots gateway bench tests requirements
FAST    := tests/architecture tests/engine tests/wal tests/snapshots tests/vectors tests/feeds

.DEFAULT_GOAL := help
.PHONY: help run test check static nightly bench compiled lock format clean
.SUFFIXES:
MAKEFLAGS += --no-print-directory

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: .venv/run.stamp ## start the venue with its demo on 127.0.0.1 (ARGS="--port 9000")
	@$(BIN)/fulcrum serve --demo $(ARGS)

test: .venv/test.stamp static ## static checks, then every family of tests
	@$(PYTEST) $(ARGS)

check: .venv/test.stamp static ## under a minute: static checks, architecture, fast tests
	@$(PYTEST) -m "not slow" $(FAST) $(ARGS)

static: .venv/test.stamp
	@$(BIN)/ruff format --check --quiet $(SOURCES) || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet --output-format concise $(SOURCES)
	@$(BIN)/mypy

nightly: compiled ## long runs, sharded by seed; totals add up (BUDGET=60m WORKERS=2)
	@$(BIN)/python -m tests.nightly --budget $(BUDGET) --workers $(WORKERS) $(ARGS)

bench: .venv/test.stamp ## the table of figures, as JSON and text
	@$(BIN)/python -m bench $(ARGS)

compiled: .venv/test.stamp ## the engine built by mypyc, apart, held to the same tests and hashes
	@$(BIN)/python -m tests.compiled $(ARGS)

lock: .venv/bin/python ## pin what run and test need, from pyproject.toml
	@$(BIN)/python $(PIP) uv
	@$(BIN)/python requirements/lock.py

format: .venv/test.stamp ## rewrite the sources as `make test` wants them
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

clean: ## forget environments and caches; data and nightly totals stay
	rm -rf .venv .venv-compiled build dist *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Fulcrum needs Python 3.11 or newer, with venv"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/%.stamp: requirements/%.txt pyproject.toml | .venv/bin/python
	@echo "installing requirements/$*.txt into .venv"
	@$(BIN)/python $(PIP) --require-hashes -r requirements/$*.txt
	@$(BIN)/python $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
