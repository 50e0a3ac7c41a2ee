"""Fuzzing of everything that reads files: ``python -m tests.fuzz --list``.

`reading` has what a harness is and what is right, `mutators` how inputs are changed, and each other
module the readers of one group of formats. CONTRIBUTING.md, "Fuzzing", says how to run them.
"""
