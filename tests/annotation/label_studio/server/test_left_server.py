"""A killed `label-studio start` leaves the server; the next start names it and ends it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from annotation.label_studio.address import ServerFolder, left_process, running_server
from annotation.label_studio.machine import changed_machine
from manifests.base.errors import ConfigurationError, CorpusError, DataError

START = """
import sys
from pathlib import Path
from annotation.label_studio.server.run import serve
serve(Path(sys.argv[1]), port=int(sys.argv[2]), environment=Path(sys.argv[3]),
      ready=lambda url: print("ready", flush=True))
"""


@pytest.fixture
def killed(corpus_folder, port, label_studio_environment):
    """Start in a process of its own, kill it, and return what lives on."""
    left = []

    def kill(until):
        process = subprocess.Popen(
            [sys.executable, "-c", START, corpus_folder, str(port), label_studio_environment],
            stdout=subprocess.PIPE,
        )
        until(process)
        process.kill()
        process.communicate()
        left.append(left_process(ServerFolder(corpus_folder)))
        return left[0]

    yield kill
    for one in left:
        if one is not None and one == left_process(ServerFolder(corpus_folder)):
            os.kill(one.pid, signal.SIGKILL)


def ready(process):
    assert process.stdout.readline() == b"ready\n"


def test_the_next_start_names_it_and_ends_it_on_request(corpus_folder, port, run, killed):
    folder = ServerFolder(corpus_folder)
    server = killed(ready)
    assert running_server(folder) == server
    with pytest.raises(CorpusError) as raised:
        run()
    assert str(raised.value) == (
        f"Label Studio already runs for this corpus: http://127.0.0.1:{port}, process "
        f"{server.pid}; stop it with ctrl-C where it was started, or end it and start anew with "
        f"--restart"
    )
    said = run(restart=True)
    assert f"ending the Label Studio that runs for this corpus: {server.url}, process" in said
    assert left_process(folder) is None
    run()


def test_one_that_was_killed_while_it_started_is_named_too(
    corpus_folder, run, killed, label_studio_environment
):
    """It doesn't answer yet, but has the database open."""
    python = label_studio_environment / "bin" / "python"
    text = python.read_text()
    python.write_text(text.replace("wanted =", "import time; time.sleep(60)\nwanted ="))

    def making_accounts(process):
        end = time.monotonic() + 20
        while left_process(ServerFolder(corpus_folder)) is None:
            assert time.monotonic() < end
            time.sleep(0.05)

    process = killed(making_accounts)
    with pytest.raises(CorpusError, match=f"accounts are being made, process {process.pid}"):
        run()
    python.write_text(text)
    assert "new accounts: admin, a01, a03;" in run(restart=True)


def test_a_process_that_got_its_number_since_is_left_alone(corpus_folder, run, killed):
    folder = ServerFolder(corpus_folder)
    server = killed(ready)
    os.kill(server.pid, signal.SIGKILL)
    while left_process(folder) is not None:
        time.sleep(0.05)
    with changed_machine() as machine:
        [made] = machine.servers.values()
        made.running.pid = os.getpid()
    assert left_process(folder) is None
    assert "ending" not in run(restart=True)


def test_a_second_start_may_end_the_first(corpus_folder, port, label_studio_environment, run):
    process = subprocess.Popen(
        [sys.executable, "-c", START, corpus_folder, str(port), label_studio_environment],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    ready(process)
    run(restart=True)
    process.communicate()
    assert process.returncode == 1


@pytest.mark.parametrize("other", ["key", "database"])
def test_a_killed_servers_database_is_taken_up_unless_another_lies_there(
    corpus_folder, run, killed, other
):
    """Its content is unknown by then; a new folder's files may have the old ones' numbers."""
    folder = ServerFolder(corpus_folder)
    run()
    (folder.root / ".env").write_text("SECRET_KEY=own")
    run(adopt=True)
    os.kill(killed(ready).pid, signal.SIGKILL)
    folder.database.write_bytes(b"changed by the server before it was killed")
    while left_process(folder) is not None:
        time.sleep(0.05)
    if other == "key":
        (folder.root / ".env").write_text("SECRET_KEY=of-others")
    else:
        (folder.root / "new").write_bytes(folder.database.read_bytes())
        (folder.root / "new").replace(folder.database)
    with pytest.raises(DataError, match="--adopt"):
        run()
    if other == "key":
        (folder.root / ".env").write_text("SECRET_KEY=own")
        run()


def test_a_restart_waits_for_the_port_that_an_ended_server_holds(corpus_folder, port, run):
    """A zombie's last threads close its socket a moment later."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", port))
        held.listen()
        threading.Timer(0.6, held.close).start()
        with pytest.raises(ConfigurationError, match="--port"):
            run()
        run(restart=True)
