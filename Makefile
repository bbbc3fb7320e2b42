# The commands of this project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv),.tools/bin/uv)
PYTHON := .venv/bin/python
# Each ends with one line that says what is missing.
NEED_PYTHON = python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { echo "Python 3.13 is needed: found $$(python3 --version 2>/dev/null || echo no python3). Install it, put it first on PATH as python3, then run make again." >&2; exit 1; }
NEED_NODE = node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null || { echo "Node.js 20 or newer with npm is needed for the storage emulator: found node $$(node --version 2>/dev/null || echo missing), npm $$(npm --version 2>/dev/null || echo missing). Install it, then run make again." >&2; exit 1; }
ARGS ?=
T ?=
# Has the machine for itself: it measures.
MEASURED := tests/proofs/test_worker_processes.py

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.PHONY: up
up: setup ## Start three regions, place one order, show its life (ARGS="--no-demo --base-port 8070" …)
	@.venv/bin/muneris up $(ARGS)

.PHONY: test
test: setup ## Run all tests (T=tests/unit/orders runs a part, one process, verbose)
	@$(PYTHON) -m pytest $(if $(T),$(T) -n 0 -v,-n 2 --dist loadgroup)

.PHONY: prove
prove: setup ## Run the whole proofs of what is promised, under an hour (docs/reliability.md)
	@$(PYTHON) -m pytest -m prove --timeout=3000 $(MEASURED)
	@$(PYTHON) -m pytest -m prove --timeout=3000 -n 2 --dist loadgroup --ignore=$(MEASURED) $(ARGS)
	@$(PYTHON) -m tests.proofs.docs

.PHONY: mutate
mutate: setup ## Change models and scheduler a bit at a time: does a test notice? Some 20 minutes
	@rm -rf mutants
	@$(PYTHON) -m mutmut run --max-children 2
	@$(PYTHON) -m tests.proofs.mutants
	@$(PYTHON) -m tests.proofs.docs

.PHONY: check
check: setup ## Lint, types and layering
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@for app in function_apps/*/function_app.py; do .venv/bin/mypy "$$app"; done
	@.venv/bin/lint-imports

.PHONY: format
format: setup ## Rewrite the code in the project's format
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

.PHONY: bench
bench: setup ## Measure the order path, an hour (ARGS="--only direct,life --quick" …)
	@$(PYTHON) -m benchmarks $(ARGS)

.PHONY: bench-check
bench-check: setup ## Fail if a figure misses the committed baseline or a target by 15 %
	@$(PYTHON) -m benchmarks --check $(ARGS)

.PHONY: lock
lock: setup ## Resolve the dependencies again
	@$(UV) pip compile pyproject.toml --all-extras --universal --generate-hashes \
		--python-version 3.13 --no-header --quiet --upgrade -o requirements.lock

.PHONY: clean
clean: ## Remove everything that was made here
	@rm -rf .venv .tools node_modules .muneris .*_cache .hypothesis .prove mutants

# --- what a fresh machine needs ------------------------------------------------------------

.PHONY: setup
setup: .venv/.installed node_modules/.installed

.tools/bin/uv:
	@$(NEED_PYTHON)
	@python3 -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.installed: requirements.lock pyproject.toml | $(filter .tools/bin/uv,$(UV))
	@$(NEED_PYTHON)
	@$(UV) venv --quiet --python "$$(command -v python3)" --allow-existing .venv
	@$(UV) pip sync --quiet --python .venv --require-hashes requirements.lock
	@$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.installed: package.json package-lock.json
	@$(NEED_NODE)
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@
