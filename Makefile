# The two commands to know: `make demo` and `make test`. Each sets up all it needs.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench evidence soak fuzz lab venv debian lock contract supported pictures clean

FOR ?=
ARGS ?=
RUNS ?= 100000

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: venv ## a simulated home, a hub and a ward, until Ctrl-C (FOR=60: for 60 seconds)
	@.venv/bin/wardgate-sim demo $(if $(FOR),--for $(FOR)) $(ARGS)

test: venv debian ## all tests, on real parts, in three processes: many wait for a radio, a browser, a broker
	@.venv/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: venv ## ruff, mypy --strict, import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

bench: venv debian ## measure ratios in one run, print them and keep them as JSON
	@.venv/bin/python -m benchmarks $(ARGS)

evidence: venv ## what the detectors find on simulated patients, and at how many false alerts (docs/evidence)
	@.venv/bin/python -m benchmarks.evidence $(ARGS)
	@.venv/bin/python -m benchmarks.evidence.nights

soak: venv debian ## the long versions of the crash and fault tests: hours
	@WARDGATE_KILLS=2000 WARDGATE_CRASH_STATES=1000000 WARDGATE_FLIPS=20000 WARDGATE_REPAIR_ROUNDS=20 \
	WARDGATE_SCHEDULES=5000 WARDGATE_CLOCK_STORIES=500 \
	.venv/bin/pytest tests/pipeline/test_kill.py tests/crash tests/faults tests/time $(ARGS) --timeout 36000

fuzz: venv ## look for bytes that break a codec (RUNS=10000000 for the record)
	@.venv/bin/pip install --quiet atheris==3.0.0
	@.venv/bin/python -m tests.fuzz.run --runs $(RUNS) $(ARGS)

lab: venv debian ## the unmodified hub over the real BlueZ, in a guest kernel (root)
	@.venv/bin/pytest tests/lab $(ARGS)

contract: venv ## generate docs/contract and docs/api from the message types
	.venv/bin/python -m wardgate.contract.schema docs/contract
	.venv/bin/python -m wardgate.page.api.document docs/api

supported: venv ## generate SUPPORTED.md from the catalogue
	.venv/bin/wardgate devices supported > SUPPORTED.md

pictures: venv debian ## draw the pages in docs/pictures
	@.venv/bin/python -m tests.journey.pictures

lock: venv ## renew the lock files
	.venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra sim --extra ward --extra dev pyproject.toml -o requirements-dev.lock

venv:
	@scripts/setup.sh venv

debian: venv
	@scripts/setup.sh debian

clean: ## remove what was built
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
