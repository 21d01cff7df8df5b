"""`corpus label-studio check` against the real server."""

import json

import pytest
from label_studio_sdk import LabelStudio

from annotation.label_studio.address import ServerFolder

CONFIG = '<View><Audio name="audio" value="$audio"/></View>'


@pytest.fixture(scope="module")
def exported(server, corpus_command):
    done = corpus_command("export-tasks", "--corpus", server.corpus)
    assert done.returncode == 0, done.stderr
    return server


@pytest.fixture
def check(exported, corpus_command):
    def run(*options, **variables):
        arguments = ["label-studio", "check", "--json", "--corpus", exported.corpus, *options]
        done = corpus_command(*arguments, **variables)
        return done.returncode, json.loads(done.stdout)

    return run


def test_without_a_storage_it_fails_and_with_one_clips_are_fetched(exported, check):
    code, said = check()
    assert (code, said["counts"]["failed"]) == (1, 1)
    assert "no project has a Local files storage" in said["failures"][0]["reason"]
    lead = LabelStudio(base_url=exported.url, api_key=exported.token)
    project = lead.projects.create(title="hears", label_config=CONFIG)
    path = str(ServerFolder(exported.corpus).clips)
    lead.import_storage.local.create(project=project.id, title="clips", path=path)
    code, said = check()
    assert (code, said["counts"]["kept"], said["warnings"]) == (0, 1, [])
    assert said["url"] == exported.url


def test_a_token_that_the_server_never_gave_is_refused(check, exported):
    head, payload, signature = exported.token.split(".")
    code, said = check(LABEL_STUDIO_API_KEY=f"{head}.{payload}.{signature[::-1]}")
    assert code == 1
    assert "rejects the token" in said["failures"][0]["reason"]
    assert payload not in json.dumps(said)


def test_legacy_tokens_are_off(check):
    code, said = check(LABEL_STUDIO_API_KEY="0" * 40)
    assert code == 1
    assert "neither log-in nor token" in said["failures"][0]["reason"]
