"""The commands: `loki enterprise …`, also called `loki-core` and `python -m loki_core`."""
