# Two commands do everything on a fresh machine: `make demo` and `make test`. Each sets up .venv itself.
# TORCH names what to install as torch: by default its CPU build, see README for a GPU one.

PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
TORCH_BACKEND ?= cpu
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

# pip prefers what is installed: torch goes first and alone, so that nothing pulls a bigger build of it.
ifdef UV
INSTALL = UV_TORCH_BACKEND=$(TORCH_BACKEND) $(UV) pip install --python $(BIN)/python
else
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --quiet
endif

.PHONY: demo test lint types imports check bench clean

demo: $(VENV)/.demo
	$(BIN)/laserdb demo $(if $(DEMO_DIR),$(DEMO_DIR),laserdb-demo)

test: $(VENV)/.dev
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports --no-cache

check: lint types imports test

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/kmeans.py

clean:
	rm -rf $(VENV) laserdb-demo build dist *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.torch: | $(BIN)/python
	$(INSTALL) '$(TORCH)'
	touch $@

$(VENV)/.demo: $(VENV)/.torch pyproject.toml
	$(INSTALL) -e '.[score,offline]'
	touch $@

$(VENV)/.dev: $(VENV)/.torch pyproject.toml
	$(INSTALL) -e '.[score,offline,remote,dev]'
	touch $@ $(VENV)/.demo
