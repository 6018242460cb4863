"""A user's home and a project, in real directories."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from loki_core.errors import ConfigurationError
from loki_core.settings import Settings, load_settings


@dataclass
class World:
    """Where the settings are loaded from."""

    user_home: Path
    project: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def home_file(self) -> Path:
        return self.user_home / ".loki" / "config.yaml"

    @property
    def project_file(self) -> Path:
        return self.project / ".loki" / "config.yaml"

    def write_home(self, text: str | bytes) -> Path:
        return write(self.home_file, text)

    def write_project(self, text: str | bytes) -> Path:
        return write(self.project_file, text)

    def load(self, **environ: str) -> Settings:
        return load_settings({**self.environ, **environ}, self.project, user_home=self.user_home)

    def fail(self, **environ: str) -> ConfigurationError:
        with pytest.raises(ConfigurationError) as caught:
            self.load(**environ)
        assert "\n" not in str(caught.value)
        assert caught.value.remedy
        return caught.value


def write(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.chmod(path, mode)
    return path


def run_as_nobody(answer: Callable[[], str], tmp_path: Path) -> str:
    """Return what the function answers, or refuses with, in a child process of another user's. Only as root."""
    for directory in (tmp_path, *tmp_path.parents):  # as deep as the run put it
        if directory.stat().st_uid == os.geteuid() and not directory.stat().st_mode & 0o001:
            os.chmod(directory, 0o755)
    user = pwd.getpwnam("nobody")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            try:
                os.write(writer, answer().encode())
            except ConfigurationError as error:
                os.write(writer, error.message.encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as pipe:
        return pipe.read().decode()


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "alice").mkdir(mode=0o700)
    (tmp_path / "project").mkdir()
    return World(user_home=tmp_path / "alice", project=tmp_path / "project")
