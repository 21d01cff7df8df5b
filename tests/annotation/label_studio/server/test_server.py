import csv
import json
import os
import signal
import socket
import stat

import pytest

from annotation.label_studio.address import ServerFolder, check_port, last_url, running_server
from annotation.label_studio.refusals import find_token
from annotation.label_studio.server.accounts import first_password
from manifests.base.errors import ConfigurationError, CorpusError, DataError


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("end_with", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_the_server_and_leaves_its_address(corpus_folder, run, port, end_with):
    folder, seen = ServerFolder(corpus_folder), []
    handler = signal.getsignal(end_with)
    run(lambda: seen.append(running_server(folder)), end_with)
    assert seen[0].url == f"http://127.0.0.1:{port}"
    assert not is_alive(seen[0].pid)
    assert running_server(folder) is None
    assert last_url(folder) == seen[0].url
    assert signal.getsignal(end_with) == handler


def test_accounts_are_made_once_and_passwords_are_in_a_private_file_only(corpus_folder, run):
    folder = ServerFolder(corpus_folder)
    output = run()
    rows = list(csv.DictReader(folder.passwords.open()))
    assert [row["annotator"] for row in rows] == ["admin", "a01", "a03"]
    there = json.loads((folder.root / "accounts.json").read_text())
    assert there == {row["email"]: row["first_password"] for row in rows}
    assert not any(password in output for password in there.values())
    for path in (folder.passwords, corpus_folder / "annotations" / ".label-studio-token"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert find_token(corpus_folder) == "made-token"
    before = folder.passwords.read_text()
    assert "new accounts" not in run()
    assert folder.passwords.read_text() == before


def test_a_new_annotator_gets_an_account_at_the_next_start(corpus_folder, run):
    run()
    with (corpus_folder / "annotations" / "annotators.csv").open("a") as rows:
        rows.write("a04,,,new@lab.example\n")
    assert "new accounts: a04;" in run()


def test_no_password_is_stored_for_an_existing_account(corpus_folder, run):
    folder = ServerFolder(corpus_folder)
    folder.make()
    (folder.root / "accounts.json").write_text('{"zhao@lab.example": "their own"}')
    run()
    assert "zhao" not in folder.passwords.read_text()


def test_of_two_rows_with_one_address_the_first_has_the_account(corpus_folder, run):
    with (corpus_folder / "annotations" / "annotators.csv").open("a") as rows:
        rows.write("b01,other,7,LI@lab.example\n")
    assert "new accounts: admin, a01, a03;" in run()


def test_the_administrator_may_be_an_annotator(corpus_folder, run):
    with (corpus_folder / "annotations" / "annotators.csv").open("a") as rows:
        rows.write("lead,label-studio,1,admin@localhost\n")
    assert "new accounts: admin, a01, a03;" in run()


@pytest.mark.parametrize("email", ["li", "li@lab", "=1+1@lab.example", "李@lab.example"])
def test_an_unusable_log_in_address_is_refused_unquoted(corpus_folder, run, email):
    path = corpus_folder / "annotations" / "annotators.csv"
    path.write_text(f"annotator,server,number,email\na07,,,{email}\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"annotators\.csv: the e-mail address of a07 doesn't work"
    ) as raised:
        run()
    assert email not in str(raised.value).replace("label", "")


def test_another_servers_token_is_kept_with_a_warning(corpus_folder, run):
    path = corpus_folder / "annotations" / ".label-studio-token"
    path.write_text("from-elsewhere")
    assert "doesn't accept" in run()
    assert path.read_text() == "from-elsewhere"


def test_no_secret_is_among_the_arguments(corpus_folder, run):
    run()
    folder = ServerFolder(corpus_folder)
    passwords = [row["first_password"] for row in csv.DictReader(folder.passwords.open())]
    said = folder.log.read_text() + (folder.root / "variables.json").read_text()
    assert not any(secret in said for secret in [*passwords, "made-token"])


def test_a_second_start_names_address_and_process(corpus_folder, run, port):
    def second():
        with pytest.raises(CorpusError, match=f"already runs.*{port}, process [0-9]+"):
            run(port=port + 1)

    run(second)


def test_a_busy_port_is_refused(corpus_folder, run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigurationError, match="--port"):
            run(port=other.getsockname()[1])


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.name.invalid", "999.1.1.1", "a" * 300])
def test_an_address_of_another_machine_is_refused(host, port):
    with pytest.raises(ConfigurationError):
        check_port(host, port)


@pytest.mark.parametrize(
    "url", ["lab.example", "https://lab.example/", "https://", "ftp://x", "https://a,https://b"]
)
def test_a_public_url_must_be_an_origin(run, url):
    with pytest.raises(ConfigurationError, match="--public-url"):
        run(public_url=url)


def test_label_studios_last_output_is_reported_when_it_fails(corpus_folder, run):
    folder = ServerFolder(corpus_folder)
    folder.make()
    (folder.root / "ends").touch()
    with pytest.raises(CorpusError, match=r"no such table.*server\.log"):
        run()
    (folder.root / "fails").touch()
    with pytest.raises(CorpusError, match=r"disk I/O error.*server\.log"):
        run()


def test_first_passwords_differ_and_have_nothing_to_mistake():
    passwords = {first_password() for _ in range(200)}
    assert len(passwords) == 200
    assert not set("".join(passwords)) & set("Il1O0o ,;\"'")
