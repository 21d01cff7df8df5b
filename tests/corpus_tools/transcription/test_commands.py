import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from corpus_tools.cli.import_transcripts import import_transcripts
from corpus_tools.cli.transcribe import transcribe
from corpus_tools.workspace import Workspace

app = typer.Typer()
app.command("transcribe")(transcribe)
app.command("import-transcripts")(import_transcripts)


def run(workspace: Workspace, *arguments: str) -> tuple[int, dict]:
    result = CliRunner().invoke(app, [*arguments, "--json", "--corpus", str(workspace.root)])
    return result.exit_code, json.loads(result.stdout)


def test_transcribe_without_weights_does_the_subtitles_and_ends_with_1(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    code, document = run(workspace, "transcribe", "--model", "base", "--device", "cpu")
    assert code == 1
    assert document["failures"][0]["item"] == "whisper"
    assert "(145 MB) with --download" in document["failures"][0]["reason"]
    assert document["texts"] == {"script": 1, "subtitle": 1}
    assert document["counts"] == {"in": 3, "kept": 2, "rejected": {"no_text": 1}, "failed": 0}


def test_transcribe_subtitles_only(workspace: Workspace) -> None:
    code, document = run(workspace, "transcribe", "--subtitles-only")
    assert (code, document["ok"]) == (0, True)


def test_options_win_over_the_configuration(workspace: Workspace, checkpoint: Path) -> None:
    toml = workspace.root / "corpus.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8")
        + '\n[transcribe]\nmodel = "nowhere.pt"\ntemperatures = [0.0]\nmax_tokens = 4\n',
        encoding="utf-8",
    )
    options = ["--model", str(checkpoint), "--device", "cpu", "--language", "en"]
    code, document = run(workspace, "transcribe", *options)
    assert code == 0
    assert [name for name in document["texts"] if name.startswith("whisper:tiny-")]


def test_import_transcripts(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("clip_id,text\ndrama-00000000-00003000,要得\nnowhere,x\n", encoding="utf-8")
    code, document = run(workspace, "import-transcripts", str(file), "--name", "li")
    assert code == 1
    assert document["counts"] == {"in": 2, "kept": 1, "rejected": {}, "failed": 1}
    assert document["failures"][0]["item"] == "a.csv, line 3"
    code, document = run(workspace, "import-transcripts", str(tmp_path / "a.srt"))
    assert code == 2
