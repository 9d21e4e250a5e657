# The whole toolbox. Each target works from nothing: it makes .venv and installs what it needs.
PYTHON ?= python3
VENV := .venv
# Windows keeps a virtual environment's programs elsewhere.
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo lab test check clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/kit  ## install, then show what pretraining buys (2 minutes)
	$(BIN)/finetune-kit demo

lab: $(VENV)/lab  ## open the course in JupyterLab
	$(BIN)/jupyter lab notebooks

test: $(VENV)/dev  ## run all tests, notebooks and browser included
	$(BIN)/python -m pytest -m "not notebook and not browser" -n 2 --dist loadfile
	$(BIN)/python -m pytest -m notebook -n 2 --dist loadgroup
	$(BIN)/python -m pytest -m browser

check: $(VENV)/dev  ## lint, formatting, types, import floors, notebooks without outputs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nbstripout --verify notebooks/*.ipynb

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/torch: constraints.txt
	$(PYTHON) -m venv $(VENV)
	@echo "Installing; the first time takes some minutes ..."
	$(INSTALL) torch
	@touch $@

$(VENV)/kit: $(VENV)/torch pyproject.toml
	$(INSTALL) --editable .
	@touch $@

$(VENV)/lab: $(VENV)/torch pyproject.toml
	$(INSTALL) --editable '.[lab]'
	@touch $@ $(VENV)/kit

$(VENV)/dev: $(VENV)/torch pyproject.toml
	$(INSTALL) --editable '.[lab,dev]'
	@touch $@ $(VENV)/lab $(VENV)/kit
