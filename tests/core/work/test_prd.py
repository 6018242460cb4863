"""Which file a session of work may be about."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loki_core.work.prd import resolve_prd
from tests.core.workshop import refuses


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "docs").mkdir(parents=True)
    (project / "prd.md").write_text("build it")
    (project / "docs" / "prd.md").write_text("build it")
    (project / "-rf").write_text("build it")
    (tmp_path / "outside.md").write_text("secret")
    return project


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("prd.md", "./prd.md"),
        ("./prd.md", "./prd.md"),
        ("docs/../prd.md", "./prd.md"),
        ("docs/prd.md", "./docs/prd.md"),
        ("-rf", "./-rf"),  # never an option of the command
    ],
)
def test_a_file_of_the_project_is_named_from_its_directory(project: Path, given: str, path: str) -> None:
    assert resolve_prd(given, str(project)) == path


def test_an_absolute_path_and_a_link_inside_of_the_project_are_followed(project: Path) -> None:
    (project / "link").symlink_to("docs/prd.md")
    assert resolve_prd(str(project / "prd.md"), str(project)) == "./prd.md"
    assert resolve_prd("link", str(project)) == "./docs/prd.md"


@pytest.mark.parametrize(
    "given", ["../outside.md", "/etc/passwd", "docs/../../outside.md", "..", "/", "out", "outdir/x"]
)
def test_path_tricks_lead_nowhere(project: Path, tmp_path: Path, given: str) -> None:
    (project / "out").symlink_to(tmp_path / "outside.md")
    (project / "outdir").symlink_to(tmp_path)
    with refuses("invalid_prd"):
        resolve_prd(given, str(project))


@pytest.mark.parametrize("given", ["", ".", "docs", "fifo", "loop", "x" * 2000, "a\nb", "a\0b", "prd.md/x"])
def test_what_is_no_regular_file_is_refused(project: Path, given: str) -> None:
    os.mkfifo(project / "fifo")
    (project / "loop").symlink_to("loop")
    with refuses("invalid_prd"):
        resolve_prd(given, str(project))


def test_a_file_that_is_not_there_is_not_found(project: Path) -> None:
    with refuses("prd_not_found"):
        resolve_prd("nothing.md", str(project))


def test_a_project_that_is_reached_by_a_link_is_no_trick(project: Path, tmp_path: Path) -> None:
    (tmp_path / "by-link").symlink_to(project)
    assert resolve_prd("prd.md", str(tmp_path / "by-link")) == "./prd.md"
