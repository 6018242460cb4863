"""Core dumps and other processes of the same user do not get what is in memory."""

from __future__ import annotations

import sys

import pytest

from tests.support.fresh_process import run_python

CODE = """
    import ctypes, resource, subprocess
    from loki_core.hardening import harden_process

    harden_process()
    harden_process()
    print(resource.getrlimit(resource.RLIMIT_CORE))
    for line in open("/proc/self/limits"):
        if line.startswith("Max core"):
            print(line.split()[4:6])
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
    print(subprocess.run(["true"]).returncode)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux says it in /proc")
def test_a_hardened_process_leaves_no_core_dump_and_cannot_be_read(child_environ: dict[str, str]) -> None:
    """Threat: secrets in core dumps."""
    done = run_python(CODE, env=child_environ)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["(0, 0)", "['0', '0']", "0", "0"]
