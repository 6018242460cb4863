"""The guide's requests as they are written there, against a real server."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.api.server import Server
from tests.support.environment import build_environ
from tests.support.programs import require_program

COMMAND = "session:\n  command: [sh, -c, 'echo working on $0; sleep 300', '{prd}']\n"
# The client of the guide's last example, word for word but for the library that it stands on.
CLIENT = """
import httpx as requests

class LokiClient:
    def __init__(self, base_url, token):
        self.base_url = base_url
        self.headers = {"Authorization": f"Bearer {token}"}

    def get_status(self):
        response = requests.get(
            f"{self.base_url}/api/status",
            headers=self.headers
        )
        return response.json()

    def start_session(self, prd_file):
        response = requests.post(
            f"{self.base_url}/api/control/start",
            json={"prd": prd_file},
            headers=self.headers
        )
        return response.json()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("guide") / "home"
    environ = build_environ(home)
    config = home / "config.yaml"
    config.write_text(COMMAND)
    config.chmod(0o600)
    with Server({**environ, "LOKI_CONFIG": str(config)}) as running:
        (running.project / "prd.md").write_text("build it\n")
        yield running


def _curl(server: Server, *arguments: str, token: str) -> tuple[str, dict[str, str]]:
    command = ["curl", "-s", "-i", *arguments]
    assert all(token not in argument or "Authorization" in argument for argument in arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    head, _, body = done.stdout.partition("\n\n")
    status, *lines = head.splitlines()
    return f"{status.split()[1]} {body}", dict(line.lower().split(": ", 1) for line in lines)


def test_the_curl_lines_of_the_guide_work(server: Server) -> None:
    require_program("curl", "curl")
    token = server.mint("reader", role="viewer")
    answer, _ = _curl(server, "-H", f"Authorization: Bearer {token}", f"{server.url}/api/status", "-v", token=token)
    status, body = answer.split(" ", 1)
    assert status == "200"
    assert json.loads(body)["status"] == "stopped"


def test_the_github_workflow_of_the_guide_starts_work_whatever_it_calls_the_host(server: Server) -> None:
    require_program("curl", "curl")
    token = server.mint("ci", role="operator")
    port = server.url.rpartition(":")[2]
    answer, _ = _curl(
        server,
        *("--resolve", f"loki-server:{port}:127.0.0.1"),
        *("-H", f"Authorization: Bearer {token}"),
        *("-X", "POST"),
        *("-d", '{"prd": "./prd.md"}'),
        f"http://loki-server:{port}/api/control/start",
        token=token,
    )
    status, body = answer.split(" ", 1)
    assert (status, json.loads(body)["status"]) == ("202", "started")
    with server.connect(token) as client:
        state = client.get("/api/status").json()
        assert (state["status"], state["active_sessions"]) == ("running", 1)
        assert state["started_by"].startswith("tok-")
        assert client.post("/api/control/start", json={"prd": "./prd.md"}).json()["code"] == "session_running"
        assert client.post("/api/control/stop").json() == {"status": "stopped", "was_running": True, "killed": False}
        assert client.get("/api/status").json()["status"] == "stopped"
    (log,) = (server.project / ".loki" / "logs").glob("session-*.log")
    assert log.read_text() == "working on ./prd.md\n"


def test_the_python_client_of_the_guide_works(server: Server) -> None:
    space: dict[str, type] = {}
    exec(CLIENT, space)
    client = space["LokiClient"](server.url, server.mint("client", role="operator"))
    assert client.get_status()["status"] == "stopped"
    assert client.start_session("./prd.md")["status"] == "started"
    with server.connect(server.mint("stopper", role="operator")) as stopper:
        stopper.post("/api/control/stop")


def test_tokens_are_made_listed_and_revoked_as_the_guide_says(server: Server) -> None:
    with server.connect(server.mint("admin", role="admin")) as client:
        made = client.post(
            "/api/enterprise/tokens", json={"name": "ci-bot", "scopes": ["read", "write"], "expires_days": 30}
        )
        assert made.status_code == 201
        assert made.json()["id"] in {token["id"] for token in client.get("/api/enterprise/tokens").json()}
        assert client.delete(f"/api/enterprise/tokens/{made.json()['id']}").status_code == 200
    with server.connect(made.json()["token"]) as revoked:
        assert revoked.get("/api/status").json()["code"] == "token_revoked"


def test_starting_says_where_it_serves_and_the_work_it_began(tmp_path: Path) -> None:
    environ = build_environ(tmp_path / "home")
    (tmp_path / "home" / "project").mkdir()
    (tmp_path / "home" / "project" / "prd.md").write_text("build it\n")
    with Server(environ, "./prd.md") as server:
        assert server.said["auth"] == ["tokens"]
        assert server.said["work"] == "no work was begun: set session.command in the configuration"
        with server.connect(server.mint("op", role="operator")) as client:
            answer = client.post("/api/control/start", json={"prd": "./prd.md"})
    assert (answer.status_code, answer.json()["code"]) == (503, "session_not_configured")
    assert "session.command" in answer.json()["remedy"]
    assert shutil.which("sh")
