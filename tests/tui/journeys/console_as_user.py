"""`python console_as_user.py UID`: the console as an ordinary user, where only root may read the interpreter.

Everything that may be imported later is imported while it can be read.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Iterable

_LATER = (
    *(
        "resource",
        "ctypes",
        "ctypes.util",
        "getpass",
        "pwd",
        "grp",
        "difflib",
        "yaml",
        "concurrent.futures.thread",
        "importlib.metadata",
    ),
    *("textual.drivers.linux_driver", "textual.widgets._input", "textual.widgets._toast", "textual.widgets._tooltip"),
)


def _import_all(packages: Iterable[str]) -> None:
    for name in packages:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)


if __name__ == "__main__":
    _import_all(["loki_core", "loki_tui", "platformdirs"])
    for each in _LATER:
        importlib.import_module(each)
    user = int(sys.argv.pop(1))
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    os.chdir(os.environ["HOME"])
    from loki_tui.main import run

    run()
