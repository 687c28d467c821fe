"""Benchmarks, each a program: `python benchmarks/NAME.py`. See benchmarks/README.md."""
