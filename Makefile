# `make run` and `make test` do all of their own set-up. `make help` lists the rest.

TRIAL := isatuximab-dexamethasone
OUT := results
SEED := 20210304
ARGS :=

SHELL := /bin/sh
BIN := .venv/bin
BENCHMARKS := $(wildcard benchmarks/[a-z]*.py)
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast check format notebooks bench lock clean

help:  ## List what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
	@echo 'Variables of run: TRIAL=$(TRIAL) OUT=$(OUT) SEED=$(SEED). ARGS= goes on to run and test.'

setup:  ## Make .venv with the locked packages (all others do this first, once)
	@sh tools/setup.sh

run: setup  ## Analyse TRIAL with SEED and write tables, figures, posteriors and report to OUT
	@$(BIN)/reappraise run "$(TRIAL)" --out "$(OUT)" --seed $(SEED) $(ARGS)

test: setup  ## Run the tests, two files at a time
	@$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder $(ARGS)

test-fast: setup  ## Run the tests that sample nothing, the fast tier
	@$(BIN)/python -m pytest --numprocesses=2 --dist=worksteal -m "not sampling and not slow" $(ARGS)

check: setup  ## Lint, check the format, the types and the layers
	@$(BIN)/ruff check --quiet . && echo 'check: lint is clean'
	@$(BIN)/ruff format --quiet --check . && echo 'check: format is clean'
	@$(BIN)/mypy --no-error-summary && echo 'check: types are clean'
	@$(BIN)/lint-imports --no-logo > .venv/imports.txt || { cat .venv/imports.txt; exit 1; }
	@echo 'check: layers are clean'

format: setup  ## Mend what the linter and formatter can mend
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format .

notebooks: setup  ## Execute the notebooks again, in place
	@for notebook in $(NOTEBOOKS); do \
		echo "$$notebook" && $(BIN)/python -m nbconvert --log-level=WARN --to notebook --execute --inplace \
			--ExecutePreprocessor.record_timing=False "$$notebook" || exit 1; \
	done

bench: setup  ## Run the benchmarks
	@for benchmark in $(BENCHMARKS); do echo "$$benchmark" && $(BIN)/python "$$benchmark" || exit 1; done

lock: setup  ## Resolve constraints.txt anew from pyproject.toml, to the newest versions
	@PATH="$$PATH:$(BIN)" uv pip compile pyproject.toml --group dev --universal --upgrade --quiet \
		--no-header --no-annotate --output-file .venv/lock.txt
	@sed 's/ *;.*//' .venv/lock.txt > constraints.txt

clean:  ## Remove caches and built packages; .venv and results stay
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find models tests benchmarks notebooks -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
