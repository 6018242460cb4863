"""Many requests, and a disk that is full: heavy runs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.core.api.server import Server
from tests.core.faults.mounts import begin_private_mounts, fill, mount_tmpfs, require_mounts
from tests.core.workshop import check_chain
from tests.support.environment import build_environ

TOKENS = "/api/enterprise/tokens"
KILOBYTE = 1024


def _read_memory(server: Server) -> int:
    """Return the kilobytes that the server holds (proc(5), VmRSS)."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@pytest.mark.nightly
@pytest.mark.parametrize("requests", [100_000])
def test_memory_stays_flat(child_environ: dict[str, str], requests: int) -> None:
    with Server(child_environ) as server:
        secret = server.mint("bot", role="viewer")

        def ask(times: int) -> None:
            with server.connect(secret) as client:
                for number in range(times):
                    # Good ones, refused ones, and addresses of paths that nobody has asked for before.
                    client.get("/api/status")
                    client.get(f"/nothing/{number}")
                    client.get("/api/status", headers={"Authorization": f"Bearer loki_{number}"})

        ask(2_000)
        before = _read_memory(server)
        threads = [threading.Thread(target=ask, args=(requests // 3 // 2,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = _read_memory(server)
    print(f"{before} kB before, {after} kB after {requests:,} requests")
    assert after - before < 16 * KILOBYTE


def test_on_a_full_disk_under_load_nothing_acknowledged_is_lost_and_it_recovers(tmp_path: Path) -> None:
    require_mounts()
    from tests.support.fresh_process import run_python

    done = run_python(
        """
        import sys
        from pathlib import Path
        from tests.core.api.test_endurance import fill_under_load
        fill_under_load(Path(sys.argv[1]))
        """,
        str(tmp_path / "small"),
        env=build_environ(tmp_path / "runner"),
        deadline=120,
    )
    assert done.returncode == 0, done.stderr


def fill_under_load(home: Path) -> None:
    """Serve from a small file system while it is filled, and look at what is left. Runs in a process of its own."""
    begin_private_mounts()
    mount_tmpfs(home, 2048)
    environ = {**build_environ(home), "PYTHONDONTWRITEBYTECODE": "1"}
    made: list[str] = []
    refused: list[str] = []
    stop = threading.Event()
    with Server(environ) as server:
        secret = server.mint("admin", role="admin")
        reader = server.mint("reader", role="viewer")
        doomed = server.mint("doomed", role="viewer")

        def load(worker: int) -> None:
            with server.connect(secret) as client:
                for number in range(25):
                    answer = client.post(TOKENS, json={"name": f"w{worker}-{number}"})
                    if answer.status_code == 201:
                        made.append(answer.json()["id"])
                    else:
                        assert answer.status_code == 503, answer.text
                        refused.append(answer.json()["code"])
                        stop.wait(0.01)

        threads = [threading.Thread(target=load, args=(worker,)) for worker in range(2)]
        for thread in threads:
            thread.start()
        while len(made) < 5:
            stop.wait(0.01)
        filler = fill(home)
        for thread in threads:
            thread.join()
        with server.connect(reader) as client:
            assert client.get("/api/enterprise/whoami").status_code == 200
        with server.connect(secret) as client:
            status = client.delete(f"{TOKENS}/doomed").status_code
            filler.unlink()
            assert client.post(TOKENS, json={"name": "after"}).status_code == 201
        with server.connect(doomed) as client:
            # Refused or done: the answer says which, and it is so.
            assert (client.get("/api/enterprise/whoami").status_code == 401) is (status == 200), status
    assert refused
    with server.open_store() as loki:
        assert set(made) <= {token.id for token in loki.tokens.list()}
    check_chain(home / ".loki" / "dashboard" / "audit")
