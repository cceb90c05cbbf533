# make demo, make serve, make test, make bench. Needs python3 (3.11 or newer) with venv. All packages come from the lock
# files (requirements*.txt); `make install EXTRAS=…` adds the extras of pyproject.toml, `make lock` renews the files.
PYTHON ?= python3
TEXT ?= Привет! Меня зовут Гаусс. Как ваши дела?
AVATAR ?= gauss
# Desktops set LANGUAGE too, for gettext ("de:en"): only what is written after make counts.
ifneq ($(origin LANGUAGE),command line)
LANGUAGE := auto
endif
EXTRAS ?=
# Which build of PyTorch extras get that need it: cpu, cuda, or none (you install it).
TORCH ?= cpu
PY := .venv/bin/python
INSTALL := $(PY) -m tools.install --torch $(TORCH)

.PHONY: demo serve install test test-fast test-avx2 lint lint-js docs bench lock clean

demo: .venv/.ready
	@printf %s "$$DEMO_TEXT" | $(PY) -m lipsync say --language="$$DEMO_LANGUAGE" --avatar="$$DEMO_AVATAR" \
		-o outputs/demo.mp4 -

# As they were typed: neither make nor the shell looks for its own signs in them.
unexport TEXT LANGUAGE AVATAR
demo: export DEMO_TEXT = $(value TEXT)
demo: export DEMO_LANGUAGE = $(value LANGUAGE)
demo: export DEMO_AVATAR = $(value AVATAR)

serve: .venv/.ready
	$(PY) -m gunicorn app:app

# Extras stay installed: they are installed again when a lock file changes.
install: .venv/.ready
	$(BEGIN)
	$(INSTALL) $(EXTRAS) $(OR_FAIL)
	@echo $(EXTRAS) >> .venv/.extras
	$(END)

# Many tests wait for servers and browsers: one process more than there are cores, and no more than eight. The tests of a
# file share its servers, so they stay together; files with long tests come first (tests/conftest.py). PYTEST='-n 0' runs
# all of them one after another.
CORES := $(shell nproc 2>/dev/null || echo 2)
PARALLEL := -n $(shell test $(CORES) -lt 8 && expr $(CORES) + 1 || echo 8) --dist loadfile --no-loadscope-reorder

test: lint
	$(PY) -m pytest -q $(PARALLEL) $(PYTEST)

# About a minute on two cores: without networks, whole videos, servers, browsers and programs of the system.
test-fast: .venv/.ready-dev
	$(PY) -m pytest -q -n $(CORES) --dist worksteal --maxprocesses 8 -m "not (slow or browser or system or gpu)" $(PYTEST)

# The tests as on a processor without AVX-512 and bfloat16: each library is told not to use them.
test-avx2: .venv/.ready-dev
	ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2 OPENBLAS_CORETYPE=Haswell \
	OPENCV_CPU_DISABLE=AVX512-SKX NPY_DISABLE_CPU_FEATURES="$$($(PY) -m tools.avx512)" $(PY) -m pytest -q $(PARALLEL) $(PYTEST)

lint: .venv/.ready-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports

# The page's scripts: types, style, unit tests. Needs Node 20; users of lipsync do not.
lint-js:
	npm ci --no-audit --no-fund --silent
	npx tsc --noEmit
	npx eslint .
	node --test tests/javascript

# The reference pages, from the code.
docs: .venv/.ready-dev
	$(PY) -m tools.reference

bench: .venv/.ready
	$(PY) -m bench $(BENCH)
	@$(PY) -c 'import torch' 2>/dev/null || { echo "Wav2Lip's tables need PyTorch: make install EXTRAS=wav2lip"; exit 0; }; \
	$(PY) -m bench.generator && $(PY) -m bench.wav2lip

# ARGS=--keep changes only what pyproject.toml asks for otherwise.
lock: .venv/.ready-dev
	$(PY) -m tools.lock $(ARGS)

clean:
	rm -rf .venv build *.egg-info

# .venv/.installing stands for as long as an installation runs, and holds make's process id: where one was interrupted,
# the next begins anew.
BEGIN = @if [ -e .venv/.installing ] && kill -0 "$$(cat .venv/.installing)" 2>/dev/null; then \
	echo "Another make (process $$(cat .venv/.installing)) is installing into .venv: wait for it." >&2; exit 1; fi; \
	if [ -e .venv/.installing ]; then echo "The last installation was interrupted: .venv is made anew."; \
	find .venv -mindepth 1 ! -name .extras -delete; fi; \
	mkdir -p .venv && echo $$PPID > .venv/.installing
END = @rm .venv/.installing
# A failure that pip reports leaves nothing half installed.
OR_FAIL = || { rm .venv/.installing; exit 1; }

ifneq ($(wildcard .venv/.installing),)
.PHONY: .venv/.ready
endif

.venv/.ready: pyproject.toml requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=…")'
	$(BEGIN)
	@echo "Installing into .venv: a minute or so, once."
	$(PYTHON) -m venv .venv
	$(INSTALL) $$(cat .venv/.extras 2>/dev/null) $(OR_FAIL)
	@touch $@
	$(END)

.venv/.ready-dev: .venv/.ready requirements-dev.txt
	$(BEGIN)
	$(INSTALL) dev $(OR_FAIL)
	@touch $@
	$(END)
