"""The guide's recogniser, installed as a third-party package, with a mock of FunASR."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.transcription.recognisers.base import (
    Recogniser,
    RecogniserOptions,
    find_recogniser,
)
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError
from manifests.storage.records import Transcript
from manifests.storage.shards import STAGES, read_shard

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "add-a-recogniser.md"
FUNASR = """
class AutoModel:
    def __init__(self, model, device, disable_update, disable_pbar):
        assert disable_update

    def generate(self, input, hotword=""):
        seconds = len(input) / 16000
        if seconds == 3:
            return []
        tokens = ["巴", "适", "ok", "得", "很"]
        times = [[1000 * n * seconds / 5, 1000 * (n + 1) * seconds / 5] for n in range(5)]
        return [{"key": "rand_key", "text": " ".join(tokens), "timestamp": times}]
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the recogniser in a folder on the path, as pip does; return a model's folder."""
    page = GUIDE.read_text(encoding="utf-8")
    code, project = (
        re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL)[1] for kind in ("python", "toml")
    )
    (group, entries), *none = tomllib.loads(project)["project"]["entry-points"].items()
    assert not none
    site = tmp_path / "site"
    info = site / "corpus_paraformer-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: corpus-paraformer\nVersion: 0.1.0\n"
    )
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (site / "corpus_paraformer.py").write_text(code, encoding="utf-8")
    (site / "funasr.py").write_text(FUNASR, encoding="utf-8")
    monkeypatch.syspath_prepend(site)
    for module in ("corpus_paraformer", "funasr"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    model = tmp_path / "paraformer-zh"
    model.mkdir()
    (model / "model.pt").write_bytes(b"weights")
    return model


@pytest.mark.parametrize("context", ["clip", "window"])
def test_it_is_found_by_its_name_and_transcribes(
    installed: Path, workspace: Workspace, context: str
) -> None:
    arguments = ["transcribe", "--recogniser", "paraformer", "--model", str(installed)]
    arguments += ["--lexicon", "sichuan", "--context", context]
    done = CliRunner().invoke(app, [*arguments, "--corpus", str(workspace.root), "--json"])
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    (origin,) = (name for name in document["texts"] if name.startswith("recogniser:paraformer-zh-"))
    rows = read_shard(STAGES["transcripts"].path(workspace.root, "drama"), Transcript)
    transcripts = [row for row in rows if row.source == "recogniser"]
    assert all(f"recogniser:{row.model}" == origin for row in transcripts)
    if context == "clip":
        assert [row.text_raw for row in transcripts] == ["", "巴适 ok得很"]
    else:
        assert "".join(row.text_raw for row in transcripts) == "巴适ok得很"
        words = [word[2] for row in transcripts for word in row.words or ()]
        assert words == ["巴", "适", " ok", "得", "很"]


def test_it_is_a_recogniser_beside_whisper(installed: Path) -> None:
    made = find_recogniser("paraformer")(RecogniserOptions(model=str(installed)))
    assert isinstance(made, Recogniser)
    with pytest.raises(ConfigurationError, match="paraformer, whisper"):
        find_recogniser("paraphormer")
    with pytest.raises(ConfigurationError, match="--language zh"):
        made.transcribe([], "pl")


def test_without_its_model_it_says_how_to_get_one(installed: Path, workspace: Workspace) -> None:
    arguments = ["transcribe", "--recogniser", "paraformer", "--corpus", str(workspace.root)]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 1
    assert "modelscope download" in json.loads(done.stdout)["failures"][0]["reason"]


def test_a_broken_package_is_named_in_the_error(
    installed: Path, tmp_path: Path, workspace: Workspace
) -> None:
    (tmp_path / "site" / "corpus_paraformer.py").write_text("import nowhere\n")
    arguments = ["transcribe", "--recogniser", "paraformer", "--corpus", str(workspace.root)]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 1
    assert (
        "recogniser 'paraformer' can't be imported"
        in json.loads(done.stdout)["failures"][0]["reason"]
    )
