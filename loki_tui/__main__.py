"""`python -m loki_tui`."""

from loki_tui.main import run

if __name__ == "__main__":
    run()
