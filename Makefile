# The front door. Every target makes its own environment in .venv first.
#
# TORCH_INDEX: an extra package index that serves CPU-only builds of torch (PyTorch's install page names one). Leave
# it empty where your pip already offers a CPU build; without one, pip takes the CUDA build, which works and is large.
TORCH_INDEX ?=
PYTHON ?= python3.11
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export OMP_NUM_THREADS = 1
export OMP_WAIT_POLICY = PASSIVE
export DO_NOT_TRACK = 1
export DVC_NO_ANALYTICS = true
export GX_ANALYTICS_ENABLED = false
export PREFECT_SERVER_ANALYTICS_ENABLED = false
STAMP = .venv/installed

.PHONY: help setup data reproduce test lint bench audit docs ui scenario clean distclean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## the virtual environment with the exact set of constraints.txt

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -m venv .venv 2>/dev/null || python3 -m venv .venv
	@echo "installing into .venv (about 2.7 GB, 3 to 5 minutes the first time)"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) \
	  --constraint constraints.txt --editable '.[dev]'
	@.venv/bin/python -m pip check
	@touch $(STAMP)

data: $(STAMP)  ## render the embedded corpus into data/ and compare it with data.dvc
	@python -m components.lineage verify-data 2>/dev/null || \
	  { python -m components.world --out data && python -m components.lineage verify-data; }

reproduce: data  ## the whole paper, tiny, from one DAG
	@python -m flows.reproduce

test: $(STAMP)  ## every test
	@python -m pytest -n auto --maxprocesses 4 --durations 25

lint: $(STAMP)  ## ruff and mypy
	@ruff check . && ruff format --check . && mypy

bench: $(STAMP)  ## side-by-side measurements, as ratios
	@for script in benchmarks/bench_*.py benchmarks/loss.py; do echo "== $$script"; python $$script || exit 1; done

audit: $(STAMP)  ## re-hash every byte of the workspace against its receipts
	@streamo audit

docs: $(STAMP)  ## rebuild Great Expectations Data Docs from the stored result
	@python -m components.validate docs

ui: $(STAMP)  ## a lasting Prefect server on loopback, with a login; then `streamo deploy`
	@python -m flows.serve

scenario: $(STAMP)  ## retraining, refusal and rollback played on one machine (docs/operations.md)
	@python -m infra.scenario

clean:  ## delete products, data and the cache; keeps .venv and dvc.lock
	rm -rf data artifacts models runs .scratch .dvc/cache .dvc/tmp .streamo.lock

distclean: clean  ## clean, and the environment too
	rm -rf .venv
