"""A token goes only to the server that it belongs to, whatever address a corpus names."""

import json
import os

import pytest

from annotation.label_studio.client import checked_url
from annotation.label_studio.consent import Consent, permitted_token, place, remember_token
from annotation.label_studio.machine import Machine, machine_file
from annotation.label_studio.refusals import find_token, token_path
from manifests.base.errors import ConfigurationError, CorpusError

LAB, OTHER, LOCAL = "https://label.lab.example", "https://evil.example", "http://127.0.0.1:8090"
TOKEN = "0123456789abcdef"  # noqa: S105 - a made one


@pytest.fixture(autouse=True)
def _token(monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", TOKEN)


def test_this_machine_needs_no_consent_whatever_the_port(corpus_folder, machine):
    for url in (LOCAL, "http://localhost:9000", "https://[::1]"):
        assert permitted_token(corpus_folder, url) == TOKEN
    assert not machine.exists()
    remember_token(LOCAL, TOKEN)
    assert TOKEN not in machine.read_text()
    assert permitted_token(corpus_folder, "http://127.0.0.1:1") == TOKEN


@pytest.mark.parametrize("url", [LAB, "https://192.0.2.7:8090", "https://localhost.evil.example"])
def test_an_unseen_server_is_refused_with_the_flag_that_allows_it(corpus_folder, url):
    with pytest.raises(ConfigurationError) as raised:
        permitted_token(corpus_folder, url)
    assert str(raised.value) == (
        f"{url}: this machine has sent no token to this server yet; if it is yours, add "
        f"--trust-server to send it there"
    )
    assert permitted_token(corpus_folder, url, consent=Consent(trust_server=True)) == TOKEN


def test_at_a_terminal_it_is_questions_about_until_it_is_remembered(corpus_folder):
    questions = []

    def answer(yes):
        return Consent(ask=lambda question: questions.append(question) or yes)

    with pytest.raises(ConfigurationError, match="nothing was sent"):
        permitted_token(corpus_folder, LAB, consent=answer(False))
    assert permitted_token(corpus_folder, LAB, consent=answer(True)) == TOKEN
    question = f"{LAB}: this machine has sent no token to this server yet; send it there?"
    assert questions == [question, question]
    remember_token(LAB, TOKEN)
    assert permitted_token(corpus_folder, LAB + "/studio") == TOKEN


@pytest.mark.parametrize("url", [OTHER, LOCAL, "https://label.lab.example:8443"])
def test_a_token_of_one_server_goes_to_no_other(corpus_folder, url):
    """Not even to this machine: another user's process may listen there."""
    remember_token(LAB, TOKEN)
    remember_token(OTHER, "of-the-other")
    with pytest.raises(ConfigurationError, match=f"the token belongs to {LAB}, not to"):
        permitted_token(corpus_folder, url)
    remember_token(url, TOKEN)
    assert permitted_token(corpus_folder, url) == permitted_token(corpus_folder, LAB) == TOKEN


def test_a_new_token_may_go_to_a_server_that_is_known(corpus_folder):
    remember_token(LAB, "of-last-year")
    assert permitted_token(corpus_folder, LAB) == TOKEN


@pytest.mark.parametrize(
    "url",
    ["http://label.lab.example", "http://192.0.2.7:8090", "http://0.0.0.0:8090", "http://a.b"],
)
def test_http_to_another_machine_needs_a_flag_each_time(corpus_folder, url):
    remember_token(url, TOKEN)
    with pytest.raises(ConfigurationError, match=r"unencrypted to another machine.*--allow-http"):
        permitted_token(corpus_folder, url, consent=Consent(trust_server=True, ask=lambda _: True))
    assert permitted_token(corpus_folder, url, consent=Consent(allow_http=True)) == TOKEN


def test_http_and_https_are_two_servers(corpus_folder):
    remember_token(LAB, TOKEN)
    with pytest.raises(ConfigurationError, match="the token belongs to"):
        permitted_token(
            corpus_folder, LAB.replace("https", "http"), consent=Consent(allow_http=True)
        )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://LABEL.lab.example:443/x", LAB),
        ("https://label.lab.example:8443", LAB + ":8443"),
        ("http://[2001:db8::7]:80", "http://[2001:db8::7]"),
        ("http://127.8.9.1:80/x", "this machine"),
    ],
)
def test_a_place_is_an_origin(url, shown):
    assert place(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        r"http://127.0.0.1\@evil.example",
        "http://127.0.0.1@evil.example",
        "http://@evil.example",
        "http://127.0.0.1%2eevil.example",
        "http://127.0.0.1\t.evil.example",
        "http://evil.example\\.localhost",
        "http://evil.example#.localhost",
        "http://evil.example:99999",
        "http://①27.0.0.1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "127.0.0.1",
    ],
)
def test_an_address_that_can_be_read_in_two_ways_is_none(url):
    with pytest.raises(ConfigurationError, match="give the plain http:// or https:// URL"):
        checked_url(url)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "home" / "token-of-a-bank"
    path.parent.mkdir()
    path.write_text("one-line-secret\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("how", ["absolute", "up", "linked file", "linked folder", "home", "root"])
def test_a_token_file_of_corpus_toml_stays_in_the_corpus(corpus_folder, secret, monkeypatch, how):
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    monkeypatch.setenv("HOME", str(secret.parent))
    (corpus_folder / "link").symlink_to(secret if how == "linked file" else secret.parent)
    named = {
        "absolute": str(secret),
        "up": "../home/token-of-a-bank",
        "linked file": "link",
        "linked folder": "link/token-of-a-bank",
        "home": "~/token-of-a-bank",
        "root": ".",
    }[how]
    with pytest.raises(ConfigurationError) as raised:
        find_token(corpus_folder, named)
    if how != "home":  # which is a folder ~ of the corpus
        assert "outside of the corpus, which must not choose what is sent" in str(raised.value)
        assert "LABEL_STUDIO_API_KEY" in str(raised.value)


@pytest.mark.parametrize("inside", [False, True])
def test_the_usual_token_file_is_no_link(corpus_folder, secret, monkeypatch, inside):
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    target = corpus_folder / "notes.txt" if inside else secret
    target.write_text("one-line-secret")
    token_path(corpus_folder, "annotations/x").symlink_to(target)
    (corpus_folder / "annotations" / ".label-studio-token").symlink_to(target)
    with pytest.raises(ConfigurationError, match=r"outside of the corpus|a link isn't followed"):
        find_token(corpus_folder)


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_a_token_that_is_no_file_blocks_nothing(corpus_folder, monkeypatch, kind):
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    path = token_path(corpus_folder)
    os.mkfifo(path, 0o600) if kind == "pipe" else path.mkdir()
    with pytest.raises(ConfigurationError, match="not a file with a token"):
        find_token(corpus_folder)


def test_the_memory_is_in_the_users_configuration(tmp_path, monkeypatch):
    assert machine_file() == tmp_path / "machine" / "label-studio.json"
    monkeypatch.setenv("CORPUS_TOOLS_HOME", "in-the-working-folder")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    assert machine_file() == tmp_path / "configuration" / "corpus-tools" / "label-studio.json"
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert machine_file() == tmp_path / ".config" / "corpus-tools" / "label-studio.json"


def test_a_memory_that_cannot_be_written_is_named(machine):
    machine.parent.write_text("a file in the folder's place")
    with pytest.raises(CorpusError, match="set CORPUS_TOOLS_HOME to a folder of your own"):
        remember_token(LAB, TOKEN)


def test_what_is_remembered_is_read_back(machine):
    remember_token(LAB, TOKEN)
    assert list(json.loads(machine.read_text())["tokens"]) == [LAB]
    assert Machine.read().tokens[LAB]
