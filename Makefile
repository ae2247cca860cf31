# Two commands: `make lab` to study, `make test` to check. `make help` lists the rest.
PYTHON ?= python3
TORCH ?=
ARGS ?=
ONLY ?=
KIND ?=
NAME ?=
STALE ?=
SEEDS ?=
SEED ?= 0
VENV := .venv/bin/python

.PHONY: help install lab test check fast new notebooks site messages slides checkpoints claims bench fuzz colab lint lock release clean

help:  ## list the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

install:
	@$(PYTHON) .ci/install.py $(if $(TORCH),--torch $(TORCH))

lab: install  ## install what is missing and open the course in JupyterLab (ARGS="--no-browser --port 8899")
	@$(VENV) .ci/lab.py $(ARGS)

test: install  ## install what is missing and check everything this machine can check (ARGS=changed: what differs from main)
	@$(VENV) .ci/test.py $(ARGS)

check: install  ## style, spelling, types and the fast tests, side by side: a minute, before every commit
	@$(MAKE) -s -j 2 lint fast

fast: install
	@$(VENV) .ci/test.py fast

new: install  ## start a network or an explorer (KIND=network NAME=my_net)
	@$(VENV) .ci/new.py $(KIND) $(NAME)

notebooks: install  ## rebuild the notebooks whose source or library inputs changed
	@$(VENV) -m notebooks.build $(ARGS)

site: install  ## build the course as a site: pages for a web server or a USB stick, in site/
	@$(VENV) -m uv pip install -q --require-hashes -r notebooks/site/requirements.lock
	@$(VENV) -m notebooks.site

messages: install  ## extract what can be translated, and bring the translations of the site up to date
	@$(VENV) -m notebooks.site.messages

slides: site  ## build the slides of each lecture: they are pages of the site (key S: speaker notes)
	@ls site/slides_*.html

checkpoints: install  ## train the small networks of the lessons again
	@$(VENV) -m course_lib.training.checkpoints $(ARGS)

claims: install  ## measure the claims of the lectures (ONLY="R6 L4", STALE=1 what is missing or changed, SEEDS=10-14 to compare)
	@$(VENV) -m course_lib.claims $(if $(ONLY),--only "$(ONLY)") $(if $(STALE),--stale) $(if $(SEEDS),--seeds $(SEEDS)) $(ARGS)
	@$(VENV) -m notebooks.readme

bench: install  ## measure speed and memory (ARGS="models" for one of the benches)
	@$(VENV) -m tests.bench $(ARGS)

fuzz: install  ## compare receptive fields of random programs with the truth (SEED=123 ARGS=2000 for another start and count)
	@$(VENV) -m tests.fuzz $(SEED) $(ARGS)

colab: install  ## run all lectures with the versions that Google Colab brings along, after its first cell
	@$(VENV) .ci/install.py --colab
	@COLAB=all $(VENV) -m pytest tests/notebooks/test_colab.py -q --durations 10

lint: install  ## check style, spelling and types of the code, and the notebooks
	@$(VENV) -m ruff check . && $(VENV) -m ruff format --check . && $(VENV) -m codespell_lib
	@$(VENV) -m mypy && $(VENV) -m notebooks.lint

lock: install  ## resolve the exact versions again
	@$(VENV) .ci/lock.py

release: install  ## stamp address and tag everywhere, then build, check and try the wheel (REPOSITORY=owner/name)
	@$(VENV) -m notebooks.release $(REPOSITORY) $(TAG)

clean:  ## remove the environments and everything that was made or downloaded
	rm -rf .venv .venv-oldest .venv-newest .venv-class .venv-colab .pytest_cache .ruff_cache .mypy_cache .cache artefacts dist site
