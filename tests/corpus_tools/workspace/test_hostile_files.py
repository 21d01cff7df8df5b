"""Files of a corpus that are nested too deeply, too large or no text give one short sentence."""

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.workspace.workspace import Workspace

BOMBS = {
    "nested": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "large number": b'{"schema": ' + b"9" * 6000 + b"}",
    "not a number": b'{"_": NaN}',
    "long key": b'{"' + b"x" * 200_000 + b'": 1}',
    "zeros": bytes(1000),
    "no text": b"\xff\xfe\x00",
    "no object": b'["x"]',
    "large value": b"a=" + b"9" * 6000,
    "nested values": b"a=" + b"[" * 100_000,
}
FILES = {
    "stages/segments/E01.jsonl": ["build-manifest"],
    "stages/screen/E01.jsonl": ["export-tasks"],
    "stages/sources/E01.jsonl": ["screen"],
    "annotations/judgements/20200101T000000Z-00000000.jsonl": ["agreement"],
    "annotations/tasks/b.json": ["export-tasks"],
    "annotations/tasks/b/plan.json": ["export-tasks"],
    "manifests/v1/manifest.json": ["verify-manifest"],
    "choices/E01.jsonl": ["status"],
    "withdrawn.jsonl": ["build-manifest"],
    "corpus.toml": ["status"],
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", FILES)
def test_a_bomb_is_one_short_sentence(tmp_path, name, bomb):
    Workspace.create(tmp_path, "c")
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(BOMBS[bomb])
    result = CliRunner().invoke(app, [*FILES[name], "--corpus", str(tmp_path)])
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "unexpected" not in result.output
    assert "Traceback" not in result.output
    assert len(result.output) < 3000
    assert result.exit_code in (0, 1, 2)
