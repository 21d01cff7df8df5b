"""Interrupted and resumed transcription."""

from pathlib import Path
from typing import Any

import pytest

from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.transcription.store import put_transcripts
from corpus_tools.transcription.transcribe import transcribe
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.shards import STAGES

PARROT = TranscribeSettings(recogniser="parrot", batch_size=4)


def shards(workspace: Workspace) -> dict[str, bytes]:
    folder = STAGES["transcripts"].path(workspace.root, "x").parent
    return {path.name: path.read_bytes() for path in folder.glob("*.jsonl")}


def test_small_sources_share_batches_and_keep_shards_of_their_own(
    workspace: Workspace, readings: list[str], parrots: list[Any]
) -> None:
    outcome = transcribe(workspace, PARROT, scripted=True)
    assert parrots[-1].batches == [4, 4]  # drama's two clips, script's one and five readings
    assert outcome.details["sources"] == {"done": 7, "unchanged": 0, "failed": 0}
    assert {f"{source}.jsonl" for source in readings} <= shards(workspace).keys()


def test_a_resumed_run_ends_with_the_same_bytes(
    workspace: Workspace, readings: list[str], parrots: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = PARROT.model_copy(update={"batch_size": 2})
    transcribe(workspace, settings, scripted=True)
    whole, batches = shards(workspace), parrots[-1].batches
    for source in ("drama", *readings):
        STAGES["transcripts"].path(workspace.root, source).unlink()
    written: list[str] = []

    def interrupted(corpus: Path, source_id: str, *more: Any) -> bool:
        if len(written) == 4:
            raise KeyboardInterrupt
        written.append(source_id)
        return put_transcripts(corpus, source_id, *more)

    name = "corpus_tools.transcription.recognised_texts.put_transcripts"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(name, interrupted)
        transcribe(workspace, settings, scripted=True)
    again = transcribe(workspace, settings, scripted=True)
    assert again.details["sources"] == {"done": 2, "unchanged": 5, "failed": 0}
    assert parrots[-1].batches == batches[-2:]  # line-2 with line-3 again, line-4 with script
    assert shards(workspace) == whole


def test_another_batch_size_changes_nothing(
    workspace: Workspace, readings: list[str], parrots: list[Any]
) -> None:
    transcribe(workspace, PARROT, scripted=True)
    larger = PARROT.model_copy(update={"batch_size": 32})
    again = transcribe(workspace, larger, scripted=True)
    assert again.details["sources"]["unchanged"] == 7
    assert parrots[-1].batches == []


def test_progress_counts_recognised_clips(
    workspace: Workspace, readings: list[str], parrots: list[Any]
) -> None:
    reported: list[tuple[int, int, str]] = []
    transcribe(workspace, PARROT, progress=lambda *step: reported.append(step))
    assert [step[:2] for step in reported] == [(2, 2)]
    assert reported[0][2].endswith(" clips/s, drama")
    reported.clear()
    transcribe(workspace, PARROT, scripted=True, progress=lambda *step: reported.append(step))
    assert [step[:2] for step in reported] == [(4, 8), (8, 8)]


class Short:
    """A recogniser that drops a clip."""

    name = "short"
    parameters = None

    def transcribe(self, clips: Any, language: str | None) -> list[Any]:
        return []


def test_a_recogniser_that_drops_clips_is_named(
    workspace: Workspace, parrots: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "corpus_tools.transcription.transcribe.find_recogniser", lambda name: lambda _: Short()
    )
    outcome = transcribe(workspace, PARROT)
    assert "returned 0 texts for 2 clips" in outcome.failures[0].reason
