"""File systems on which locks and renames do not hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loki_core.disk.network import NETWORK_TYPES, find_network_type
from tests.core.workshop import Workshop


def _describe(path: Path, kind: str, mounts: Path, *, device: str = "") -> None:
    number = os.stat(path).st_dev
    device = device or f"{os.major(number)}:{os.minor(number)}"
    mounts.write_text(
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
        "this is no mount\n"
        "\n"
        f"36 35 {device} / /mnt\\040dir rw,noatime master:1 - {kind} server:/export rw,vers=4.2\n"
    )


@pytest.mark.parametrize("kind", sorted(NETWORK_TYPES))
def test_every_network_file_system_is_recognised(tmp_path: Path, kind: str) -> None:
    _describe(tmp_path, kind, tmp_path / "mountinfo")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        assert find_network_type(descriptor, str(tmp_path / "mountinfo")) == kind
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "fuse.encfs"])
def test_a_local_file_system_is_none(tmp_path: Path, kind: str) -> None:
    _describe(tmp_path, kind, tmp_path / "mountinfo")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        assert find_network_type(descriptor, str(tmp_path / "mountinfo")) == ""
        _describe(tmp_path, "nfs", tmp_path / "mountinfo", device="9999:1")
        assert find_network_type(descriptor, str(tmp_path / "mountinfo")) == ""
        assert find_network_type(descriptor, str(tmp_path / "no such list")) == ""
    finally:
        os.close(descriptor)


def test_this_directory_is_taken_for_local(workshop: Workshop) -> None:
    workshop.open().tokens.generate("ci-bot")
