"""kill -9 at every single call of a write, and what the next process makes of it."""

from __future__ import annotations

import functools
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.core.faults.family import Child, Line, ask_child, find_refusal, open_home, run_alone
from tests.core.faults.injection import Call, watch_child
from tests.core.faults.peer import find_leftovers, find_logged, read_chain, read_tokens
from tests.core.faults.stage import DEEDS, Stage, do_deed


def _verify_when_asked(home: Path, secret: str, line: Line) -> None:
    with open_home(home) as loki:
        line.say(find_refusal(lambda: loki.authenticate(secret)))
        time.sleep(0.03)  # the store has settled: from now on a look at the file's signature is enough
        line.say(find_refusal(lambda: loki.authenticate(secret)))
        line.hear()
        line.say(find_refusal(lambda: loki.authenticate(secret)))


def _revoke(home: Path, token_id: str) -> str:
    with open_home(home) as loki:
        return loki.tokens.revoke(token_id)[0].audit


def _go_on(home: Path) -> str:
    with open_home(home) as loki:
        return find_refusal(lambda: loki.tokens.generate("afterwards"))


def _kill(stage: Stage, deed: str, call: Call) -> tuple[str, dict[str, Any], str]:
    """Kill a process at one call; return what is wrong, the records before, and the id of what it was making."""
    before = stage.start_over(deed)
    injection = f"{call.name}:signal=SIGKILL:when={call.number}"
    messages, status, _ = watch_child(functools.partial(do_deed, stage.home, deed, False), injection)
    said = {message[0]: message[1:] for message in messages}
    if status != -9 or "done" in said:
        return "it was not killed in the middle", before, ""
    return "", before, said.get("secret", ["", ""])[1]


def _judge(stage: Stage, deed: str, call: Call) -> str:
    wrong, before, made = _kill(stage, deed, call)
    if wrong:
        return wrong
    killed = read_tokens(stage.home)
    changed = {key for key in before.keys() | killed.keys() if before.get(key) != killed.get(key)}
    allowed = {"generate on nothing": {made}, "generate": {made}, "rotate": {made, stage.ids["beta"]}}
    after = allowed.get(deed, {stage.ids["alpha" if deed == "revoke" else "gamma"]})
    if changed not in (set(), after):
        return f"neither the state before nor after: {sorted(changed)} changed"
    refused = ask_child(lambda: _go_on(stage.home))
    if refused:
        return f"the next process was refused: {refused}"
    tokens, chain = read_tokens(stage.home), read_chain(stage.home)
    if killed.keys() - tokens.keys():
        return "the next create dropped tokens"
    if find_leftovers(stage.home):
        return f"left over: {find_leftovers(stage.home)}"
    logged = find_logged(chain, "auth.token.create") + find_logged(chain, "auth.token.rotate")
    explained = find_logged(chain, "audit.recover", success=False)
    if made and (made in logged and made not in tokens) != (made in explained):
        return "a grant was logged and not stored, and nothing explains it (or it was, and something does)"
    return ""


def kill_at_each_call(home: str, deeds: list[str], looks: bool) -> dict[str, Any]:
    """Kill a process at each call of the deeds, with or without those that only look."""
    began = time.monotonic()
    stage = Stage(home)
    cases = [(deed, call) for deed in deeds for call in stage.list_calls(deed, looks=looks)]
    wrong = [f"{deed} at {call}: {found}: {call.line}" for deed, call in cases if (found := _judge(stage, deed, call))]
    return {"kills": len(cases), "wrong": wrong, "seconds": round(time.monotonic() - began, 1)}


def revoke_again_after_each_kill(home: str) -> dict[str, Any]:
    """Kill a revocation at each call, beside a verifier that lives on, and revoke again from another process."""
    began = time.monotonic()
    stage = Stage(home)
    calls = stage.list_calls("revoke", looks=False)
    wrong, still_accepted = [], 0
    for call in calls:
        stage.start_over("revoke")
        with Child(functools.partial(_verify_when_asked, stage.home, stage.secrets["alpha"])) as verifier:
            assert verifier.hear() == verifier.hear() == [""]
            injection = f"{call.name}:signal=SIGKILL:when={call.number}"
            _, status, _ = watch_child(functools.partial(do_deed, stage.home, "revoke", False), injection)
            assert status == -9, f"{call}: it was not killed"
            audit = ask_child(functools.partial(_revoke, stage.home, stage.ids["alpha"]))
            verifier.say("now")
            code = verifier.hear()
        if code != ["token_revoked"]:
            still_accepted += 1
            wrong.append(f"{call}: the verifier says {code}: {call.line}")
        elif audit != "written" or stage.ids["alpha"] not in find_logged(read_chain(stage.home), "auth.token.revoke"):
            wrong.append(f"{call}: nothing in the log says that it was revoked: {call.line}")
    return {"kills": len(calls), "accepted": still_accepted, "wrong": wrong, "seconds": round(time.monotonic() - began)}


def _check(figures: dict[str, Any]) -> None:
    wrong = figures.pop("wrong")
    print(json.dumps(figures))
    assert wrong == [], "\n".join(wrong)
    assert figures["kills"] > 20


def test_a_revocation_killed_at_any_call_and_repeated_holds_in_a_process_that_lived_on(
    child_environ: dict[str, str],
) -> None:
    _check(run_alone(revoke_again_after_each_kill, child_environ["HOME"], environ=child_environ))


def test_a_creation_killed_at_any_call_leaves_the_state_before_or_after_and_is_explained(
    child_environ: dict[str, str],
) -> None:
    _check(run_alone(kill_at_each_call, child_environ["HOME"], ["generate"], False, environ=child_environ))


@pytest.mark.nightly
def test_a_write_killed_at_any_call_leaves_the_state_before_or_after_and_is_explained(
    child_environ: dict[str, str],
) -> None:
    _check(run_alone(kill_at_each_call, child_environ["HOME"], list(DEEDS), True, environ=child_environ))
