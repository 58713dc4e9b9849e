# What a newcomer types. `make run` and `make test` install what they need first.

PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: run test unit integration acceptance lint types bench bench-term bench-retrieval bench-prediction lock clean

run: $(VENV)/.installed
	@$(BIN)/azora up

# Each folder in a process of its own: what one leaves behind in it cannot disturb another.
FOLDERS = tests/unit $(filter-out %__pycache__/,$(sort $(wildcard tests/integration/*/))) tests/acceptance
test: $(VENV)/.installed-dev
	@set -e; for folder in $(FOLDERS); do echo "$$folder"; $(BIN)/python -m pytest -q $$folder; done

unit integration acceptance: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/$@

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.events

bench-term: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.term --data $(DATA) --module AAA --presentation 2013J

bench-retrieval: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.retrieval

bench-prediction: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.prediction --data $(DATA)

# Names, versions and hashes, no addresses.
COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
lock: $(VENV)/.installed-dev
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Azora needs Python 3.11: $(PYTHON) is not on the PATH (make PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing Azora into $(VENV) (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
