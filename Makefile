# make demo   the main job from nothing: train, gate, deploy, watch
# make quick  while you work: ruff, and the tests that start no server, browser, database or real run
# make test   the test suite with coverage
# make matrix every experiment with every trainer, deployed and compared
# make garage the experiments of docs/examples as their pages say: run, asked, watched
# make stacks every experiment on every stack, and two at once; a cluster of three machines, an object store, a server
# make soak   the long tests at their promised length; the suite has a small version of each
# make conformance  the contract with plug-ins, tried on every component and stack that is installed; the example of one
# make lint   formatting, lint, types, import contracts
# make docs   docs/reference from the schemas, and serving.lock from requirements.lock
# make site   the documentation as a site in site/, links checked
# make bench  measured ratios; nothing in the suite is timed
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := demo

FITTING := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c '$(FITTING)' >/dev/null 2>&1 && echo $$p && break; done)
READY := .venv/.ready
SITE := .venv/.site
TABLES := .venv/.tables
EXTRA := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], sep="\n")

.PHONY: demo quick test matrix garage stacks soak conformance lint docs site bench

$(READY): requirements.lock
	@if [ -z "$(PYTHON)" ]; then echo "Drivetrain needs Python 3.11, 3.12 or 3.13 on the PATH; found none of them with venv and pip (Debian: python3-venv)." >&2; exit 2; fi
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --compile --require-hashes -r requirements.lock
	touch $(READY)

# Tables that examples read come with packages of their own, which nothing else needs.
$(TABLES): $(READY) examples/requirements.lock
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r examples/requirements.lock
	touch $(TABLES)

demo: $(READY)
	.venv/bin/python -m examples.demo

quick: $(READY) $(TABLES)
	.venv/bin/ruff check .
	.venv/bin/python -m pytest -m "not matrix and not garage and not stacks and not conformance and not slow" -n 2 --dist loadscope

test: $(READY) $(TABLES)
	.venv/bin/python -m coverage erase
	.venv/bin/python -m coverage run -m pytest -n 3 --dist loadscope
	.venv/bin/python -m coverage combine --quiet
	.venv/bin/python -m coverage report
	.venv/bin/python -m tests.coverage_floors

matrix: $(READY) $(TABLES)
	.venv/bin/python -m pytest -m matrix -n 2 --dist loadscope

garage: $(READY) $(TABLES)
	.venv/bin/python -m pytest -m garage -n 2 --dist loadscope

stacks: $(READY) $(TABLES)
	.venv/bin/python -m pytest -m stacks -n 2 --dist loadscope

# The long tests at the length that was promised; the suite has a small version of each.
soak: $(READY) $(TABLES)
	DRIVETRAIN_SOAK=1 .venv/bin/python -m pytest -m "not matrix and not garage" -n 2 --dist load --timeout 3600 $$(grep -l "tests.soak" -r tests --include="test_*.py")

conformance: $(READY) $(TABLES)
	.venv/bin/python -m cli.conformance
	.venv/bin/python -m pytest -m conformance -n 2 --dist loadscope

lint: $(READY)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: $(READY)
	.venv/bin/python -m benchmarks

docs: $(READY)
	.venv/bin/python -m cli.reference
	.venv/bin/python -m cli.serving_lock

# What the site is built with is not in the lock: nothing that runs or is tested needs it.
$(SITE): $(READY) pyproject.toml
	.venv/bin/python -c '$(EXTRA)' > .venv/site.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r .venv/site.txt
	touch $(SITE)

site: $(SITE)
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict
