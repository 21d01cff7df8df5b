import json

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.configuration.corpus import Configuration
from corpus_tools.review.applying import apply_files
from corpus_tools.segmentation.ledger.decisions import clips_of
from corpus_tools.segmentation.segment import segment
from manifests.storage.records import LedgerEntry, Screen
from manifests.storage.shards import STAGES, read_shard, write_shard

HEAD = "source,clip_id,from,to,decision,note\n"


@pytest.fixture
def decide(corpus, film, tmp_path):
    """Apply rows of (clip, decision, from, to)."""

    def apply(*rows, media=(film,), name="d.csv"):
        path = tmp_path / name
        lines = [
            f"{clip.source_id},{clip.clip_id},{time(from_)},{time(to)},{decision},\n"
            for clip, decision, from_, to in rows
        ]
        path.write_text(HEAD + "".join(lines), encoding="utf-8")
        return apply_files(corpus, [path], Configuration(), media=media)

    return apply


def time(seconds):
    return "" if seconds is None else f"{seconds:.3f}"


def reasons(corpus, source):
    screens = read_shard(STAGES["screen"].path(corpus, source.source_id), Screen)
    return {row.clip_id: row.reasons for row in screens}


def reasons_of_failures(outcome):
    return [failure.reason for failure in outcome.failures]


def test_keep_and_drop_override_the_screen_and_persist(corpus, film, source, clips, decide):
    first, second = clips[:2]
    outcome = decide((first, "keep", first.start, first.end), (second, "drop", None, None))
    assert outcome.ok
    assert (outcome.items_in, outcome.kept) == (2, 2)
    assert outcome.details["decisions"] == {"drop": 1, "keep": 1}
    for _ in range(2):
        found = reasons(corpus, source)
        assert found[first.clip_id] == ["human_keep"]
        assert found[second.clip_id] == ["human_drop"]
        assert segment(corpus, [film]).ok
    ledger = read_shard(STAGES["ledger"].path(corpus, source.source_id), LedgerEntry)
    assert sum(entry.seconds for entry in ledger) == pytest.approx(source.duration)


def test_film_without_fingerprints_is_screened_alone(corpus, source, clips, decide):
    STAGES["fingerprints"].path(corpus, source.source_id).unlink()
    assert decide((clips[0], "drop", None, None)).ok
    assert reasons(corpus, source)[clips[0].clip_id] == ["human_drop"]


def test_interrupted_cut_is_named_and_finished_with_the_film(corpus, source, clips, decide):
    path = STAGES["ledger"].path(corpus, source.source_id)
    rows = read_shard(path, LedgerEntry)
    write_shard(corpus, STAGES["ledger"], source.source_id, rows, {"segments": "earlier"})
    failures = reasons_of_failures(decide((clips[0], "drop", None, None), media=()))
    assert failures == ["cutting it was interrupted; give its film to corpus segment again"]
    assert decide((clips[0], "drop", None, None)).ok
    assert reasons(corpus, source)[clips[0].clip_id] == ["human_drop"]


def test_trim_moves_only_the_edges_of_its_clip(corpus, source, clips, decide):
    clip = clips[1]
    start, end = round(clip.start + 0.12, 3), clip.end
    assert end - start >= 3
    outcome = decide((clip, "trim", start, end))
    assert outcome.ok, reasons_of_failures(outcome)
    now = clips_of(corpus, source.source_id)
    assert [(one.start, one.end) for one in now] == [
        (start, end) if one is clip else (one.start, one.end) for one in clips
    ]
    shards = {path: path.read_bytes() for path in (corpus / "stages").rglob("*.jsonl")}
    again = decide((clip, "trim", start, end))
    assert again.ok, reasons_of_failures(again)
    assert {path: path.read_bytes() for path in (corpus / "stages").rglob("*.jsonl")} == shards
    other = decide((clip, "trim", start + 0.1, end))
    assert "were moved since the page was made" in reasons_of_failures(other)[0]


def all_shards(corpus):
    return {path: path.read_bytes() for path in (corpus / "stages").rglob("*.jsonl")}


def test_undo_restores_the_screening_decision(corpus, source, clips, decide):
    before = all_shards(corpus)
    first, second = clips[:2]
    decide((first, "keep", None, None), (second, "drop", None, None))
    outcome = decide((second, "undo", second.start, second.end), media=())
    assert outcome.ok, reasons_of_failures(outcome)
    assert outcome.details["decisions"] == {"undo": 1}
    assert reasons(corpus, source)[second.clip_id] == []
    assert reasons(corpus, source)[first.clip_id] == ["human_keep"]
    assert decide((first, "undo", None, None), (second, "undo", None, None)).ok
    assert all_shards(corpus) == before


def test_undone_trim_restores_everything(corpus, film, source, clips, decide):
    before = all_shards(corpus)
    sounds = sorted(path.name for path in (corpus / "clips").rglob("*.wav"))
    clip = clips[1]
    decide((clip, "trim", round(clip.start + 0.12, 3), clip.end))
    (trimmed,) = {one.clip_id for one in clips_of(corpus, source.source_id)} - {
        one.clip_id for one in clips
    }
    refused = decide((clip, "undo", None, None), media=())
    assert "trimming needs the film" in reasons_of_failures(refused)[0]
    assert trimmed in {one.clip_id for one in clips_of(corpus, source.source_id)}
    for name in (trimmed, clip.clip_id):
        outcome = decide((clip.changed(clip_id=name), "undo", None, None))
        assert outcome.ok, reasons_of_failures(outcome)
        assert all_shards(corpus) == before
    assert sorted(path.name for path in (corpus / "clips").rglob("*.wav")) == sounds
    assert segment(corpus, [film]).details["sources"][0]["status"] == "unchanged"


def test_interrupted_undo_of_a_trim_is_finished_later(corpus, source, clips, decide, monkeypatch):
    before = all_shards(corpus)
    clip = clips[1]
    decide((clip, "trim", round(clip.start + 0.12, 3), clip.end))
    with monkeypatch.context() as patch:
        patch.setattr("corpus_tools.review.applying.retrim", stop)
        with pytest.raises(KeyboardInterrupt):
            decide((clip, "undo", None, None))
    assert decide((clips[0], "undo", None, None)).ok
    assert all_shards(corpus) == before


def stop(*_):
    raise KeyboardInterrupt


def test_frozen_trim_cannot_be_undone(corpus, clips, source, decide):
    clip = clips[1]
    decide((clip, "trim", round(clip.start + 0.12, 3), clip.end))
    trimmed = next(one for one in clips_of(corpus, source.source_id) if one not in clips)
    tasks = corpus / "annotations" / "tasks" / "b.json"
    tasks.write_text(json.dumps([{"data": {"clip_id": trimmed.clip_id}}]))
    refused = decide((trimmed, "undo", None, None))
    assert "is frozen (named by annotations/tasks/b.json)" in reasons_of_failures(refused)[0]
    assert trimmed in clips_of(corpus, source.source_id)


def test_undo_without_a_decision_is_ignored_but_unknown_clips_fail(clips, decide):
    assert decide((clips[0], "undo", None, None)).ok
    refused = decide((clips[0].changed(clip_id="nobody"), "undo", None, None))
    assert "nobody is not a clip of" in reasons_of_failures(refused)[0]


def test_bad_edges_are_refused_row_by_row(corpus, clips, source, decide):
    first, second, last = clips[0], clips[1], clips[-1]
    outcome = decide(
        (first, "trim", first.start, first.start + 2),
        (second, "trim", first.end - 0.5, first.end + 3.2),
        (last, "trim", source.duration - 3, source.duration + 1),
        (clips[2], "keep", clips[2].start, clips[2].end - 0.3),
    )
    text = reasons_of_failures(outcome)
    assert "line 2" in text[0]
    assert "clips last 3 to 5 s" in text[0]
    assert f"overlaps {first.clip_id}" in text[1]
    assert "is after the source's end" in text[2]
    assert "aren't the clip's times; write trim" in text[3]
    assert outcome.failed == 4
    assert clips_of(corpus, source.source_id) == clips


def test_trim_needs_the_film_but_keep_does_not(clips, decide):
    clip = clips[0]
    outcome = decide(
        (clip, "trim", clip.start + 0.1, clip.end), (clips[1], "keep", None, None), media=()
    )
    assert "trimming needs the film" in reasons_of_failures(outcome)[0]
    assert outcome.details["decisions"] == {"keep": 1}


def test_frozen_clip_can_be_dropped_but_not_trimmed(corpus, clips, source, decide):
    clip = clips[0]
    tasks = corpus / "annotations" / "tasks" / "b.json"
    tasks.write_text(json.dumps([{"data": {"clip_id": clip.clip_id}}]))
    refused = decide((clip, "trim", clip.start + 0.1, clip.end))
    assert "is frozen (named by annotations/tasks/b.json)" in reasons_of_failures(refused)[0]
    assert decide((clip, "drop", None, None)).ok
    assert reasons(corpus, source)[clip.clip_id] == ["human_drop"]


def test_bad_rows_fail_and_the_rest_is_applied(corpus, clips, tmp_path):
    clip = clips[0]
    path = tmp_path / "d.csv"
    path.write_text(
        HEAD + f"{clip.source_id},{clip.clip_id},,,drop,\n"
        f"{clip.source_id},{clip.clip_id},,,keep,\n"
        f"{clip.source_id},nobody,,,keep,\n../../etc,x,,,keep,\n{clip.source_id},x,,,maybe,\n"
    )
    outcome = apply_files(corpus, [path, tmp_path / "none.csv"], Configuration())
    assert outcome.details["decisions"] == {"drop": 1}
    assert (outcome.items_in, outcome.kept, outcome.failed) == (6, 1, 5)
    text = "\n".join(reasons_of_failures(outcome))
    named = {failure.item: failure.reason for failure in outcome.failures}
    assert named[str(tmp_path / "none.csv")].startswith("can't be read")
    for part in (
        "has a decision in d.csv, line 2, already", "nobody is not a clip of",
        "line 6: unknown decision", "../../etc is not a source of this corpus", "can't be read",
    ):  # fmt: skip
        assert part in text


def test_pages_and_decisions_from_the_command_line(corpus, film, clips, tmp_path):
    def run(*arguments):
        return CliRunner().invoke(
            app, ["review", *map(str, arguments), "--corpus", str(corpus), "--quiet"]
        )

    result = run(film, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["pages"][0]["film"] is True
    path = tmp_path / "d.csv"
    path.write_text(HEAD + f"{clips[0].source_id},{clips[0].clip_id},,,keep,\n")
    assert "1 kept, 0 dropped, 0 trimmed, 0 undone; sources: 1" in run("--apply", path).stdout
    assert run("--apply", tmp_path / "none.csv").exit_code == 1
