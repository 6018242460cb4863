"""Measurements that print ratios and judge nothing: `python -m tests.bench`."""
