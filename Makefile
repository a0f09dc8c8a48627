# Everything a newcomer types. Needs Python 3.11 or newer, and nothing else that is not fetched here.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
LOCK   := $(BIN)/uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes --quiet \
          --custom-compile-command "make lock"

.PHONY: demo test test-postgres faults weeks lint bench serve setup lock messages clean

demo: $(READY)            ## a whole Monday of the sample association, then its pages (ARGS=--once stops there)
	$(BIN)/digest demo $(ARGS)

serve: $(READY)           ## pages and clock of the installation in this folder
	$(BIN)/digest serve $(ARGS)

test: $(VENV)/.dev        ## the whole suite (ARGS="tests/compose -k window" for a part)
	$(BIN)/python -m pytest -n auto $(ARGS)

test-postgres: $(VENV)/.dev  ## what the database takes part in, on the server that TEST_DATABASE_URL names
	@test -n "$$TEST_DATABASE_URL" || { echo "Set TEST_DATABASE_URL, like postgres://user:password@127.0.0.1/name"; exit 1; }
	$(BIN)/python -m pytest -n auto -m "not browser" --ignore=tests/gather/test_real_feeds.py --ignore=tests/faults $(ARGS)

faults: $(VENV)/.dev      ## the long form of tests/faults: thousands of faults, hundreds of kills (10-20 minutes; ARGS=SEED)
	$(BIN)/python -m tests.faults $(ARGS)

weeks: $(VENV)/.dev       ## the long form of tests/weeks: two years in each of six zones (a minute each; ARGS=SEED)
	$(BIN)/python -m tests.weeks $(ARGS)

lint: $(VENV)/.dev        ## style, types, layers, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DIGEST_CONFIG= DJANGO_SETTINGS_MODULE=tests.lint_settings $(BIN)/python -m django makemigrations --check --dry-run

bench: $(VENV)/.dev       ## speed, as ratios against plain references
	$(BIN)/python -m bench

messages: $(READY)        ## bring the catalogues of fixed words up to date (LANGUAGE=fr begins one)
	@mkdir -p build
	$(BIN)/pybabel -q extract -F pyproject.toml -k N_ --add-location=file --sort-by-file --width=118 -o build/digest.pot .
	$(if $(LANGUAGE),$(BIN)/pybabel -q init -i build/digest.pot -d digest/locale -D digest -l $(LANGUAGE),\
	  $(BIN)/pybabel -q update -i build/digest.pot -d digest/locale -D digest --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=118)

setup: $(READY)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another with: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(READY): $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(READY) requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

lock: $(READY)            ## write the lock files anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) pyproject.toml --extra anymail --extra pdf --extra postgres -o requirements.lock
	$(LOCK) pyproject.toml --extra anymail --extra pdf --extra postgres --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) demo
