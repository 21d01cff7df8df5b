"""A corpus of another lab names the server: commands send it no token by themselves."""

import json

import pytest
import typer

from corpus_tools.cli.app import app

VERBS = [["push-tasks"], ["pull-annotations"], ["label-studio", "check"]]


@pytest.fixture
def elsewhere(campaign, server):
    """Address of the fake server as if it were another machine, named by the corpus."""
    campaign.assign("batch-0001", a01=[3, 1])
    url = server.url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - an address, not bound
    name_server(campaign.root, url)
    return url


def name_server(root, url):
    projects = {"a01": {"project_id": 1, "kind": "label", "batches": ["batch-0001"]}}
    text = json.dumps({"servers": {"label-studio": {"url": url, "projects": projects}}})
    (root / "annotations" / "server.json").write_text(text)


@pytest.fixture
def run(campaign, capfd):
    def run(*arguments):
        code = 0
        try:
            app([*arguments, "--corpus", str(campaign.root)])
        except SystemExit as end:
            code = int(end.code or 0)
        return code, capfd.readouterr().err

    return run


@pytest.mark.parametrize("verb", VERBS)
def test_http_to_a_named_server_needs_both_flags_and_then_one(elsewhere, server, run, verb):
    code, error = run(*verb)
    assert (code, server.requests) == (2, [])
    assert "http would send the token unencrypted to another machine" in error
    code, error = run(*verb, "--allow-http")
    assert (code, server.requests) == (2, [])
    assert f"{elsewhere}: this machine has sent no token to this server yet" in error
    assert "--trust-server" in error
    run("push-tasks", "--allow-http", "--trust-server")
    seen = len(server.requests)
    _, error = run(*verb, "--allow-http")
    assert len(server.requests) > seen
    assert "--trust-server" not in error


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("url", ["https://evil.invalid", "https://192.0.2.7:8090"])
def test_an_unseen_host_is_refused_off_a_terminal(campaign, server, run, verb, url):
    campaign.assign("batch-0001", a01=[3, 1])
    name_server(campaign.root, url)
    code, error = run(*verb)
    assert code == 2
    assert f"{url}: this machine has sent no token to this server yet" in error


@pytest.mark.parametrize("verb", VERBS)
def test_a_token_that_belongs_to_another_server_stays(campaign, server, run, verb, monkeypatch):
    campaign.assign("batch-0001", a01=[3, 1])
    url = server.url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - an address, not bound
    run("push-tasks", "--server-url", url, "--allow-http", "--trust-server")
    name_server(campaign.root, server.url)
    seen = len(server.requests)
    code, error = run(*verb)
    assert (code, len(server.requests)) == (2, seen)
    assert f"the token belongs to {url}, not to this machine" in error


@pytest.mark.parametrize("agrees", [True, False, None])
def test_at_a_terminal_the_question_comes_once(elsewhere, server, run, capfd, monkeypatch, agrees):
    questions = []

    def confirm(question, *, err):
        questions.append(question)
        if agrees is None:
            raise typer.Abort  # as for Ctrl-D
        return agrees

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("corpus_tools.cli.consent.typer.confirm", confirm)
    code, _ = run("push-tasks", "--allow-http", "--quiet")
    assert questions == [
        f"{elsewhere}: this machine has sent no token to this server yet; send it there?"
    ]
    assert (code, bool(server.requests)) == ((0, True) if agrees else (2, False))
    run("push-tasks", "--allow-http", "--quiet")
    assert len(questions) == (1 if agrees else 2)


LINKS = [
    "server.json",
    ".label-studio-token",
    "annotators.csv",
    "tasks/batch-0001/label_config.xml",
    "tasks/batch-0002.json",
    "judgements",
]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("link", LINKS)
def test_nothing_outside_is_read_or_sent_through_a_link(
    campaign, server, run, tmp_path, verb, link
):
    campaign.assign("batch-0001", a01=[3, 1])
    (tmp_path / "secret").write_text("root:x:0:0\n")
    path = campaign.root / "annotations" / link
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.symlink_to(tmp_path / "secret")
    code, error = run(*verb, "--server-url", server.url)
    assert (code, server.requests) == (1, [])
    assert f"{path}: is a link or a special file" in error
    assert "root:" not in error


def test_linked_clips_are_offered_to_no_server(campaign, server, run):
    campaign.assign("batch-0001", a01=[3, 1])
    clips = campaign.root / "clips"
    clips.rename(campaign.root / "more-clips")
    clips.symlink_to("/etc")
    code, error = run("push-tasks", "--server-url", server.url)
    assert code == 1
    assert f"{clips}: is a link or a special file" in error
    assert server.storages == {}


@pytest.mark.parametrize("verb", VERBS)
def test_a_token_file_outside_of_the_corpus_is_refused(
    campaign, server, run, tmp_path, verb, monkeypatch
):
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    campaign.assign("batch-0001", a01=[3, 1])
    secret = tmp_path / "secret"
    secret.write_text("one-line-secret")
    secret.chmod(0o600)
    with (campaign.root / "corpus.toml").open("a") as settings:
        settings.write(f'[label_studio]\ntoken_file = "{secret}"\n')
    code, error = run(*verb, "--server-url", server.url)
    assert (code, server.requests) == (2, [])
    assert "is outside of the corpus, which must not choose what is sent" in error
    assert "one-line-secret" not in error
