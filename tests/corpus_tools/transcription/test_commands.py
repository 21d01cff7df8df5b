import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from corpus_tools.cli.import_transcripts import import_transcripts
from corpus_tools.cli.transcribe import transcribe
from corpus_tools.workspace.workspace import Workspace

app = typer.Typer()
app.command("transcribe")(transcribe)
app.command("import-transcripts")(import_transcripts)


def run(workspace: Workspace, *arguments: str) -> tuple[int, dict]:
    result = CliRunner().invoke(app, [*arguments, "--json", "--corpus", str(workspace.root)])
    return result.exit_code, json.loads(result.stdout)


def test_transcribe_without_weights_processes_subtitles_and_exits_with_1(
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
        + '\n[transcribe]\nmodel = "nowhere.pt"\ntemperatures = [0.0]\nmax_tokens = 4\n'
        + "empty_logprob = -99\n",
        encoding="utf-8",
    )
    options = ["--model", str(checkpoint), "--device", "cpu", "--language", "en"]
    code, document = run(workspace, "transcribe", *options)
    assert code == 0
    assert [name for name in document["texts"] if name.startswith("whisper:tiny-")]


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--beam-size", "0", "is 0; it must be a whole number of at least 1"),
        ("--batch-size", "-1", "is -1; it must be a whole number of at least 1"),
        ("--context", "film", 'is "film"; it must be clip or window'),
    ],
)
def test_an_invalid_option_value_is_named(
    workspace: Workspace, flag: str, value: str, message: str
) -> None:
    code, document = run(workspace, "transcribe", flag, value)
    assert code == 2
    assert document["failures"][0]["reason"] == f"{flag} {message}"


class Bomb:
    def __reduce__(self) -> Any:
        return (open, ("bomb-went-off", "w"))


@pytest.mark.parametrize("kind", ["text", "cut", "bomb", "gone"])
def test_an_invalid_model_still_processes_subtitles(
    workspace: Workspace,
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    model = tmp_path / f"{kind}.pt"
    if kind == "text":
        model.write_text("not a model", encoding="utf-8")
    elif kind == "cut":
        model.write_bytes(checkpoint.read_bytes()[:100_000])
    elif kind == "bomb":
        torch.save({"dims": {}, "model_state_dict": Bomb()}, model)
    code, document = run(workspace, "transcribe", "--model", str(model), "--device", "cpu")
    assert code == 1
    (failure,) = document["failures"]
    assert f"{kind}.pt" in failure["reason"]
    assert document["texts"] == {"script": 1, "subtitle": 1}
    assert not (tmp_path / "bomb-went-off").exists()


def test_half_precision_needs_a_gpu(workspace: Workspace, checkpoint: Path) -> None:
    options = ["--model", str(checkpoint), "--device", "cpu", "--fp16"]
    code, document = run(workspace, "transcribe", *options)
    assert code == 1
    assert "--fp16 needs a GPU" in document["failures"][0]["reason"]


def test_a_lexicon_is_the_bundled_one_or_a_file(
    workspace: Workspace, parrots: list[Any], tmp_path: Path
) -> None:
    for name, words in (("sichuan", {"巴适", "莫得"}), ("mine.txt", {"格老子"})):
        (workspace.root / "mine.txt").write_text("格老子 300 n\n", encoding="utf-8")
        code, _ = run(workspace, "transcribe", "--recogniser", "parrot", "--lexicon", name)
        assert code == 0
        assert words <= set(parrots[-1].options.lexicon)
    code, document = run(workspace, "transcribe", "--recogniser", "parrot", "--lexicon", "gone.txt")
    assert code == 1
    assert "gone.txt" in document["failures"][0]["reason"]


def test_import_transcripts(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("clip_id,text\ndrama-00000000-00003000,要得\nnowhere,x\n", encoding="utf-8")
    code, document = run(workspace, "import-transcripts", str(file), "--name", "li")
    assert code == 1
    assert document["counts"] == {"in": 2, "kept": 1, "rejected": {}, "failed": 1}
    assert document["failures"][0]["item"] == "a.csv, line 3"
    code, document = run(workspace, "import-transcripts", str(tmp_path / "a.srt"))
    assert code == 2
