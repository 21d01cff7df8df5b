# make demo   set up and run the whole path on the bundled sample
# make test   set up and run every test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CODE := corpus_tools annotation models manifests tests benchmarks examples docs

.PHONY: help demo test check format docs clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 14

demo: $(VENV)/installed ## run the whole path on the bundled sample, into demo-corpus/
	$(BIN)/corpus demo demo-corpus --again

test: $(VENV)/installed-dev ## run every test
	$(BIN)/python -m pytest

check: $(VENV)/installed-dev ## format, lint, types, import contracts, docs
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mkdocs build --strict --quiet

format: $(VENV)/installed-dev ## rewrite the code in the project's format
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

docs: $(VENV)/installed-dev ## build the documentation into site/
	$(BIN)/mkdocs build --strict

clean: ## remove what the targets made
	rm -rf $(VENV) site build dist demo-corpus .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 demo")'
	$(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV); this takes a few minutes the first time"
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@
