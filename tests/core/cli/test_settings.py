"""`config …`, `policy check`, `status`, `roles` and `doctor`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.core.cli.program import Program


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _user_file(loki: Program) -> Path:
    return loki.home / ".loki" / "config.yaml"


def _project_file(loki: Program) -> Path:
    return loki.directory / ".loki" / "config.yaml"


def test_config_path_names_the_files_that_are_read(loki: Program) -> None:
    user, project = _user_file(loki), _project_file(loki)
    assert loki.do("config path").out == f"{user}\n"
    _write(project, "{}\n")
    assert loki.do("config path").out == f"{project}\n"
    _write(user, "{}\n")
    assert loki.do("config path").out == f"{user}\n{project}\n"
    named = _write(loki.home / "other.yaml", "{}\n")
    assert loki.do("config path --json", env={"LOKI_CONFIG": str(named)}).json == {
        "files": [{"path": str(named), "kind": "named", "exists": True}]
    }


def test_config_show_tells_value_and_origin_and_masks_secrets(loki: Program) -> None:
    user = _write(
        _user_file(loki),
        "enterprise:\n"
        "  tokens: {max_expiration_days: 30}\n"
        "  auth: {oidc: {issuer: https://id.example, client_id: me, client_secret: CANARY}}\n",
    )
    user.chmod(0o600)
    shown = loki.do("config show --origin", env={"LOKI_PORT": "8080"}).out
    rows = {line.split()[0]: line.split(None, 1)[1] for line in shown.splitlines()}
    assert rows["enterprise.tokens.max_expiration_days"].split(None, 1) == ["30", "~/.loki/config.yaml:2"]
    assert rows["server.port"].split(None, 1) == ["8080", "environment variable LOKI_PORT"]
    assert rows["store.url"].split(None, 1) == ["file", "default"]
    as_json = loki.do("config show --json --origin").json
    assert as_json["enterprise.tokens.max_expiration_days"]["value"] == 30
    assert loki.do("config show --json").json["enterprise.tokens.allow_never"] is True
    for line in ("config show", "config show --json", "config show --origin", "status", "doctor"):
        assert "CANARY" not in loki.do(line).out


def test_config_validate_prints_one_problem_a_line_and_exits_with_2(loki: Program) -> None:
    assert "the defaults hold" in loki.do("config validate").out
    user = _write(_user_file(loki), "enterprise:\n  tokens:\n    max_expiration_dys: 30\n    allow_never: 3\n")
    answer = loki("config validate")
    assert (answer.status, answer.err) == (2, "")
    first, second = answer.out.splitlines()
    assert first.startswith("~/.loki/config.yaml:3: ")
    assert "did you mean max_expiration_days?" in first
    assert second.startswith("~/.loki/config.yaml:4: ")
    as_json = loki("config validate --json")
    assert (as_json.status, as_json.json["valid"], len(as_json.json["files"][0]["problems"])) == (2, False, 2)
    user.write_text("enterprise: {tokens: {max_expiration_days: 30}}\n")
    assert loki.do("config validate").out == f"{user}: valid\n"
    missing = loki("config validate nothing.yaml")
    assert (missing.status, missing.out.count("\n")) == (2, 1)
    wrong = loki("config validate", env={"LOKI_PORT": "many"})
    assert (wrong.status, "LOKI_PORT is" in wrong.out) == (2, True)


def test_config_trust_makes_a_projects_file_count_until_it_changes(loki: Program) -> None:
    project = _write(_project_file(loki), "server: {public_url: https://loki.example}\n")
    assert "server.public_url" in loki.do("doctor").out
    trusted = loki.do("config trust").out
    assert f"Trusted {project}\n" in trusted
    assert "Counts from now on: server.public_url\n" in trusted
    assert loki.do("config show --json").json["server.public_url"] == "https://loki.example"
    project.write_text("server: {public_url: https://evil.example}\n")
    assert loki.do("config show --json").json["server.public_url"] == "http://localhost:57374"
    again = loki.do("config trust --json").json
    assert (again["path"], again["now_counts"]) == (str(project), ["server.public_url"])
    assert loki.do("config trust --forget").out == "It is trusted no longer\n"
    assert loki.do("config trust --forget --json").json == {"was_trusted": False}


def test_policy_check_lists_what_a_changed_policy_would_refuse(loki: Program) -> None:
    token_id = loki.do("token generate long-bot --expires 90").token_id
    loki.do("token generate short-bot --expires 10")
    answer = loki("policy check max_expiration_days=30")
    assert (answer.status, answer.err) == (1, "")
    assert answer.out.splitlines()[1].startswith(f"{token_id}  long-bot  minted for 90 days")
    assert loki("policy check enterprise.tokens.max_active_per_user=1 --json").json[0]["code"] == "limit_reached"
    assert loki.do("policy check max_expiration_days=90").out == "The policy would refuse none of the usable tokens.\n"
    _write(_user_file(loki), "enterprise: {tokens: {max_expiration_days: 30, default_expiration_days: 30}}\n")
    assert loki("policy check").status == 1
    assert loki.do("policy check max_expiration_days=none --json").json == []


def test_status_counts_tokens_and_says_what_is_on(loki: Program) -> None:
    loki.do("token generate a --role admin")
    loki.do("token generate b")
    loki.do("token revoke b")
    out = loki.do("status").out
    assert "Store: ~/.loki/dashboard/tokens.json\n" in out
    assert "Tokens: 2 (1 active, 1 revoked)\n" in out
    assert "API: authentication is off" in out
    assert "full access" not in out
    env = {"LOKI_ENTERPRISE_AUTH": "true", "LOKI_OIDC_ISSUER": "https://id.example", "LOKI_OIDC_CLIENT_ID": "me"}
    assert "Sign-in: https://id.example; everyone who may sign in has full access\n" in loki.do("status", env=env).out
    as_json = loki.do("status --json", env=env).json
    assert (as_json["tokens"]["usable"], as_json["auth"]["oidc_full_access"]) == (1, True)


def test_status_of_an_empty_home_creates_nothing(loki: Program) -> None:
    assert "Tokens: 0\n" in loki.do("status").out
    assert loki.do("doctor").status == 0
    assert list(loki.home.iterdir()) == []


def test_roles_shows_the_guides_tables(loki: Program) -> None:
    lines = [line.split("  ") for line in loki.do("roles").out.splitlines()]
    rows = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert ["operator", "control, read, write", "Start/stop sessions, manage tasks"] in rows
    assert ["auditor", "read, audit", "Read access plus audit log viewing"] in rows
    assert ["control", "write, read", "Start/stop sessions, modify tasks"] in rows
    roles = {role["name"]: role for role in loki.do("roles --json").json["roles"]}
    assert roles["operator"]["effective_scopes"] == ["control", "write", "read"]


def test_doctor_ends_with_4_for_an_error_and_0_for_a_warning(loki: Program) -> None:
    loki.do("token generate a")
    loki.store.chmod(0o644)
    warned = loki.do("doctor --json").json
    assert warned["ok"] is True
    assert any(finding["severity"] == "warning" for finding in warned["findings"])
    loki.store.write_text("{")
    broken = loki("doctor")
    assert (broken.status, broken.err) == (4, "")
    assert broken.out.startswith("error  ")
    assert loki("doctor --json").json["ok"] is False


def test_doctor_accepts_a_clock_that_was_set_back(loki: Program) -> None:
    loki.do("token generate a")
    stored = json.loads(loki.store.read_text())
    before = os.fspath(loki.store)
    text = loki.store.read_text()
    times = [value for value in stored.values() if isinstance(value, str) and value.startswith("20")]
    assert len(times) == 1, stored.keys()
    Path(before).write_text(text.replace(times[0], "2099-01-01T00:00:00+00:00"))
    assert "clock_set_back" in loki("doctor --json").out
    assert loki("doctor").status == 4
    assert "clock_set_back" not in loki.do("doctor --accept-clock --json").out
