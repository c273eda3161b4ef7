"""Benchmarks: each script says what it compares, and prints a table to copy into README.md."""
