"""Output of the commands, without secrets."""

import json

import pytest

from corpus_tools.cli.app import app
from manifests.access.lock import CorpusLock

SECRETS = ("0123456789abcdef", "not-for-logs", "Authorization")
WRONG = "abcdef" * 6


@pytest.fixture
def run(campaign, capfd):
    def run(*arguments):
        code = 0
        try:
            app([*arguments, "--corpus", str(campaign.root)])
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run


def test_a_round_trip(campaign, server, run):
    campaign.assign("batch-0001", a01=[3, 1], a02=[2])
    code, out, _ = run("push-tasks", "--server-url", server.url)
    assert code == 0
    assert out.startswith(f"a01: 2 pushed, 0 already there; {server.url}/projects/")
    code, out, _ = run("pull-annotations", "--json")
    document = json.loads(out)
    assert (code, document["command"], document["projects"][0]["open"]) == (
        0,
        "pull-annotations",
        2,
    )
    assert "a01" in run("pull-annotations")[1]


@pytest.mark.parametrize("verb", ["push-tasks", "pull-annotations"])
@pytest.mark.parametrize("verbose", [[], ["-v"]])
def test_no_secret_is_printed_whatever_goes_wrong(
    campaign, server, run, verb, verbose, monkeypatch
):
    campaign.assign("batch-0001", a01=[3, 1])
    run("push-tasks", "--server-url", server.url)
    server.faults.extend([500, 400, "reset"])
    del server.projects[next(iter(server.projects))]
    said = [run(verb, *verbose) for _ in range(3)]
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", WRONG)
    code, out, error = run(verb, *verbose)
    assert (code, out) == (1, "")
    assert "rejects the token" in error
    said += [(code, out, error), run(verb, *verbose, "--server-url", "http://127.0.0.1:9")]
    for _, *texts in said:
        assert not [secret for secret in (*SECRETS, WRONG) for text in texts if secret in text]
    written = [path for path in campaign.root.rglob("*") if path.is_file()]
    assert not [path for path in written if b"0123456789abcdef01" in path.read_bytes()]


def test_without_a_token_no_request_is_sent(campaign, server, run, monkeypatch):
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    code, _, error = run("push-tasks", "--server-url", server.url)
    assert (code, server.requests) == (2, [])
    assert "no token for Label Studio" in error


def test_two_at_once_are_kept_apart(campaign, server, run):
    campaign.assign("batch-0001", a01=[3, 1])
    with CorpusLock(campaign.root, "export-tasks"):
        code, _, error = run("push-tasks", "--server-url", server.url)
    assert (code, server.requests) == (1, [])
    assert "push-tasks can't run beside export-tasks (process" in error
