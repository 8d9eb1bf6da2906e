# Every target first makes a virtual environment in the checkout, once. To choose others:
#   PYTHON=python3.12   VENV=.venv-gpu   REQUIREMENTS=requirements-gpu.txt   ARGS=--no-browser
# `make lock UPGRADE=` locks a new requirement and leaves every other pin as it is.
VENV ?= .venv
REQUIREMENTS ?= requirements.lock

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3,\
  $(shell $(name) -c '$(SUPPORTED)' 2>/dev/null && echo $(name))))
RUN := $(VENV)/bin/python
READY := $(VENV)/$(notdir $(REQUIREMENTS)).installed
UV := build/uv/bin/uv
UPGRADE ?= --upgrade
COMPILE := $(UV) pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes \
  --no-annotate --custom-compile-command "make lock"
BOTH := requirements.txt requirements-test.txt

.PHONY: help lab test site smoke notebooks claims bench faults lock colab clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1 - \2/p' $(MAKEFILE_LIST)

lab: $(READY) ## open JupyterLab on your own copy of the course; COURSE=zh opens the Chinese one
	$(RUN) -m reslib lab $(if $(COURSE),--language $(COURSE)) $(ARGS)

test: $(READY) site ## run everything that CI runs: ruff, ty, the tests, and every notebook
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m ty check
	$(RUN) -m pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout=900 tests notebooks translations/zh/notebooks/02_vanishing_gradients.ipynb translations/zh/notebooks/exercises/03_degradation_exercises.ipynb $(ARGS)

site: $(VENV)-site/installed ## build the course as a site that opens without server or network
	$(VENV)-site/bin/sphinx-build --quiet --fresh-env --fail-on-warning --jobs auto -c docs . build/site
	$(VENV)-site/bin/python tools/editions.py zh build/zh
	$(VENV)-site/bin/sphinx-build --quiet --fresh-env --fail-on-warning --jobs auto -c docs -t zh \
	  build/zh build/site/zh
	@echo "Open build/site/index.html in a browser."

smoke: $(READY) ## run every notebook with hardly any training, to see that nothing breaks
	$(RUN) tools/smoke.py $(ARGS)

notebooks: $(READY) ## execute all notebooks in place, each in a fresh kernel
	$(RUN) tools/execute.py notebooks/*.ipynb notebooks/solutions/*.ipynb
	$(RUN) tools/build_exercises.py
	$(RUN) tools/build_headline.py
	$(RUN) tools/build_pages.py
	$(RUN) tools/translate.py build

claims: $(READY) ## run the notebooks with other seeds, and keep what each claim then measured
	$(RUN) benchmarks/claims_campaign.py $(ARGS)

bench: $(READY) ## measure how fast sweeps are, beside stock Keras
	$(RUN) benchmarks/bench.py $(ARGS)

faults: $(READY) ## inject faults of ten kinds into sweeps, and count what survives
	$(RUN) benchmarks/inject_faults.py

lock: ## renew the lock files: the newest versions, the oldest supported ones, and the site's
	$(PYTHON) -m venv build/uv
	build/uv/bin/python -m pip install --quiet uv==0.13.9
	$(COMPILE) $(BOTH) --output-file requirements.lock
	$(COMPILE) $(BOTH) --output-file requirements-oldest.lock --resolution lowest-direct \
	  --constraints data/colab-2026-08-19-pip-freeze.txt
	$(COMPILE) docs/requirements.txt --output-file docs/requirements.lock

colab: $(READY) ## build the file to upload to Colab; REPO=owner/name also stamps the published place
	$(RUN) tools/colab.py $(if $(REPO),"REPO=$(REPO)")
	$(RUN) tools/translate.py build

clean: ## remove the environments and all that was built
	rm -rf .venv* build dist *.egg-info .pytest_cache .ruff_cache .hypothesis

# pip demands hashes of its own accord when the file has them, as the locks do.
$(READY): $(REQUIREMENTS) pyproject.toml
	@test -n "$(PYTHON)" && "$(PYTHON)" -c '$(SUPPORTED)' || { \
	  echo "The course needs Python 3.11, 3.12 or 3.13$(if $(PYTHON),; $(PYTHON) is not one)." \
	    "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@$(RUN) -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@echo "Installing $(REQUIREMENTS) into $(VENV): a few minutes, once."
	$(RUN) -m pip install --disable-pip-version-check --quiet -r $(REQUIREMENTS)
	$(RUN) -m pip install --disable-pip-version-check --quiet --no-deps \
	  --no-build-isolation --editable .
	@touch $@

$(VENV)-site/installed: docs/requirements.lock
	"$(PYTHON)" -m venv --clear $(VENV)-site
	@echo "Installing $< into $(VENV)-site: a minute, once."
	$(VENV)-site/bin/python -m pip install --disable-pip-version-check --quiet -r $<
	@touch $@
