"""Benchmarks: each tells a ratio against something in the same run, so that it means the same on any machine."""
