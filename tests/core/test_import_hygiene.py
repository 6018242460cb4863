"""What is loaded, and what is not."""

from __future__ import annotations

import json

import pytest

from tests.support.fresh_process import run_python

HEAVY = [
    "textual",
    "rich",
    "httpcore",
    "httpx",
    "jwt",
    "asyncio",
    "yaml",
    "cryptography",
    "ssl",
    "sqlite3",
    "loki_tui",
    "http.client",
]
DEEDS = {
    "importing": "import loki_core",
    "opening": "import loki_core; loki_core.open()",
    "looking": "import loki_core; loki_core.open().tokens.list()",
    "knowing the rules of sign-in": "import loki_core.oidc.configuration, loki_core.oidc.explain",
    "reading the log": "import loki_core; list(loki_core.open().audit.entries()); loki_core.open().audit.follow()",
    "showing the log's end": "from loki_core.cli.main import main; main(['enterprise', 'audit', 'tail'])",
    "generating and verifying": (
        "import loki_core\n"
        "with loki_core.open() as loki:\n"
        "    loki.authenticate(loki.tokens.generate('ci-bot').secret.reveal())"
    ),
}

SIGNED = {"generating and verifying"}
"""What is logged is signed, at the end or in the background."""


@pytest.mark.parametrize("deed", DEEDS)
def test_the_core_loads_nothing_heavy(deed: str, child_environ: dict[str, str], tmp_path: object) -> None:
    code = f"{DEEDS[deed]}\nimport json, sys\nprint(json.dumps(sorted(set({HEAVY!r}) & set(sys.modules))))"
    done = run_python(code, env=child_environ, cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == (["cryptography"] if deed in SIGNED else [])


def test_importing_the_package_loads_none_of_its_modules(child_environ: dict[str, str]) -> None:
    code = "import sys, loki_core; print([name for name in sys.modules if name.startswith('loki_core.')])"
    assert run_python(code, env=child_environ).stdout.strip() == "[]"


def test_every_public_name_can_be_imported_and_nothing_else_is_made_up(child_environ: dict[str, str]) -> None:
    code = """
        import loki_core
        for name in loki_core.__all__:
            assert getattr(loki_core, name) is not None, name
        assert set(loki_core.__all__) <= set(dir(loki_core))
        try:
            loki_core.nothing
        except AttributeError as error:
            assert "nothing" in str(error)
        else:
            raise SystemExit("made up")
    """
    done = run_python(code, env=child_environ)
    assert done.returncode == 0, done.stderr


def test_every_error_derives_from_one_and_has_a_code() -> None:
    import loki_core
    from loki_core import errors

    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert len(found) > 10
    for kind in found:
        assert issubclass(kind, loki_core.LokiError)
        assert kind.default_code


def test_the_version_is_the_packages() -> None:
    import tomllib
    from pathlib import Path

    import loki_core

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert loki_core.__version__ == project["version"]
