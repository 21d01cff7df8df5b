from pathlib import Path

import pytest

from corpus_tools.transcription.store import STAGE, is_current, put_transcripts
from manifests.storage.records import Transcript
from manifests.storage.shards import read_header, read_shard


def text(
    clip: str, source: str = "script", model: str | None = None, said: str = "要得"
) -> Transcript:
    return Transcript(clip_id=clip, text=said, text_raw=said, source=source, model=model)


def stored(corpus: Path) -> list[tuple[str, str, str | None, str]]:
    rows = read_shard(STAGE.path(corpus, "s"), Transcript)
    return [(row.clip_id, row.source, row.model, row.text) for row in rows]


def test_origins_are_stored_together_in_a_fixed_order(tmp_path: Path) -> None:
    assert put_transcripts(tmp_path, "s", "whisper:m", [text("b", "whisper", "m")], {"k": 1})
    assert put_transcripts(tmp_path, "s", "script", [text("b"), text("a")], {"k": (1, 2)})
    assert put_transcripts(
        tmp_path, "s", "whisper:m", [text("a", "whisper", "m", "莫得")], {"k": 2}
    )
    assert stored(tmp_path) == [
        ("a", "script", None, "要得"),
        ("a", "whisper", "m", "莫得"),
        ("b", "script", None, "要得"),
    ]
    header = read_header(STAGE.path(tmp_path, "s"))
    assert header.inputs == {"script": {"k": [1, 2]}, "whisper:m": {"k": 2}}


def test_the_same_inputs_change_nothing(tmp_path: Path) -> None:
    assert not is_current(tmp_path, "s", "script", {"k": (1, 2)})
    put_transcripts(tmp_path, "s", "script", [text("a")], {"k": (1, 2)})
    before = STAGE.path(tmp_path, "s").stat().st_mtime_ns
    assert is_current(tmp_path, "s", "script", {"k": (1, 2)})
    assert not put_transcripts(tmp_path, "s", "script", [], {"k": (1, 2)})
    assert STAGE.path(tmp_path, "s").stat().st_mtime_ns == before
    assert not is_current(tmp_path, "s", "whisper:m", {"k": (1, 2)})


def test_the_order_of_writing_does_not_matter(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    jobs = [("script", [text("a")], {"k": 1}), ("subtitle", [text("a", "subtitle")], {"k": 2})]
    for corpus, order in ((one, jobs), (two, jobs[::-1])):
        for origin, records, inputs in order:
            put_transcripts(corpus, "s", origin, records, inputs)
    assert STAGE.path(one, "s").read_bytes() == STAGE.path(two, "s").read_bytes()


def test_a_text_under_the_wrong_origin_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="whisper:m"):
        put_transcripts(tmp_path, "s", "script", [text("a", "whisper", "m")], {})
    with pytest.raises(ValueError, match="two texts"):
        put_transcripts(tmp_path, "s", "script", [text("a"), text("a")], {})
