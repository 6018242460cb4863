"""A user's home and a project, in real directories."""

from __future__ import annotations

import os
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


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "alice").mkdir(mode=0o700)
    (tmp_path / "project").mkdir()
    return World(user_home=tmp_path / "alice", project=tmp_path / "project")
