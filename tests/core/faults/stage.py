"""A home with a few tokens, and the deeds that are made to fail or are killed in it."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from loki_core import LokiError
from loki_core.audit.signing import load_cryptography
from tests.core.faults.family import Line, ask_child, find_refusal, open_home
from tests.core.faults.injection import LOOKS, Call, list_calls
from tests.core.faults.peer import read_tokens

DEEDS = ("generate on nothing", "generate", "revoke", "rotate", "delete")


def _make_template(home: Path) -> dict[str, str]:
    """Make a home with a token to revoke, one to rotate and one to delete; return the secrets by name."""
    with open_home(home) as loki:
        secrets = {name: loki.tokens.generate(name).secret.reveal() for name in ("alpha", "beta", "gamma")}
        ids = {name: loki.tokens.get(name).id for name in secrets}
        loki.tokens.revoke("gamma")
    (home / "ids.json").write_text(json.dumps(ids))
    return secrets


def do_deed(home: Path, deed: str, go_on: bool, line: Line) -> None:
    """Do one deed, say how it ended, and create a token afterwards in the same process."""
    ids = {} if deed == "generate on nothing" else json.loads((home / "ids.json").read_text())
    loki = open_home(home)
    descriptors = len(os.listdir("/proc/self/fd"))
    try:
        if deed in {"revoke", "delete"}:
            loki.tokens.revoke(ids["alpha"]) if deed == "revoke" else loki.tokens.delete(ids["gamma"])
        else:
            draft = loki.tokens.prepare_rotation(ids["beta"]) if deed == "rotate" else loki.tokens.prepare("new")
            line.say("secret", draft.secret.reveal(), draft.token.id)
            loki.tokens.commit(draft)
        line.say("done")
    except Exception as error:  # noqa: BLE001 - which others escape is what is asked
        line.say("failed", error.code if isinstance(error, LokiError) else f"{type(error).__name__}: {error}")
    if go_on:
        line.say("digest", digest_store(home))
        second = find_refusal(functools.partial(loki.tokens.generate, "second"))
        loki.close()
        line.say("second", second, len(os.listdir("/proc/self/fd")) - descriptors)


def digest_store(home: Path) -> str:
    file = home / ".loki/dashboard/tokens.json"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


class Stage:
    """A home to fail in, made anew for each case from a template."""

    def __init__(self, home: str) -> None:
        load_cryptography()  # else each case loads it in the background, and calls what no other case calls
        self._template = Path(home, "template")
        self._template.mkdir(mode=0o700, parents=True)
        self.home = Path(home, "case")
        self.secrets: dict[str, str] = ask_child(lambda: _make_template(self._template))
        self.ids: dict[str, str] = json.loads((self._template / "ids.json").read_text())

    def start_over(self, deed: str) -> dict[str, Any]:
        """Make the home, and return the records in it."""
        shutil.rmtree(self.home, ignore_errors=True)
        if deed == "generate on nothing":
            self.home.mkdir(mode=0o700)
        else:
            shutil.copytree(self._template, self.home)
        return read_tokens(self.home)

    def list_calls(self, deed: str, *, looks: bool) -> list[Call]:
        """Return the calls of a deed, with or without those that only look."""
        self.start_over(deed)
        calls = list_calls(functools.partial(do_deed, self.home, deed, False), self.home / ".loki")
        return [call for call in calls if looks or call.name not in LOOKS]
