# Everything a person needs: `make demo` to look, `make run` to use, `make check` before a commit.
PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url pyproject.toml

.PHONY: demo run test check lint types lock clean

demo: .venv/run
	$(BIN)/monitor demo

run: .venv/run
	@[ -f config.toml ] || $(BIN)/monitor init .
	$(BIN)/monitor run

test: .venv/dev
	$(BIN)/python -m pytest --numprocesses 4 --dist worksteal --cov --cov-report=term

check: lint types test

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

.venv/run: requirements.lock pyproject.toml
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The newest versions that fit pyproject.toml, for every platform, pinned by hash, without index addresses.
lock: .venv/dev
	$(COMPILE) --extra build --output-file requirements.lock
	$(COMPILE) --extra build --extra dev --extra names --output-file requirements-dev.lock

clean:
	rm -rf .venv build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
