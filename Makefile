# All targets use the virtual environment .venv, whether or not another
# one is active. PYTHON=python3.12 selects the interpreter that .venv is made from.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

BENCH := standard --readme README.md --figure docs/bench.svg

# One stamp file per installed part, so that a second run has nothing to do.
STAMP := $(VENV)/.stamp
SOURCES := setup.py pyproject.toml MANIFEST.in $(sort $(shell find fastsgns -type f \
	\( -name '*.py' -o -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -name '*.c' \)))
PROGRAMS := tests/dropin/programs/install.txt
WORDS := *.md pyproject.toml Makefile setup.py fastsgns docs bench examples tests tools
unexport PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX

.DEFAULT_GOAL := help
.PHONY: help demo test lint debug asan ubsan tsan fuzz emulated bench wheel clean check FORCE

help:  ## list these targets
	@echo "usage: make TARGET [PYTHON=python3.12]"
	@sed -n 's/^\([a-z]*\):.*  ## /  \1#/p' Makefile | sed 's/#/	/' | expand -t 10

demo: $(STAMP)-install  ## install into .venv, train on this Python's documentation, print results
	@$(BIN)/python -m fastsgns.demo demo

# PYTHONSAFEPATH removes this folder from the path, so that the installed package is tested.
test: $(STAMP)-test $(STAMP)-programs $(STAMP)-install  ## run the test suite against the installed package
	@PYTHONSAFEPATH=1 FASTSGNS_PROGRAMS=$(abspath $(VENV))/programs $(BIN)/python -m pytest -q $(ARGS)

lint: $(STAMP)-lint  ## check style, types and words
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(abspath $(BIN)):$$PATH" cython-lint $$(find fastsgns -name '*.pyx' -o -name '*.pxd')
	$(BIN)/clang-format --dry-run --Werror $$(find fastsgns bench -name '*.c' -o -name '*.h')
	$(BIN)/mypy
	$(BIN)/codespell $(WORDS)
	$(BIN)/python tools/words.py

debug: $(STAMP)-debug  ## compile in place with bounds checks, for .venv/bin/python -m pytest
	rm -rf build
	FASTSGNS_DEBUG=1 $(BIN)/python setup.py --quiet build_ext --inplace --force
	rm -rf build

# The modules are compiled in build/sanitized-NAME. ARGS="-m pytest -k name" runs that instead.
asan: $(STAMP)-debug  ## run tests with AddressSanitizer
ubsan: $(STAMP)-debug  ## run tests with UndefinedBehaviorSanitizer
tsan: $(STAMP)-debug  ## train with many threads under ThreadSanitizer
asan ubsan tsan:
	@$(BIN)/python tools/sanitize.py $@ $(ARGS)

# ARGS="graphs" fuzzes one harness, ARGS=--list lists them, ARGS=--plain does without clang.
fuzz: $(STAMP)-fuzz $(STAMP)-debug $(STAMP)-install  ## fuzz the readers of files, SECONDS=60 each
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60) $(ARGS)

# ARCH=s390x is another processor, by Debian's name. ARGS="tests/kernels -k blas" selects tests.
emulated: $(STAMP)-debug  ## run tests in the emulation of another processor, ARCH=arm64
	@$(BIN)/python tools/emulated.py $(or $(ARCH),arm64) $(ARGS)

# ARGS="speed --help" and the like instead of the standard set.
bench: $(STAMP)-bench $(STAMP)-install  ## measure speed, memory and quality; the README's table
	@$(BIN)/python -m bench $(or $(ARGS),$(BENCH))

# ARGS="--versions newest -k save" and the like; tools/wheel.py --help lists the options.
wheel: check  ## build the sdist and the wheel in dist, and test the wheel with the oldest and newest numpy
	@$(PYTHON) tools/wheel.py $(ARGS)

clean:  ## remove the virtual environment and everything that was built
	rm -rf $(VENV) build dist demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find fastsgns \( -name '*.so' -o -name '*.so.sha256' \) -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

check:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "make: $(PYTHON) is missing: install Python 3.11 or later, or set PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $$($(PYTHON) --version) is too old: use 3.11 or later, PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "make: $(PYTHON) can't make virtual environments (Debian: apt install python3-venv)"; exit 1; }
	@command -v $${CC:-cc} >/dev/null || \
		{ echo "make: there is no C compiler, $${CC:-cc} (Debian: apt install gcc)"; exit 1; }
	@test -e "$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" || \
		{ echo "make: $(PYTHON) has no C headers (Debian: apt install python3-dev)"; exit 1; }

$(STAMP): | check
	@echo "making $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# Deleting a file makes no other file newer, so the list of file names is a source too.
$(STAMP)-sources: $(STAMP) FORCE
	@echo '$(SOURCES)' | cmp -s - $@ || echo '$(SOURCES)' > $@

# Pip also compiles in this folder (setup.py), so that Python and notebooks that start here find the
# modules. build/lib is removed because setuptools would install deleted files from it.
$(STAMP)-install: $(STAMP) $(STAMP)-sources $(SOURCES)
	@echo "compiling fastsgns and installing it into $(VENV)"
	@rm -rf build/lib*
	@$(PIP) install --upgrade '.[progress]'
	@touch $@

# The dependencies of the package and its extra of that name in pyproject.toml, not the package.
$(STAMP)-test $(STAMP)-lint $(STAMP)-fuzz $(STAMP)-bench: $(STAMP)-%: $(STAMP) pyproject.toml
	@echo "installing what $* needs into $(VENV)"
	@$(BIN)/python -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
		print(*p["dependencies"], *p["optional-dependencies"]["$*"], sep="\n")' > $@-list
	@$(PIP) install -r $@-list
	@touch $@

# Programs that import gensim, each with the few packages that it needs in the tests, in a folder
# that only their tests have on the path. Without them (no network) their tests are skipped.
$(STAMP)-programs: $(STAMP) $(PROGRAMS)
	@echo "installing programs that import gensim into $(VENV)/programs"
	@rm -rf $(VENV)/programs
	@done=yes; while read -r packages; do \
		$(PIP) --retries 1 install --no-deps --no-compile --upgrade --target $(VENV)/programs $$packages || \
			{ echo "make: not installed, so that its tests are skipped: $$packages"; done=no; }; \
	done < $(PROGRAMS); test $$done = no || touch $@

$(STAMP)-debug: $(STAMP)-test
	@$(BIN)/python -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb")); \
		print(*p["build-system"]["requires"], sep="\n")' > $@-list
	@$(PIP) install -r $@-list
	@touch $@
