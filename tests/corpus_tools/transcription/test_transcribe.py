from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.transcription.recognisers.base import RecogniserOptions, Recognition, Word
from corpus_tools.transcription.transcribe import transcribe
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.records import Clip, Screen, SubtitleLine, Transcript
from manifests.storage.shards import STAGES, read_shard

PARROT = TranscribeSettings(recogniser="parrot")


def texts(workspace: Workspace, source: str = "drama") -> list[tuple[str, str, str, list[str]]]:
    path = STAGES["transcripts"].path(workspace.root, source)
    rows = read_shard(path, Transcript) if path.exists() else []
    return [(row.clip_id[-17:-9], row.source, row.text, row.flags) for row in rows]


def test_subtitles_and_recogniser_are_both_used(workspace: Workspace, parrots: list[Any]) -> None:
    outcome = transcribe(workspace, PARROT)
    assert texts(workspace) == [
        ("00000000", "recogniser", "3 秒钟", []),
        ("00000000", "subtitle", "巴适得很！", []),
        ("00003000", "recogniser", "4 秒钟", []),
        ("00008000", "subtitle", "莫得", ["low_overlap"]),  # not accepted, but it has a line
    ]
    assert texts(workspace, "script") == [("00000000", "script", "要得", [])]
    assert (outcome.items_in, outcome.kept, outcome.ok) == (3, 3, True)
    assert outcome.details == {
        "sources": {"done": 1, "unchanged": 0, "failed": 0},
        "texts": {"recogniser:parrot": 2, "script": 1, "subtitle": 1},
        "flags": {},
        "subtitle_lines": {"in": 2, "in_clips": 2},
    }


def test_a_current_source_is_skipped(workspace: Workspace, parrots: list[Any]) -> None:
    transcribe(workspace, PARROT)
    shard = STAGES["transcripts"].path(workspace.root, "drama")
    before = shard.read_bytes(), shard.stat().st_mtime_ns
    again = transcribe(workspace, PARROT)
    assert (shard.read_bytes(), shard.stat().st_mtime_ns) == before
    assert parrots[-1].clips_recognised == 0
    assert again.details["sources"]["unchanged"] == 1
    transcribe(workspace, PARROT.model_copy(update={"prompt": "四川话"}))
    assert parrots[-1].clips_recognised == 2


@pytest.mark.parametrize("language", ["auto", "AUTO", "detect", "automatic"])
def test_detection_has_several_names(language: str) -> None:
    assert TranscribeSettings(language=language).language_in("pl") is None
    assert TranscribeSettings().language_in("pl") == "pl"


def test_windows_are_the_default_with_whisper_only() -> None:
    assert TranscribeSettings().used_context == "window"
    assert PARROT.used_context == "clip"  # it may have no word times
    assert TranscribeSettings(context="clip").used_context == "clip"


def test_the_option_for_scripted_recordings_is_named_where_there_are_no_others(
    workspace: Workspace, parrots: list[Any]
) -> None:
    for stage in ("segments", "screen", "sources", "subtitles"):
        STAGES[stage].path(workspace.root, "drama").unlink()
    hint = "to recognise them too, add --scripted"
    assert [hint in one for one in transcribe(workspace, PARROT).warnings] == [True]
    assert transcribe(workspace, PARROT, scripted=True).warnings == []
    assert transcribe(workspace, PARROT, subtitles_only=True).warnings == []


def test_scripted_recordings_are_recognised_only_on_request(
    workspace: Workspace, parrots: list[Any]
) -> None:
    transcribe(workspace, PARROT, scripted=True)
    assert [row[1:3] for row in texts(workspace, "script")] == [
        ("recogniser", "3 秒钟"),
        ("script", "要得"),
    ]


def test_subtitles_only(workspace: Workspace, parrots: list[Any]) -> None:
    outcome = transcribe(workspace, PARROT, subtitles_only=True)
    assert parrots == []
    assert {row[1] for row in texts(workspace)} == {"subtitle"}
    assert (outcome.items_in, outcome.kept, dict(outcome.rejected)) == (3, 2, {"no_text": 1})
    assert outcome.ok


def test_without_weights_subtitles_are_processed_and_remedies_named(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    outcome = transcribe(workspace, TranscribeSettings(device="cpu"))
    assert [row[1] for row in texts(workspace)] == ["subtitle", "subtitle"]
    (failure,) = outcome.failures
    assert failure.item == "whisper"
    assert "--model PATH" in failure.reason
    assert "--download" in failure.reason


def test_changed_subtitles_replace_the_old_ones(workspace: Workspace, put: Any) -> None:
    transcribe(workspace, PARROT, subtitles_only=True)
    line = SubtitleLine(source_id="drama", start=4.0, end=5.0, text="啥子")
    put(workspace, "subtitles", "drama", [line])
    transcribe(workspace, PARROT, subtitles_only=True)
    assert texts(workspace) == [("00003000", "subtitle", "啥子", ["low_overlap"])]
    STAGES["subtitles"].path(workspace.root, "drama").unlink()
    transcribe(workspace, PARROT, subtitles_only=True)
    assert texts(workspace) == []


def test_a_flagged_text_keeps_its_raw_text(
    workspace: Workspace, parrots: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "corpus_tools.transcription.guards.flags.flag_text", lambda *_: ["char_loop"]
    )
    outcome = transcribe(workspace, PARROT)
    path = STAGES["transcripts"].path(workspace.root, "drama")
    transcripts = [row for row in read_shard(path, Transcript) if row.source == "recogniser"]
    assert [(row.text, row.text_raw) for row in transcripts] == [("", "3 秒钟"), ("", "4 秒钟")]
    assert dict(outcome.rejected) == {"flagged": 1}
    assert outcome.details["flags"] == {"char_loop": 3}  # one of them of subtitles, and kept


def test_a_changed_clip_is_not_recognised(workspace: Workspace, parrots: list[Any]) -> None:
    path = min((workspace.root / "clips" / "drama").glob("*.wav"))
    path.write_bytes(path.read_bytes()[:100])
    outcome = transcribe(workspace, PARROT)
    assert [failure.item for failure in outcome.failures] == [path.stem]
    assert "changed since it was cut" in outcome.failures[0].reason
    transcripts = [start for start, source, _, _ in texts(workspace) if source == "recogniser"]
    assert transcripts == ["00003000"]


def test_a_missing_clip_fails_alone_and_is_tried_again(
    workspace: Workspace, parrots: list[Any]
) -> None:
    clips = read_shard(STAGES["segments"].path(workspace.root, "drama"), Clip)
    file = workspace.root / clips[0].path
    data = file.read_bytes()
    file.unlink()
    outcome = transcribe(workspace, PARROT)
    assert [failure.item for failure in outcome.failures] == [clips[0].clip_id]
    assert ("00003000", "recogniser", "4 秒钟", []) in texts(workspace)
    file.write_bytes(data)
    assert transcribe(workspace, PARROT).ok
    assert ("00000000", "recogniser", "3 秒钟", []) in texts(workspace)


def test_a_source_without_readable_clips_is_not_recognised(
    workspace: Workspace, parrots: list[Any]
) -> None:
    for clip in (workspace.root / "clips" / "drama").iterdir():
        clip.write_bytes(b"RIFF")
    outcome = transcribe(workspace, PARROT)
    assert parrots[-1].batches == []
    assert len(outcome.failures) == 2
    assert {row[1] for row in texts(workspace)} == {"subtitle"}


def test_a_damaged_shard_fails_its_source_only(workspace: Workspace, parrots: list[Any]) -> None:
    STAGES["transcripts"].path(workspace.root, "script").write_text("{}\n")
    outcome = transcribe(workspace, PARROT, scripted=True)
    assert {failure.item for failure in outcome.failures} == {"script"}
    assert ("00000000", "recogniser", "3 秒钟", []) in texts(workspace)
    assert (outcome.items_in, outcome.kept) == (3, 2)


def test_an_unknown_recogniser_is_named(workspace: Workspace, parrots: list[Any]) -> None:
    outcome = transcribe(workspace, TranscribeSettings(recogniser="parot"))
    assert "'parot'" in outcome.failures[0].reason
    assert "parrot" in outcome.failures[0].reason


def test_nothing_to_do_is_a_warning(tmp_path: Path) -> None:
    outcome = transcribe(Workspace.create(tmp_path / "empty", "x"), PARROT)
    assert outcome.ok
    assert "corpus segment" in outcome.warnings[0]


def test_whisper_from_a_checkpoint_twice_gives_the_same_bytes(
    workspace: Workspace, checkpoint: Path, put: Any
) -> None:
    settings = TranscribeSettings(
        model=str(checkpoint), device="cpu", temperatures=(0.0,), max_tokens=8
    )
    shard = STAGES["transcripts"].path(workspace.root, "drama")
    assert transcribe(workspace, settings).ok
    first = shard.read_bytes()
    shard.unlink()
    assert transcribe(workspace, settings).ok
    assert shard.read_bytes() == first
    rows = [row for row in read_shard(shard, Transcript) if row.source == "whisper"]
    assert len(rows) == 2
    for row in rows:
        assert row.model.startswith("tiny-")
        assert row.language == "zh"
        assert row.avg_logprob < -1
        assert "low_logprob" in row.flags
        assert row.text_raw


def test_windows_give_every_clip_its_words(workspace: Workspace, checkpoint: Path) -> None:
    settings = TranscribeSettings(
        model=str(checkpoint), device="cpu", temperatures=(0.0,), max_tokens=20, context="window"
    )
    assert transcribe(workspace, settings).ok
    shard = STAGES["transcripts"].path(workspace.root, "drama")
    first = shard.read_bytes()
    rows = [row for row in read_shard(shard, Transcript) if row.source == "whisper"]
    assert [row.clip_id[-17:] for row in rows] == ["00000000-00003000", "00003000-00007000"]
    words = [word for row in rows for word in row.words]
    assert len(words) > 8
    for row, (begin, finish) in zip(rows, [(0, 3), (3, 7)], strict=True):
        assert row.text_raw == "".join(text for _, _, text, _ in row.words).strip()
        assert all(begin <= start <= end <= finish for start, end, _, _ in row.words)
    shard.unlink()
    transcribe(workspace, settings)
    assert shard.read_bytes() == first
    by_clip = settings.model_copy(update={"context": "clip"})
    assert transcribe(workspace, by_clip).details["sources"]["done"] == 1
    assert all(
        row.words is None for row in read_shard(shard, Transcript) if row.source == "whisper"
    )


class Brief:
    """A recogniser that stops after the first second, as decoders may in long windows."""

    name = "brief"
    parameters: Mapping[str, Any] = {}

    def __init__(self, options: RecogniserOptions) -> None:
        pass

    def transcribe(self, clips: Sequence[Any], language: str | None) -> list[Recognition]:
        said = f"{len(clips[0]) // 16000} 秒钟"
        return [Recognition(said, language, -0.5, words=[Word(0.2, 0.9, said)])]


def test_clips_after_a_text_that_ended_early_are_recognised_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = SimpleNamespace(name="brief", load=lambda: Brief)
    monkeypatch.setattr("manifests.base.plugins.installed_entries", lambda group: {"brief": entry})
    settings = TranscribeSettings(recogniser="brief", context="window", batch_size=1)
    assert transcribe(workspace, settings).kept == 3
    # the window of both clips, then what its text left
    assert [text for _, source, text, _ in texts(workspace) if source == "recogniser"] == [
        "7 秒钟",
        "4 秒钟",
    ]


def test_windows_need_a_recogniser_with_word_times(
    workspace: Workspace, parrots: list[Any]
) -> None:
    outcome = transcribe(workspace, PARROT.model_copy(update={"context": "window"}))
    assert "--context clip" in outcome.failures[0].reason


def test_only_accepted_clips_are_recognised(
    workspace: Workspace, parrots: list[Any], put: Any
) -> None:
    transcribe(workspace, PARROT)
    clips = read_shard(STAGES["segments"].path(workspace.root, "drama"), Clip)
    put(workspace, "screen", "drama", [Screen(clip_id=c.clip_id, accepted=True) for c in clips])
    transcribe(workspace, PARROT)
    assert parrots[-1].clips_recognised == 3


def test_invented_subtitles_are_flagged_and_keep_their_text(workspace: Workspace, put: Any) -> None:
    credit = SubtitleLine(
        source_id="drama",
        start=0.3,
        end=2.7,
        text="字幕由某某提供",
        text_raw="（笑）字幕由某某提供",
    )
    put(workspace, "subtitles", "drama", [credit])
    outcome = transcribe(workspace, TranscribeSettings(), subtitles_only=True)
    (record,) = read_shard(STAGES["transcripts"].path(workspace.root, "drama"), Transcript)
    assert (record.text, record.text_raw) == ("字幕由某某提供", "（笑）字幕由某某提供")
    assert "known_hallucination" in record.flags
    assert outcome.details["flags"]["known_hallucination"] == 1
    assert any(warning.startswith("1 text of subtitles may be") for warning in outcome.warnings)
