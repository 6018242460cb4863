"""`python -m tests.bench [part …]`: prints every ratio, or those of some parts."""

from __future__ import annotations

import importlib
import sys

PARTS = (
    "verification",
    "jwt_validation",
    "store",
    "processes",
    "sealing",
    "audit_writing",
    "audit_reading",
    "audit_verify",
    "console",
    "api",
)


def main(arguments: list[str]) -> int:
    """Print the ratios of the parts named, or of all."""
    for part in arguments or PARTS:
        for ratio in importlib.import_module(f"tests.bench.{part}").measure():
            print(ratio, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
