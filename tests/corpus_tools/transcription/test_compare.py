import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.transcription.compare import compare_transcripts
from corpus_tools.transcription.store import put_transcripts
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError
from manifests.storage.records import TextSource, Transcript

Add = Callable[..., None]


@pytest.fixture
def add(workspace: Workspace) -> Add:
    """Add texts of one origin to clips of the source `drama`."""

    def texts(source: TextSource, model: str | None, *of_clips: tuple[str, str, str]) -> None:
        records = [
            Transcript(clip_id=f"drama-{span}", text=text, text_raw=raw, source=source, model=model)
            for span, text, raw in of_clips
        ]
        origin = source if model is None else f"{source}:{model}"
        put_transcripts(workspace.root, "drama", origin, records, {})

    texts("subtitle", None, (FIRST, "巴适得很！", "巴适得很！"), (SECOND, "要得", "要得"))
    texts("whisper", "base", (FIRST, "八适得很", "八适得很"), (SECOND, "", "谢谢观看"))
    return texts


FIRST, SECOND, THIRD = "00000000-00003000", "00003000-00007000", "00008000-00012000"


def test_clips_with_both_texts_are_compared_and_the_others_counted(
    workspace: Workspace, add: Add
) -> None:
    add("import", "li", (THIRD, "莫得", "莫得"))
    outcome = compare_transcripts(workspace.root, "subtitle", "whisper")
    assert (outcome.items_in, outcome.kept) == (2, 2)
    assert outcome.rejected == {}
    assert outcome.details["overall"]["deletions"] == 2  # of a text that a flag emptied
    assert outcome.details["overall"]["cer"] == 0.5
    assert outcome.details["without_emptied"]["clips"] == 1
    assert outcome.details["without_emptied"]["cer"] == 0.25
    assert outcome.details["hypothesis"] == "whisper:base"
    assert compare_transcripts(workspace.root, "subtitle", "import").rejected == {
        "no_hypothesis": 2,
        "no_reference": 1,
    }


def test_raw_texts_count_what_a_flag_emptied_and_the_worst_come_first(
    workspace: Workspace, add: Add
) -> None:
    details = compare_transcripts(workspace.root, "subtitle", "whisper", raw=True).details
    assert [row["clip_id"] for row in details["worst"]] == [f"drama-{SECOND}", f"drama-{FIRST}"]
    assert details["worst"][0]["cer"] == 2.0
    assert details["overall"]["cer"] == round(5 / 6, 4)


def test_an_ambiguous_or_unknown_origin_lists_the_candidates(
    workspace: Workspace, add: Add
) -> None:
    add("whisper", "tiny", (FIRST, "巴适", "巴适"))
    with pytest.raises(ConfigurationError, match="may be whisper:base or whisper:tiny"):
        compare_transcripts(workspace.root, "subtitle", "whisper")
    with pytest.raises(ConfigurationError, match=r"'paraformer'.*script, subtitle"):
        compare_transcripts(workspace.root, "subtitle", "paraformer")
    with pytest.raises(ConfigurationError, match="the same texts"):
        compare_transcripts(workspace.root, "whisper:base", "whisper:base")


def test_the_command_prints_tables_and_json(workspace: Workspace, add: Add) -> None:
    arguments = ["compare-transcripts", "subtitle", "whisper", "--corpus", str(workspace.root)]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0
    assert "50.0%" in shown.stdout
    assert "all but 1 without text" in shown.stdout
    assert "25.0%" in shown.stdout
    assert f"drama-{FIRST}" in shown.stdout
    document: dict[str, Any] = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert document["counts"] == {
        "in": 2, "kept": 2, "rejected": {}, "failed": 0
    }  # fmt: skip
    assert CliRunner().invoke(app, [*arguments[:2], "nothing", *arguments[3:]]).exit_code == 2
