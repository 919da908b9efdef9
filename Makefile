# `make setup` makes .venv with everything in it; the other targets call it. It needs Python 3.11 or newer and a
# package index, nothing else: what is installed is fixed by hash in the lock files.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
WORKERS ?= logical
SEED ?=
ROUNDS ?=
KILLS ?=
REPORT ?=
QUICK ?=
BENCH ?=

# Pinned apart from the project: it tests from outside, and needs much that the project does not.
SCHEMATHESIS := schemathesis==4.32.5
# For each role, of `make schemathesis`.
SECONDS_A_ROLE ?= 120

# Pinned apart from the project: it only writes the lock files.
PIP_TOOLS := pip-tools>=7.5,<8
COMPILE := pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --upgrade \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

.PHONY: help
help:  ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

.PHONY: setup
setup: $(VENV)/.installed  ## The virtual environment .venv with the command `entitlements`

$(VENV)/.python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "making $(VENV) with $$("$$python" --version)"; \
			"$$python" -m venv --clear $(VENV) && touch $@ && exit 0; \
		fi; \
	done; \
	echo "Python 3.11 or newer (with its venv module) was not found: install it," \
		"or name it: make setup PYTHON=/path/to/python3" >&2; \
	exit 1

$(VENV)/.locked: requirements-dev.lock $(VENV)/.python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.locked
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-build-isolation --no-deps -e .
	@touch $@

.PHONY: run
run: setup  ## The service with the demo portfolio, on http://127.0.0.1:8000/graphql
	$(BIN)/entitlements serve --demo

.PHONY: test
test: setup  ## All tests but `make chaos` (on an embedded PostgreSQL, or on DATABASE_URL), a file at a time on each of WORKERS processors
	$(BIN)/python -m pytest -m "not chaos" --numprocesses $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: chaos
chaos: setup  ## Fault tests: processes killed, disks filled, services flooded; SEED=… repeats a run, ROUNDS=… and KILLS=… try more
	CHAOS_SEED=$(SEED) CHAOS_ROUNDS=$(ROUNDS) CHAOS_KILLS=$(KILLS) CHAOS_REPORT=$(REPORT) $(BIN)/python -m pytest -m chaos

.PHONY: bench
bench: setup  ## Our service beside its peers, one table of ratios; QUICK=1 takes minutes; BENCH='--help' shows the options
	$(BIN)/python -m bench.comparison $(if $(QUICK),--quick) $(BENCH)

.PHONY: fuzz
fuzz: setup  ## The random tests with many more examples from a new seed; SEED=… repeats a run; what they find becomes a case
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -m "hypothesis and not chaos" --hypothesis-seed=$(or $(SEED),$$RANDOM$$RANDOM) \
		--numprocesses $(WORKERS) --maxprocesses 4 --dist worksteal

.PHONY: audit
audit: setup  ## GraphQL over HTTP, audited by the npm package graphql-http (needs Node.js)
	npm ci --silent --prefix tests/audit
	$(BIN)/python -m tests.audit graphql-http

.PHONY: schemathesis
schemathesis: setup  ## Random operations by Schemathesis, SECONDS_A_ROLE each: nothing may be the service's fault
	$(BIN)/python -m venv $(VENV)/schemathesis
	$(VENV)/schemathesis/bin/python -m pip install --quiet --disable-pip-version-check '$(SCHEMATHESIS)'
	$(BIN)/python -m tests.audit schemathesis "$(abspath $(VENV))/schemathesis/bin/schemathesis" $(SECONDS_A_ROLE)

.PHONY: coverage
coverage: setup  ## All tests, and which lines and branches they pass
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not chaos"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: check
check: setup  ## Lint, format, types, import contracts, drift of schema.graphql, what requests make the service do
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/entitlements schema | diff --unified schema.graphql - \
		|| { echo "schema.graphql is not what the code says: run 'make schema' and look at the difference" >&2; exit 1; }
	$(BIN)/python -m bench.counts

.PHONY: schema
schema: setup  ## Write schema.graphql anew
	$(BIN)/entitlements schema > schema.graphql.new
	mv schema.graphql.new schema.graphql

.PHONY: lock
lock: $(VENV)/.python  ## Write the lock files anew, with the newest versions that pyproject.toml allows
	$(BIN)/python -m venv --clear $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check '$(PIP_TOOLS)'
	$(VENV)/lock/bin/$(COMPILE) --extra embedded --extra redis --extra tracing --build-deps-for editable -o requirements.lock pyproject.toml
	$(VENV)/lock/bin/$(COMPILE) --extra embedded --extra redis --extra tracing --extra dev --build-deps-for editable -c requirements.lock \
		-o requirements-dev.lock pyproject.toml
	$(VENV)/lock/bin/$(COMPILE) --extra redis --extra tracing --build-deps-for editable -c requirements.lock -o docker/requirements.lock pyproject.toml

.PHONY: clean
clean:  ## Remove what the targets made (not the data in .data)
	rm -rf $(VENV) tests/audit/node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage htmlcov
	find app demo schema planned ledger rating handbook base bench tests -name __pycache__ -type d -prune -exec rm -rf {} +
