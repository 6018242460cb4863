"""The access console: API tokens in a terminal, over SSH."""
