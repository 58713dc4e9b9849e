# What a newcomer types. `make run` and `make test` install what they need first.

PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: bench-llm run test unit integration acceptance acceptance-llm llm lint types bench bench-term bench-tutor bench-retrieval bench-prediction bench-knowledge bench-grading lock clean bench-agents bench-live

run: $(VENV)/.installed
	@$(BIN)/azora up

# Each folder in a process of its own: what one leaves behind in it cannot disturb another. With `make -j2 integration` two
# run at a time: each has its own servers, on sockets and ports that were free.
INTEGRATION = $(patsubst %/,%,$(filter-out %__pycache__/,$(sort $(wildcard tests/integration/*/))))
.PHONY: tests/unit $(INTEGRATION) tests/acceptance validate
tests/unit $(INTEGRATION) tests/acceptance: $(VENV)/.installed-dev
	@echo "$@"
	@$(BIN)/python -m pytest -q $(OPTIONS) $@
# A plug-in that acceptance tests alone need, and half a second to import.
tests/unit $(INTEGRATION): OPTIONS = -p no:schemathesis
# To start the platform takes a busy machine minutes.
tests/acceptance: OPTIONS = -o faulthandler_timeout=900

unit: tests/unit
integration: $(INTEGRATION)
acceptance: tests/acceptance
# The platform comes last, with the machine to itself, however many folders run at a time.
test: unit integration
	+@$(MAKE) --no-print-directory acceptance

# What the release before would do on the newest schema.
.PHONY: old-code
old-code: $(VENV)/.installed-dev
	bash .ci/old-code $(BEFORE)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy

validate:
	PYTHON=$(PYTHON) bash .ci/validate

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.events

bench-term: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.term --data $(DATA) --module AAA --presentation 2013J

bench-tutor: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.tutor
bench-live: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.live
bench-agents: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.agents

bench-llm: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.llm $(if $(LITELLM),--litellm $(LITELLM))
	$(BIN)/python -m benchmarks.llm.endurance
	$(BIN)/python -m benchmarks.llm.budget

bench-retrieval: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.retrieval

bench-scale: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.scale

# As root, for it makes network namespaces.
bench-cluster: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.cluster faults
	$(BIN)/python -m benchmarks.cluster upgrade
	$(BIN)/python -m benchmarks.cluster autoscale

bench-prediction: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.prediction --data $(DATA)

bench-knowledge: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.knowledge --data $(DATA)

bench-grading: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.grading --data $(DATA)

# Names, versions and hashes, no addresses.
PLAIN   = $(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
COMPILE = $(PLAIN) --universal
# The same versions as without language models, but for those that vLLM bounds. It has wheels for Linux alone.
LLM     = $(PLAIN) --python-platform x86_64-manylinux_2_28 -c .llm-constraints --override requirements-llm.override
lock: $(VENV)/.installed-dev
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@sed -nE 's/^([a-z0-9._-]+==[^ ]+( ;[^\\]*)?).*/\1/p' requirements.lock | grep -vE '^(grpcio-reflection|numpy|protobuf|setuptools)==' > .llm-constraints
	$(LLM) --extra llm pyproject.toml -o requirements-llm.lock
	$(LLM) --extra llm-cpu --override requirements-llm-cpu.override $(WHEELS) pyproject.toml -o requirements-llm-cpu.lock
	@rm .llm-constraints

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Azora needs Python 3.11: $(PYTHON) is not on the PATH (make PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# uv, which the lock has like everything else, takes a tenth of pip's time. It does not read pip's configuration: where it
# does not find what it needs, pip goes on.
UV    = $(BIN)/uv pip install --quiet
PIP   = -m pip install --quiet --disable-pip-version-check
AZORA = $(PIP) --no-deps --no-build-isolation -e .
$(BIN)/uv: | $(BIN)/python
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.lock | $(BIN)/python $(PIP) --require-hashes -r /dev/stdin

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/uv
	@echo "Installing Azora into $(VENV) (a minute or two the first time)"
	@$(UV) --compile-bytecode --python $(BIN)/python --require-hashes -r $< || $(BIN)/python $(PIP) --require-hashes -r $<
	@$(BIN)/python $(AZORA)
	@touch $@

# It has all of the other; only what is imported is compiled.
$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/uv
	@$(UV) --python $(BIN)/python --require-hashes -r $< || $(BIN)/python $(PIP) --require-hashes -r $<
	@$(BIN)/python $(AZORA)
	@touch $@

# Language models on this machine, in an environment of their own: 4 GB, or 10 GB with a GPU (docs/MODELS.md).
# torch's build for processors is not on PyPI: PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL names where it is.
LLM_VENV ?= .venv-llm
GPU      := $(wildcard /dev/nvidia[0-9]*)
LLM_LOCK ?= $(if $(GPU),requirements-llm.lock,requirements-llm-cpu.lock)
WHEELS    = $(addprefix --find-links ,$(PIP_FIND_LINKS))
LLM_UV    = $(UV) $(WHEELS) $(addprefix --extra-index-url ,$(PIP_EXTRA_INDEX_URL))
llm: $(LLM_VENV)/.installed
	@echo "Ready: $(LLM_VENV)/bin/azora up --llm smollm2"

$(LLM_VENV)/.installed: $(LLM_LOCK) pyproject.toml | $(BIN)/uv
	@command -v $(PYTHON) >/dev/null || { echo "Azora needs Python 3.11: $(PYTHON) is not on the PATH (make PYTHON=...)"; exit 1; }
	@test -x $(LLM_VENV)/bin/python || $(PYTHON) -m venv $(LLM_VENV)
	@echo "Installing Azora with vLLM into $(LLM_VENV), out of $(LLM_LOCK): some minutes"
	@$(LLM_UV) --python $(LLM_VENV)/bin/python --no-deps --require-hashes -r $(LLM_LOCK) \
	    || $(LLM_VENV)/bin/python $(PIP) --no-deps --require-hashes -r $(LLM_LOCK)
	@$(LLM_VENV)/bin/python $(AZORA)
	@touch $@

# The real small model behind /v1. The test programs run in $(VENV), the platform in $(LLM_VENV).
acceptance-llm: $(VENV)/.installed-dev $(LLM_VENV)/.installed
	AZORA_TEST_LLM_PYTHON=$(LLM_VENV)/bin/python $(BIN)/python -m pytest -q -o faulthandler_timeout=900 tests/acceptance_llm

clean:
	rm -rf $(VENV) $(LLM_VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
