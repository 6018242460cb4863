"""The parsers of tokens and of what providers say under a fuzzer that is guided by coverage, ten minutes each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.oidc.fuzz_targets import TARGETS
from tests.support.programs import require_module

SECONDS = 600


@pytest.mark.nightly
@pytest.mark.parametrize("target", TARGETS)
def test_no_foreign_exception_and_no_slow_input(target: str, tmp_path: Path) -> None:
    require_module("atheris")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    command = [sys.executable, "-m", "tests.core.oidc.fuzz_targets", target, str(corpus)]
    options = [f"-max_total_time={SECONDS}", "-max_len=8192", "-timeout=10", f"-artifact_prefix={tmp_path}/"]
    root = Path(__file__).parents[3]
    done = subprocess.run([*command, *options], cwd=root, capture_output=True, text=True, timeout=SECONDS + 300)
    assert done.returncode == 0, done.stderr[-4000:]
