"""What the README shows works as it is shown."""

from __future__ import annotations

import re
import shlex
import sys
import textwrap
from pathlib import Path

import pytest

import loki_core
from tests.support.fresh_process import run_process, run_python

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def find_block(heading: str, language: str) -> str:
    section = README.split(f"## {heading}\n", 1)[1]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_library_example_runs_as_it_is_written(child_environ: dict[str, str]) -> None:
    result = run_python(find_block("From a script", "python"), env=child_environ)
    assert result.returncode == 0, result.stderr
    with loki_core.open(environ=child_environ) as loki:
        assert [token.name for token in loki.tokens.list(include_revoked=True)] == ["ci-bot"]


def test_every_command_of_the_shell_example_works_in_that_order(child_environ: dict[str, str]) -> None:
    commands = [line.split("  #")[0].strip() for line in find_block("From the shell", "sh").splitlines()]
    assert len(commands) > 5
    secret = ""
    for command in commands:
        command = command.partition("| ")[2] or command
        words = [sys.executable, "-m", "loki_core", *shlex.split(command)[1:]]
        environ = {**child_environ, "LOKI_TOKEN": secret} if " explain " in command else child_environ
        result = run_process(words, env=environ, stdin=secret)
        found = re.search(r"^Token: (loki_\w+)$", result.stdout, re.MULTILINE)
        secret = found.group(1) if found else secret
        assert result.returncode == 0, (command, result.stderr)


def test_the_app_of_the_http_example_is_guarded(child_environ: dict[str, str]) -> None:
    code = find_block("Over HTTP", "python") + textwrap.dedent(
        """
        import asyncio, httpx

        async def ask() -> None:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                secret = loki_core.open().tokens.generate("reader", role="viewer").secret.reveal()
                headers = {"Authorization": f"Bearer {secret}"}
                print((await client.get("/jobs")).status_code, (await client.get("/jobs", headers=headers)).status_code)

        asyncio.run(ask())
        """
    )
    result = run_python(code, env=child_environ)
    assert result.stdout == "401 200\n", result.stderr


@pytest.mark.parametrize("name", sorted(re.findall(r"\]\(((?:docs|screenshots)/[^)#]+)\)", README)))
def test_what_the_readme_links_to_is_there(name: str) -> None:
    assert (Path(__file__).parent.parent / name).is_file()
