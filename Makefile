# Everything that a person needs: make demo, make serve, make test, make bench. Nothing but python3 with venv is used.
PYTHON ?= python3
TEXT ?= Привет! Меня зовут Гаусс. Как ваши дела?
AVATAR ?= gauss
# Desktops set LANGUAGE too, for gettext ("de:en"): only what is written after make counts.
ifneq ($(origin LANGUAGE),command line)
LANGUAGE := ru
endif
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

.PHONY: demo serve test lint bench clean

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

test: lint
	$(PY) -m pytest -q

lint: .venv/.ready-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: .venv/.ready
	$(PY) -m bench $(BENCH)
	@$(PY) -c 'import torch' 2>/dev/null || { echo "Wav2Lip's tables need PyTorch: .venv/bin/pip install -e '.[wav2lip]'"; exit 0; }; \
	$(PY) -m bench.generator && $(PY) -m bench.wav2lip

clean:
	rm -rf .venv build *.egg-info

.venv/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=…")'
	@echo "Installing into .venv: a minute or so, once."
	$(PYTHON) -m venv .venv
	$(PIP) -e .
	@touch $@

.venv/.ready-dev: .venv/.ready
	$(PIP) -e '.[dev]'
	@touch $@
