"""`python -m loki_core` is `loki-core`."""

from loki_core.cli.main import run

if __name__ == "__main__":
    run()
