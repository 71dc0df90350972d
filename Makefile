# Sidelight. `make help` lists what can be done.
# Settings come from the environment: PORT=9000 DATA_DIR=/some/dir make run

VENV ?= .venv
BIN ?= $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet

.DEFAULT_GOAL := help
.PHONY: help setup run serve test style format ci bench-pages requirements

help: ## List what can be done
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

setup: $(VENV)/.installed ## Make the virtual environment and install what is pinned

run: setup serve ## Run web server and worker; Ctrl-C stops both

serve: # As run, without looking at the installation
	@PATH="$(BIN):$$PATH" flask --app webapp db upgrade
	@PATH="$(BIN):$$PATH" && export PATH && exec honcho start --no-prefix --port "$${PORT:-8000}"

test: $(VENV)/.installed-dev ## Run all tests
	@[ -n "$$CHROMIUM" ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		echo "The browser tests need Chromium: apt-get install chromium (Debian), or your system's package." >&2
	@$(BIN)/python -m pytest

style: $(VENV)/.installed-dev ## Check style, types and the arrows between packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.installed-dev ## Write the code in the one format
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

ci: test style ## What the continuous integration runs

bench-pages: $(VENV)/.installed-dev ## Measure how quick the result page is, in Chromium
	@$(BIN)/python -m tests.browser.bench_pages

requirements: $(VENV)/.installed-dev ## Pin again what pyproject.toml names
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
		pyproject.toml --output-file requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
		--extra dev --constraint requirements.txt pyproject.toml --output-file requirements-dev.txt

$(VENV)/bin/python:
	@for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
		if "$$python" -c "import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" \
			2>/dev/null; then exec "$$python" -m venv "$(VENV)"; fi; \
	done; \
	echo "Sidelight needs Python 3.11, 3.12 or 3.13 with its venv module. Say where: PYTHON=/path/to/python make run" >&2; \
	exit 1

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing what Sidelight stands on into $(VENV); this takes some minutes the first time."
	@$(PIP) install --require-hashes --requirement requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@
