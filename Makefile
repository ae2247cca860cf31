# Two commands: `make lab` to study, `make test` to check. `make help` lists the rest.
PYTHON ?= python3
TORCH ?=
ARGS ?=
ONLY ?=
STALE ?=
SEED ?= 0
VENV := .venv/bin/python

.PHONY: help install lab test notebooks checkpoints claims bench fuzz lint lock release clean

help:  ## list the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

install:
	@$(PYTHON) .ci/install.py $(if $(TORCH),--torch $(TORCH))

lab: install  ## install what is missing and open the course in JupyterLab (ARGS="--no-browser --port 8899")
	@$(VENV) .ci/lab.py $(ARGS)

test: install  ## install what is missing and check everything this machine can check
	@$(VENV) .ci/test.py $(ARGS)

notebooks: install  ## rebuild the notebooks whose source or library inputs changed
	@$(VENV) -m notebooks.build $(ARGS)

checkpoints: install  ## train the small networks of the lessons again
	@$(VENV) -m course_lib.training.checkpoints $(ARGS)

claims: install  ## measure the claims of the lectures (ONLY="R6 L4", STALE=1 for what is missing or changed)
	@$(VENV) -m course_lib.claims $(if $(ONLY),--only "$(ONLY)") $(if $(STALE),--stale) $(ARGS)
	@$(VENV) -m notebooks.readme

bench: install  ## measure speed and memory (ARGS="models" for one of the benches)
	@$(VENV) -m tests.bench $(ARGS)

fuzz: install  ## compare receptive fields of random programs with the truth (SEED=123 ARGS=2000 for another start and count)
	@$(VENV) -m tests.fuzz $(SEED) $(ARGS)

lint: install  ## check the style of code and notebooks
	@$(VENV) -m ruff check . && $(VENV) -m ruff format --check . && $(VENV) -m notebooks.lint

lock: install  ## resolve the exact versions again
	@$(VENV) .ci/lock.py

release: install  ## stamp address and tag into every first cell and badge (REPOSITORY=owner/name TAG=v1.0)
	@$(VENV) -m notebooks.release $(REPOSITORY) $(TAG)

clean:  ## remove the environments and everything that was made or downloaded
	rm -rf .venv .venv-oldest .pytest_cache .ruff_cache .cache artefacts dist
