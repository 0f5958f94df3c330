# Everything installs into .venv; a machine needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: run up down evidence demo-llm test test-slow chromium crash check bench bench-scale bench-sequence format lock clean

run: $(READY)  ## tonight's recommendations for the data set that ships with the install
	$(BIN)/palate nightly

up: $(READY)  ## nights on a schedule: Prefect's server, its database and a worker, until `make down`
	$(BIN)/palate up

down: $(READY)
	$(BIN)/palate down

evidence: $(READY)  ## every shipped grid, then RESULTS.md; PALATE_DATA_DIR names the folder of data sets
	for grid in deployments/experiments/*.toml; do $(BIN)/palate experiment $$grid || exit 1; done
	$(BIN)/palate results --out RESULTS.md

demo-llm: $(READY)  ## a night for 5 users with a real, tiny language model served on this machine
	deployments/demo-llm.sh $(BIN)

test: $(READY)  ## every test but the slow ones; those that need ../shared/data skip, and say so, without it
	tests/support/untouched.sh $(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-slow: $(READY)  ## whole installations, started, broken and repaired: twenty minutes
	tests/support/untouched.sh $(BIN)/python -m pytest -m slow

chromium:  ## the browser that tests look at the nightly page with: Debian's, where there is none yet
	tests/support/install-chromium.sh

check: $(READY)  ## lint, format, types, and that imports point downwards only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

crash: $(READY)  ## kills the scoring engine 100 times, whole nights 8 times, and proves from the server's log what was lost
	$(BIN)/python -m tests.crash

bench: $(READY)  ## every step, beside the published way and other libraries; a few minutes (DATA=NAME for others)
	$(BIN)/python -m tests.bench $(DATA)

bench-scale: $(READY)  ## whole nights up to MovieLens 32M's size (SIZES="100000 1000000"; FRESH=1 anew); carries on
	$(BIN)/python -m tests.bench.scale

bench-sequence: $(READY)  ## RecTools' SASRec, judged on windows of time (DATA=NAME DAYS=30 STARTS="SECONDS ..." MORE="--serves 3 --home HOME"); half an hour each
	$(BIN)/python -m tests.bench.sequence $(DATA) --days $(DAYS) --starts $(STARTS) $(MORE)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY)  ## resolve pyproject.toml anew into requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--group dev --extra als --extra fast --extra trees --extra local-llm --extra service --extra dask --extra s3 --extra redis --upgrade --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .palate dist

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "palate needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet "$$(grep -oE '^uv==[0-9.]+' requirements.lock)"
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@
