# Everything is set up when it is first needed.
# Variables: PYTHON (interpreter of .venv), UV, DEMO_KUBECONFIG, WORKERS (tests at once; 0: in one process), ARGS.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

export PYTHON UV
# Not by its own name, which would run it for `make -n` as well.
AGAIN := $(MAKE)
# The tests start thousands of Python programs. Compiled once, an operator starts in a third of the time.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What the operator and the demo need is there; the programs of developers may be missing.
RUNS := $(VENV)/.runs
TREES := operator hack tests
# Set by `test` and `coverage`. In e2e the operator is another process.
COVERAGE_OPTIONS :=
WORKERS := auto
DIST := worksteal
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist $(DIST) $(COVERAGE_OPTIONS) $(ARGS)

.PHONY: help
help:  ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
	  printf '  make %-12s %s\n' "$$name" "$$what"; done

$(READY): pyproject.toml uv.lock hack/setup.sh
	@hack/setup.sh
	@touch $(RUNS) $@

$(RUNS): pyproject.toml uv.lock hack/setup.sh
	@hack/setup.sh run
	@touch $@

.PHONY: setup
setup: $(READY)  ## make .venv from uv.lock (done by itself when needed)

.PHONY: tools
tools: $(READY)  ## find kube-apiserver, etcd and kubectl, or build them once (minutes)
	@UV="$$(hack/setup.sh uv)" $(BIN)/python hack/toolchain.py $(if $(filter tools,$(MAKECMDGOALS)),$(ARGS))

.PHONY: coldstart
coldstart: $(READY)  ## measure make demo on a fresh machine, against a baseline (ARGS=<revision>; half an hour)
	@$(BIN)/python hack/coldstart.py $(ARGS)

# On a fresh machine packages are fetched and installed while the build is under way. uv is fetched first only
# where it is to install Go, too.
.PHONY: demo-tools
demo-tools:
	@uv=; command -v go >/dev/null || uv="$$(hack/setup.sh uv)"; \
	python="$$(hack/setup.sh python)"; failed=0; \
	$(AGAIN) $(RUNS) & setup=$$!; trap 'kill $$setup 2>/dev/null || true' EXIT; \
	UV="$$uv" "$$python" hack/toolchain.py || failed=1; \
	wait $$setup || failed=1; \
	trap - EXIT; exit $$failed

.PHONY: demo demo-up demo-down
demo: demo-tools  ## run the main job from apply to a named point in time, and end everything
	@DEMO_KUBECONFIG='$(DEMO_KUBECONFIG)' $(BIN)/python hack/demo run $(ARGS)
demo-up: demo-tools  ## the same, and leave it running, to try things
	@DEMO_KUBECONFIG='$(DEMO_KUBECONFIG)' $(BIN)/python hack/demo up $(ARGS)
demo-down: $(RUNS)  ## end what demo-up left running
	@DEMO_KUBECONFIG='$(DEMO_KUBECONFIG)' $(BIN)/python hack/demo down $(ARGS)

.PHONY: check
check: $(READY)  ## lint, format, types, import rules: seconds, no servers
	$(BIN)/ruff check $(TREES)
	$(BIN)/ruff format --check $(TREES)
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: unit component e2e
UNIT := tests/unit
DECISIONS := tests/unit/reconcile
unit: $(READY)  ## pure tests: seconds, no servers
	$(PYTEST) $(UNIT)
# These wait for sockets and for a Lease as much as they work.
component: WORKERS := 3
component: $(READY)  ## adapters against the simulator on TLS sockets; schedules against robfig/cron
	@UV="$$(hack/setup.sh uv)" $(BIN)/python hack/toolchain.py cron-judge
	$(PYTEST) tests/component
# These wait as much as they work. Each worker has a control plane of its own, of up to 800 MB.
e2e: WORKERS := 6
# Whole files, in the order of tests/e2e/conftest.py: operator, storage and image of a file are started once.
e2e: DIST := loadfile --no-loadscope-reorder
e2e: tools judges  ## the operator against a real kube-apiserver and simulated storage
	$(PYTEST) tests/e2e

.PHONY: health judges
health: WORKERS := 0
health: judges  ## Argo CD, kstatus and Flux judge the health files, and every status that the suites recorded
	$(PYTEST) tests/health
judges: $(READY)  ## build Argo CD's, kstatus' and Flux's judges (once: minutes)
	@UV="$$(hack/setup.sh uv)" $(BIN)/python hack/toolchain.py argocd-judge flux-judge

.PHONY: oracles oracles-lock
oracles: WORKERS := 0
oracles: $(READY)  ## other people's programs judge adapters and simulator (first time: minutes, 0.5 GB)
	@UV="$$(hack/setup.sh uv)" $(BIN)/python hack/toolchain.py govmomi-vcenter
	@UV="$$(hack/setup.sh uv)" $(BIN)/python hack/oracles.py
	$(PYTEST) tests/oracles
oracles-lock:  ## bring hack/judges/requirements.txt up to date with requirements.in
	"$$(hack/setup.sh uv)" pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet \
	  -o hack/judges/requirements.txt hack/judges/requirements.in $(ARGS)

.PHONY: telemetry
telemetry: WORKERS := 0
telemetry: tools  ## promtool, Prometheus and kube-state-metrics judge metrics, alerts and dashboards (had once: minutes)
	@UV="$$(hack/setup.sh uv)" $(BIN)/python hack/toolchain.py promtool prometheus kube-state-metrics
	$(PYTEST) tests/telemetry

.PHONY: matrix matrix-python
matrix: tools  ## the main job and admission on other versions of Kubernetes (ARGS='1.32.13'; had once: minutes each)
	@$(BIN)/python hack/matrix.py $(ARGS)

matrix-python: $(READY)  ## unit and component tests with other versions of Python (ARGS='3.12 3.13 3.14'; ten minutes each)
	@UV="$$(hack/setup.sh uv)"; export UV; $(BIN)/python hack/toolchain.py cron-judge; $(BIN)/python hack/pythons.py $(ARGS)

.PHONY: image image-test
image: $(RUNS)  ## build the image (PYTHON_IMAGE=<base, or debian>, IMAGE, VERSION, ENGINE; ARGS go to the engine)
	@$(BIN)/python hack/container --image '$(IMAGE)' --python-image '$(PYTHON_IMAGE)' --version '$(VERSION)' $(ARGS)
image-test: WORKERS := 0
image-test: tools  ## build the image and run it with podman, against a real API server (root, apt packages: minutes)
	$(PYTEST) tests/container

.PHONY: bundle bundle-test
bundle: $(READY)  ## judge the bundle for OLM (IMAGE: write one for this image to BUNDLE_DIRECTORY, and judge that)
	@UV="$$(hack/setup.sh uv)" $(BIN)/python hack/olm --image '$(IMAGE)' --directory '$(BUNDLE_DIRECTORY)' $(ARGS)
bundle-test: WORKERS := 0
bundle-test: tools  ## OLM's validators and a real API server judge the bundle (had once: minutes)
	@UV="$$(hack/setup.sh uv)" $(BIN)/python hack/toolchain.py olm-judge
	$(PYTEST) tests/bundle

.PHONY: board-test
# Programs that drive browsers are in an environment of their own.
BROWSER_ENV := .cache/browser
board-test: tools  ## open the page of kubectl vvol board in Chromium (apt packages; VVOL_UPDATE_GOLDEN=1: its pictures)
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=$(BROWSER_ENV) "$$(hack/setup.sh uv)" sync --locked --all-extras \
	  --group browser --quiet --python $(BIN)/python
	$(BROWSER_ENV)/bin/pytest -n 0 tests/browser $(ARGS)

.PHONY: release verify-release release-lock
RELEASE = @UV="$$(hack/setup.sh uv)" $(BIN)/python hack/release
RELEASE_OF = --version '$(VERSION)' --directory '$(DIST_DIRECTORY)' --key '$(KEY)' --chart-key '$(CHART_KEY)'
release: $(READY)  ## make all artifacts of a version (VERSION, PYTHON_IMAGE, IMAGE; KEY and CHART_KEY sign; DIST_DIRECTORY)
	$(RELEASE) make $(RELEASE_OF) --python-image '$(PYTHON_IMAGE)' --image '$(IMAGE)' $(ARGS)
verify-release: $(READY)  ## check a release as a stranger would (VERSION; KEY, CHART_KEY; ARGS=--again makes it again)
	$(RELEASE) verify $(RELEASE_OF) $(ARGS)
release-lock:  ## bring hack/release/requirements.txt up to date with requirements.in
	"$$(hack/setup.sh uv)" pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet \
	  -o hack/release/requirements.txt hack/release/requirements.in $(ARGS)

.PHONY: image-lock
image-lock:  ## bring hack/image/requirements.txt up to date with requirements.in
	"$$(hack/setup.sh uv)" pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet \
	  -o hack/image/requirements.txt hack/image/requirements.in $(ARGS)

.PHONY: test
test: tools  ## everything: check, unit, component, e2e, and coverage
	@$(MAKE) check
	@$(MAKE) unit UNIT=$(DECISIONS) COVERAGE_OPTIONS='--cov --cov-report='
	$(BIN)/coverage report --fail-under=100
	@VVOL_HEALTH_RECORDED=more $(MAKE) unit UNIT='tests/unit --ignore=$(DECISIONS)'
	@$(MAKE) component
	@$(MAKE) e2e
	@VVOL_HEALTH_SUITES='unit component e2e' $(MAKE) health ARGS='$(ARGS) -s'

.PHONY: coverage
coverage: export VVOL_COVERAGE := vvol_replication
coverage: $(READY)  ## which lines of the whole operator the tests in this process reach (minutes)
	@$(BIN)/coverage erase
	@$(MAKE) unit component COVERAGE_OPTIONS='--cov --cov-append --cov-report='
	$(BIN)/coverage report

.PHONY: bench
bench: tools  ## measure speed, calls and memory (ratios within one run)
	@$(BIN)/python tests/bench/run.py $(ARGS)

.PHONY: sweep reapply
sweep: tools  ## kill and disturb the operator at every point where it waits (half an hour for each kind; ARGS='--every 20')
	@$(BIN)/python tests/e2e/sweep/run.py $(ARGS)
reapply: tools  ## 1,000 rounds of GitOps re-application, and 500 objects of history (minutes)
	@REAPPLY_ROUNDS=1000 REAPPLY_OBJECTS=500 $(BIN)/pytest -s tests/e2e/test_reapply.py $(ARGS)

.PHONY: explore
explore: $(READY)  ## every interleaving of a small world against the real decisions (minutes)
	@$(BIN)/python tests/explore/run.py $(ARGS)

.PHONY: walk
walk: $(READY)  ## 5,000 random scenarios of preparations, in virtual time (ten minutes)
	@$(BIN)/python tests/walk/run.py $(ARGS)

.PHONY: histories
histories: $(READY)  ## 10,000 random histories of schedules, in virtual time (half an hour)
	@$(BIN)/python tests/histories/run.py $(ARGS)

.PHONY: docs
docs: $(READY)  ## write the pages that are generated from the code
	@failed=0; \
	$(BIN)/python hack/docs $(ARGS) || failed=1; \
	$(BIN)/python hack/docs/chart.py $(ARGS) || failed=1; \
	exit $$failed

.PHONY: rounds
rounds: tools  ## kill, stop and cut off leading replicas while syncs are in flight (ARGS='--rounds 200')
	@$(BIN)/python tests/e2e/rounds.py $(ARGS)

.PHONY: format
format: $(READY)  ## format the code, and repair what the linter can
	$(BIN)/ruff format $(TREES)
	$(BIN)/ruff check --fix $(TREES)

.PHONY: lock
lock:  ## bring uv.lock up to date with pyproject.toml
	@"$$(hack/setup.sh uv)" lock $(ARGS)

.PHONY: clean
clean:  ## remove .venv and all caches of this checkout (built tools stay in the user's cache)
	rm -rf $(VENV) .cache .coverage .coverage.* htmlcov dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(TREES) -name __pycache__ -type d -prune -exec rm -rf {} +
