# Everything that a person needs: make demo, make serve, make test, make bench.
PYTHON ?= python3
TEXT ?= Привет! Меня зовут Гаусс. Как ваши дела?
LANGUAGE ?= ru
AVATAR ?= gauss
BIN := .venv/bin

.PHONY: demo serve test lint bench clean

.venv/.ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/.ready-dev: .venv/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: .venv/.ready
	$(BIN)/python -m lipsync say "$(TEXT)" --language "$(LANGUAGE)" --avatar "$(AVATAR)" -o outputs/demo.mp4

serve: .venv/.ready
	$(BIN)/gunicorn app:app

test: .venv/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q

bench: .venv/.ready
	$(BIN)/python -m bench $(BENCH)

clean:
	rm -rf .venv build *.egg-info
