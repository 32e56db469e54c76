# `make run` and `make test` set up all they need; nothing has to be installed by hand but Python 3.11.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FAST := not slow and not browser and not law and not postgres and not vllm
# uv hard-links its cache by default, which nltk refuses ("multiply-linked file").
export UV_LINK_MODE := copy
# Without their bytecode, each of the many processes that tests start would compile its libraries again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run setup test test-all test-vllm check bench smoke model lock sample docs clean

run: setup ## set up, ingest the sample organisation, start the server and the page; MODEL=local: with a small model
	@$(BIN)/python infra/run.py $(if $(MODEL),--model $(MODEL))

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed (apt install python3.11 python3.11-venv)"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "python3-venv is needed (apt install python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)

test: setup ## the fast tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "$(FAST)"

test-all: setup ## every test that this machine can run: the browser's and the real law's too
	-$(BIN)/python -m ingest fetch code-du-travail --download-only
	-$(BIN)/python -m ingest fetch fiches-travail --download-only
	-$(BIN)/python -m ingest fetch fiches-service-public-2020 --download-only
	# The fast ones two at a time; the others measure their waits, and share the caches of data. A test in the browser that
	# fails is tried once more by itself: Streamlit's connection to it comes and goes on a busy machine. Both runs are in
	# the output: one that needs the second is a fault to look for, here or in the product.
	@status=0; \
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "$(FAST)" || status=$$?; \
	$(BIN)/python -m pytest -m "(slow or law or postgres) and not browser and not vllm" || status=$$?; \
	$(BIN)/python -m pytest -m "browser and not vllm" || { \
		echo "ONCE MORE, by themselves, the tests in the browser that failed above:"; \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none --maxfail 1 -m "browser and not vllm"; \
	} || status=$$?; \
	exit $$status

test-vllm: setup ## the tests against a real vLLM server on the processor (5 GB; says why where it cannot be had)
	@$(BIN)/python infra/vllm_cpu.py setup; status=$$?; \
	if [ $$status = 77 ]; then echo "The vllm tests are skipped, for the reason above."; \
	elif [ $$status = 0 ]; then $(BIN)/python -m pytest -m vllm tests/vllm; \
	else exit $$status; fi

check: setup ## what CI checks before the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## the figures of docs/performance.md, into reports/bench.md and .json (the first run embeds the law)
	$(BIN)/python -m eval bench

smoke: setup ## the quick suite of questions, and the gate that every change must pass (the first run embeds the sample)
	@$(BIN)/python -m eval run --suite smoke --fail-under eval/suites/smoke.thresholds.toml; status=$$?; \
	$(BIN)/python -m eval report dernier --output reports/smoke && exit $$status

model: setup ## fetch a small language model to try (1.3 GB); then: make run MODEL=local
	$(BIN)/python infra/local_model.py fetch

lock: setup ## resolve the dependencies again
	$(BIN)/uv pip compile pyproject.toml --group dev --extra judge --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --upgrade --quiet -o requirements.lock

sample: setup ## rebuild the sample organisation's documents
	$(BIN)/python sample/build.py
	$(BIN)/python sample/catalogue.py

docs: setup ## write docs/settings.md and docs/access.md from the code and the running server
	$(BIN)/python -m infra.settings_page
	$(BIN)/python -m infra.access_page

clean: ## forget the index and the environment; the cache of open data stays
	rm -rf data reports $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
