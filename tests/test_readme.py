"""What the README shows works as it is shown."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import loki_core
from tests.support.fresh_process import run_process, run_python
from tests.support.idp.person import Person
from tests.support.idp.process import Idp

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def find_block(heading: str, language: str) -> str:
    section = README.split(f"## {heading}", 1)[1]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_library_example_runs_as_it_is_written(child_environ: dict[str, str]) -> None:
    result = run_python(find_block("From a script", "python"), env=child_environ)
    assert result.returncode == 0, result.stderr
    with loki_core.open(environ=child_environ) as loki:
        assert [token.name for token in loki.tokens.list(include_revoked=True)] == ["ci-bot"]


def test_every_command_of_the_shell_examples_works_in_that_order(child_environ: dict[str, str], tmp_path: Path) -> None:
    blocks = [find_block(heading, "sh") for heading in ("From the shell", "The audit log")]
    commands = [line.split("  #")[0].strip() for line in "".join(blocks).splitlines()]
    assert len(commands) > 10
    secret = ""
    for command in commands:
        command = command.partition("| ")[2] or command
        words = [sys.executable, "-m", "loki_core", *shlex.split(command)[1:]]
        environ = {**child_environ, "LOKI_TOKEN": secret} if " explain " in command else child_environ
        result = run_process(words, env=environ, stdin=secret, cwd=str(tmp_path))
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


PROVIDERS = sorted(re.findall(r"<!-- example:(google|entra|okta|keycloak) -->", README))


def test_there_is_an_example_for_each_provider() -> None:
    assert PROVIDERS == ["entra", "google", "keycloak", "okta"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_configuration_of_each_provider_is_taken_and_restricts_who_may_sign_in(name: str, tmp_path: Path) -> None:
    found = re.search(rf"<!-- example:{name} -->\n```yaml\n(.*?)```", README, re.DOTALL)
    assert found is not None
    file = tmp_path / "config.yaml"
    file.write_text(found.group(1))
    file.chmod(0o600)
    environ = {"LOKI_CONFIG": str(file), "HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    with loki_core.open(environ=environ, directory=tmp_path) as loki:
        findings = [each for each in loki.oidc.check() if each.code != "provider_unavailable"]
    assert [each for each in findings if each.severity in ("error", "warning")] == []


def test_every_command_of_the_sign_in_example_works_in_that_order(child_environ: dict[str, str], idp: Idp) -> None:
    commands = [line.split("  #")[0].strip() for line in find_block("Signing in with", "sh").splitlines()]
    environ = {
        **child_environ,
        "LOKI_OIDC_ISSUER": idp.issuer,
        "LOKI_OIDC_CLIENT_ID": "loki-cli",
        "LOKI_OIDC_ROLES_CLAIM": "roles",
        "LOKI_OIDC_SCOPES": "openid profile roles offline_access",
    }
    for command in commands:
        words = [sys.executable, "-m", "loki_core", *shlex.split(command.partition("<")[0])[1:]]
        if "login" in words:
            login = subprocess.Popen([*words, "--yes"], env=environ, stdout=subprocess.PIPE, text=True)
            assert login.stdout is not None
            code = next(found[0] for line in login.stdout if (found := re.search(r"[A-Z]{4}-[A-Z]{4}", line)))
            Person("alice").approve(f"{idp.issuer}/device?user_code={code}")
            said, _ = login.communicate(timeout=60)
            assert "Signed in as Alice Admin" in said
            continue
        jwt = idp.sign_in("vera")["id_token"] if "<" in command else ""
        result = run_process(words, env=environ, stdin=jwt)
        assert result.returncode == 0, (command, result.stdout, result.stderr)


@pytest.mark.parametrize("name", sorted(re.findall(r"\]\(((?:docs|screenshots)/[^)#]+)\)", README)))
def test_what_the_readme_links_to_is_there(name: str) -> None:
    assert (Path(__file__).parent.parent / name).is_file()
