# The project's verbs. Each makes what it needs; nothing is installed outside .venv except by `make test-deps`.
PYTHON ?= python3
BIN := .venv/bin
LIBRARIES := central/console/static/vendor/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup setup-demo setup-bench test-deps demo test chaos explore check format bench schema screenshots walk-images check-wheels clean
help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.dev-ready $(LIBRARIES)  ## .venv with everything for tests and checks
setup-demo: .venv/.demo-ready $(LIBRARIES)  ## .venv with what the demo needs
setup-bench: .venv/.bench-ready $(LIBRARIES)  ## adds torch and ultralytics, for training and export

# The packages are never installed: one .pth file puts this folder on the path (DECISIONS 1).
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "xunjie.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@touch $@
.venv/.demo-ready: .venv/.made requirements/demo.txt requirements/edge.txt requirements/central.txt
	@echo "installing what the demo needs into .venv (about 0.9 GB on disk) …"
	$(BIN)/pip install --quiet --progress-bar on -r requirements/demo.txt
	@touch $@
.venv/.dev-ready: .venv/.demo-ready requirements/dev.txt
	@echo "installing what tests and checks need into .venv …"
	$(BIN)/pip install --quiet --progress-bar on -r requirements/dev.txt
	@touch $@
.venv/.bench-ready: .venv/.dev-ready requirements/bench.txt requirements/ultralytics.txt
	@echo "installing torch and ultralytics into .venv …"
	$(BIN)/pip install --quiet --progress-bar on -r requirements/bench.txt
	$(BIN)/pip install --quiet --progress-bar on --no-deps -r requirements/ultralytics.txt
	@touch $@
# The console's libraries, by npm (its own or a Python-packaged one): never from another host once the service runs.
$(LIBRARIES): .venv/.made package-lock.json requirements/node.txt deploy/libraries.py
	$(BIN)/python deploy/libraries.py

test-deps:  ## Debian packages for the tests that use a real broker and a real browser (needs root)
	deploy/test-deps.sh

demo: .venv/.demo-ready $(LIBRARIES)  ## broker, central, a node with rendered cameras, the console (SOURCE=, MQTT_URL=, PORT=, CAMERAS=)
	@$(BIN)/python -m deploy.demo

test: .venv/.dev-ready $(LIBRARIES)  ## everything that proves it
	$(BIN)/python -m pytest tests --ignore=tests/chaos -n 2 --dist loadfile

chaos: .venv/.dev-ready $(LIBRARIES)  ## kills, cuts and floods real processes, at length (CHAOS="-k edge" for a part)
	$(BIN)/python -m pytest tests/chaos $(CHAOS)

explore: .venv/.dev-ready $(LIBRARIES)  ## the laws once more, each with a thousand new examples (`make test` repeats the same sixty)
	$(BIN)/python -m pytest tests --ignore=tests/chaos -m hypothesis --hypothesis-profile explore

check: .venv/.dev-ready  ## format, lint, types, layers, doctests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/house --doctest-modules contract edge/rules edge/schedule.py central/domain datasets

format: .venv/.dev-ready  ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: .venv/.dev-ready  ## rewrite contract/schemas and the API description
	$(BIN)/python -m contract.schema

bench: .venv/.bench-ready $(LIBRARIES)  ## measure; writes runs/bench.json
	$(BIN)/python -m deploy.bench

screenshots: .venv/.dev-ready $(LIBRARIES)  ## every page in both languages and themes: runs/screenshots, sheets in docs/images/console
	$(BIN)/python -m deploy.screenshots

walk-images: .venv/.demo-ready  ## walk the Dockerfiles' steps in a fresh folder where no engine is
	$(BIN)/python -m deploy.walk_images

check-wheels: .venv/.demo-ready  ## whether every package has a wheel for amd64 and arm64 (asks the package index)
	$(BIN)/python -m deploy.check_wheels

clean:  ## throw away state, keep .venv
	rm -rf var runs/bench .pytest_cache .mypy_cache .ruff_cache
