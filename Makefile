# The commands to know: `make run`, `make check` and `make test`. `make help` lists the others.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
DEMO := config/demo.yml
DEMO_MODELS := $(wildcard demo/*.py demo/*/*.py shared/service_tables.py shared/models/*.py services/*/models/*.py)

# The first Python on this machine that is new enough; make PYTHON=/path/to/python names another.
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3 python,\
	$(shell $(name) -c '$(FITS)' 2>/dev/null && echo $(name))))

.DEFAULT_GOAL := help
.PHONY: help run demo check test coverage lint format types house bench clean

help:            ## show this list
	@sed -n 's/^\([a-z]*\):.*## */\1\t/p' $(MAKEFILE_LIST)

ifdef SITE
run: $(VENV)/.site
	@exec $(BIN)/ispyb-services serve --site '$(SITE)' $(if $(PORT),--port $(PORT))
else
run: .run/demo   ## serve the demo, or a site: make run SITE=path/to/site.yml PORT=8001
	@exec $(BIN)/ispyb-services serve --site $(DEMO) $(if $(PORT),--port $(PORT))
endif

demo:            ## create the simulated facility again
	@rm -f .run/demo
	@$(MAKE) --no-print-directory .run/demo

check: $(VENV)/.dev  ## check style and types, and run the tests of the services on SQLite; ONLY=core for one service
	@$(BIN)/python -m tests.everything check $(ONLY)

test: $(VENV)/.dev  ## all checks and all tests, on SQLite and on MariaDB; ONLY=core for one service
	@$(BIN)/python -m tests.everything test $(ONLY)

coverage: $(VENV)/.dev  ## the share of lines and branches that the tests on SQLite reach
	@$(BIN)/python -m tests.everything coverage

lint: $(VENV)/.dev  ## check style with black and flake8
	@$(BIN)/black -q --check -l 99 . && $(BIN)/flake8

types: $(VENV)/.dev  ## check types with mypy
	@$(BIN)/mypy

format: $(VENV)/.dev  ## reformat all files with black
	@$(BIN)/black -q -l 99 .

house: $(VENV)/.dev  ## lines per operation, longest files, statements per call
	@$(BIN)/python -m tests.house

bench: $(VENV)/.dev  ## measure the figures of docs/reference/performance.md; SCALE=full or huge: of whole facilities too
	@$(BIN)/python -m bench $(SCALE)

clean:           ## remove environment, demo and caches
	rm -rf $(VENV) tests/npm/node_modules .run .mypy_cache .pytest_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@'$(PYTHON)' -c '$(FITS)' 2>/dev/null || { echo 'Python 3.11 or newer with its venv module' \
	  'is needed (Debian: python3-venv); name it: make PYTHON=/path/to/python' >&2; exit 1; }
	@'$(PYTHON)' -m venv $(VENV)

$(VENV)/.demo: setup.cfg pyproject.toml | $(BIN)/python
	@echo 'Installing into $(VENV) (only the first time) ...'
	@$(PIP) -e . && touch $@

$(VENV)/.site: setup.cfg pyproject.toml | $(BIN)/python
	@sh tests/system-packages.sh $(BIN)/python site
	@echo 'Installing into $(VENV) (only the first time) ...'
	@$(PIP) -e '.[mysql,ldap]' && touch $@ $(VENV)/.demo

$(VENV)/.dev: setup.cfg pyproject.toml tests/system-packages.sh tests/clients/requirements.txt \
  tests/npm/package-lock.json | $(BIN)/python
	@sh tests/system-packages.sh $(BIN)/python test
	@echo 'Installing into $(VENV) (only the first time) ...'
	@$(PIP) -e '.[mysql,ldap,dev]'
	@$(PIP) --no-deps --ignore-requires-python -r tests/clients/requirements.txt
	@npm ci --prefix tests/npm --silent --no-audit --no-fund --ignore-scripts
	@touch $@ $(VENV)/.site $(VENV)/.demo

# Keys and database of the demo: created again when the code that fills it has changed.
.run/demo: $(DEMO) $(DEMO_MODELS) | $(VENV)/.demo
	@umask 077 && mkdir -p .run && chmod 700 .run && $(BIN)/ispyb-services demo --site $(DEMO) --reset
	@touch $@
