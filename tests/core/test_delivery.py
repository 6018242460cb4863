"""Secrets delivered without eyes: to a new file, or to a sink's standard input."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loki_core.delivery import clean_environment, remove_secret_file, send_to_sink, write_secret_file
from loki_core.errors import InvalidInput, LokiError, Refused, StorageError
from loki_core.tokens.secret import Secret, mint_secret


@pytest.fixture
def secret() -> Secret:
    return mint_secret()


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_secret_file_is_0600_whatever_the_umask(tmp_path: Path, secret: Secret, umask: int) -> None:
    written = write_secret_file(tmp_path / "ci.token", secret)
    assert stat.S_IMODE(os.stat(written.path).st_mode) == 0o600
    assert Path(written.path).read_text() == secret.reveal() + "\n"


def test_an_existing_file_is_neither_overwritten_nor_echoed(tmp_path: Path, secret: Secret) -> None:
    target = tmp_path / "there"
    target.write_text("mine")
    with pytest.raises(Refused) as caught:
        write_secret_file(target, secret)
    assert caught.value.code == "file_exists"
    assert caught.value.remedy
    assert target.read_text() == "mine"
    assert secret.reveal() not in str(caught.value)


@pytest.mark.parametrize("dangling", [True, False])
def test_a_planted_symlink_is_not_followed(tmp_path: Path, secret: Secret, dangling: bool) -> None:
    victim = tmp_path / "victim"
    if not dangling:
        victim.write_text("")
    link = tmp_path / "link"
    link.symlink_to(victim)
    with pytest.raises(Refused):
        write_secret_file(link, secret)
    assert not victim.exists() or victim.read_text() == ""


def test_a_fifo_with_a_reader_gets_nothing(tmp_path: Path, secret: Secret) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(Refused):
        write_secret_file(tmp_path / "fifo", secret)


def test_a_missing_directory_is_refused_with_a_remedy(tmp_path: Path, secret: Secret) -> None:
    with pytest.raises(Refused) as caught:
        write_secret_file(tmp_path / "no" / "file", secret)
    assert caught.value.code == "no_directory"
    assert caught.value.remedy


@pytest.mark.parametrize("path", ["", "   ", "a\0b"])
def test_what_cannot_be_a_path_is_invalid(path: str, secret: Secret) -> None:
    with pytest.raises(InvalidInput) as caught:
        write_secret_file(path, secret)
    assert caught.value.code == "invalid_path"


def test_a_secret_pasted_as_the_path_is_refused_without_echoing_it(
    tmp_path: Path, secret: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        write_secret_file(secret.reveal(), secret)
    assert secret.reveal() not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_tilde_is_the_home_directory(tmp_path: Path, secret: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert write_secret_file("~/x.token", secret).path == str(tmp_path / "x.token")


@pytest.mark.parametrize("call", ["fchmod", "write", "fsync", "close"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failing_disk_leaves_no_file(
    tmp_path: Path, secret: Secret, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    real = getattr(os, call)

    def fail(descriptor: int, *arguments: object) -> None:
        if call == "close":
            real(descriptor)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StorageError) as caught:
            write_secret_file(tmp_path / "ci.token", secret)
    assert caught.value.code == "file_not_written"
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_no_file(tmp_path: Path, secret: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_secret_file(tmp_path / "ci.token", secret)
    assert list(tmp_path.iterdir()) == []


def test_removing_takes_only_the_file_that_was_written(tmp_path: Path, secret: Secret) -> None:
    written = write_secret_file(tmp_path / "ci.token", secret)
    os.rename(written.path, tmp_path / "kept")
    Path(written.path).write_text("somebody else's")
    assert not remove_secret_file(written)
    assert Path(written.path).read_text() == "somebody else's"
    os.rename(tmp_path / "kept", written.path)
    assert remove_secret_file(written)
    assert not os.path.exists(written.path)
    assert remove_secret_file(written)


def test_a_sink_reads_the_secret_alone_on_its_standard_input(tmp_path: Path, secret: Secret) -> None:
    out = tmp_path / "out"
    send_to_sink(_python(f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"), secret)
    assert out.read_text() == secret.reveal()


def test_a_sink_is_given_to_no_shell(tmp_path: Path, secret: Secret) -> None:
    marker = tmp_path / "marker"
    send_to_sink([*_python("import sys; sys.stdin.read()"), f"; touch {marker}", f"$(touch {marker})"], secret)
    assert not marker.exists()


def test_a_sink_finds_none_of_our_secrets_in_its_environment(tmp_path: Path, secret: Secret) -> None:
    out = tmp_path / "out"
    environ = {
        **os.environ,
        "LOKI_TOKEN": "loki_" + "a" * 49,
        "LOKI_TOKEN_FILE": "/run/secret",
        "LOKI_OIDC_CLIENT_SECRET": "hush",
        "LOKI_OIDC_CLIENT_SECRET_FILE": "/run/other",
        "MY_COPY": "Bearer loki_" + "b" * 49,
        "LOKI_HOME": "/srv/loki",
        "GH_TOKEN": "the sink's own",
    }
    code = f"import sys, os, json; sys.stdin.read(); json.dump(dict(os.environ), open({str(out)!r}, 'w'))"
    send_to_sink(_python(code), secret, environ=environ)
    seen = out.read_text()
    for gone in ("LOKI_TOKEN", "LOKI_OIDC_CLIENT_SECRET", "MY_COPY", "hush", secret.reveal()):
        assert gone not in seen
    assert "/srv/loki" in seen
    assert "the sink's own" in seen


def test_what_a_sink_prints_is_never_shown(secret: Secret, capfd: pytest.CaptureFixture[str]) -> None:
    code = "import sys; s = sys.stdin.read(); print(s); print(s, file=sys.stderr); sys.exit(3)"
    with pytest.raises(Refused) as caught:
        send_to_sink(_python(code), secret)
    assert caught.value.code == "sink_failed"
    assert "exit status 3" in str(caught.value)
    assert secret.reveal() not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("argv", [[], ["/no/such/program"], ["a\0b"], ["/"]])
def test_a_sink_that_cannot_start_is_refused(argv: list[str], secret: Secret) -> None:
    with pytest.raises(Refused) as caught:
        send_to_sink(argv, secret)
    assert caught.value.code == "sink_failed"
    assert caught.value.remedy


def test_a_sink_that_hangs_is_stopped_with_its_children(tmp_path: Path, secret: Secret) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    child = f"import time; f = open({str(fifo)!r}, 'w'); time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(Refused) as caught:
        send_to_sink(_python(code), secret, timeout=1)
    assert caught.value.code == "sink_failed"
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b"", "this ends only once no child holds the other end"
    os.close(reader)


def test_a_sink_killed_by_a_signal_is_a_failure(secret: Secret) -> None:
    with pytest.raises(LokiError, match="signal 15"):
        send_to_sink(_python("import os; os.kill(os.getpid(), 15)"), secret)


def test_only_secrets_leave_the_environment() -> None:
    assert clean_environment({"PATH": "/bin", "LOKI_HOST": "h", "LOKI_X_PASSWORD": "p"}) == {
        "PATH": "/bin",
        "LOKI_HOST": "h",
    }
