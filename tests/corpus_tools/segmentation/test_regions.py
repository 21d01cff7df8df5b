import itertools

import numpy as np
import pytest

from corpus_tools.segmentation.choices import Choices, put_regions, put_reviews, read_choices
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.regions import read_regions
from corpus_tools.segmentation.rescreen import screen_corpus
from corpus_tools.segmentation.screening import drama_rules
from corpus_tools.segmentation.segment import segment
from corpus_tools.segmentation.settings import ScreenSettings, SegmentSettings
from manifests.errors import DataError
from manifests.records import Choice, Clip, LedgerEntry, Screen, Source
from manifests.shards import STAGES, read_stage

HEAD = "source,from,to,decision,note,speaker\n"
STRICT = ScreenSettings(min_rms_db=-1)


def choice(start, end, decision="keep", origin="regions", **more):
    return Choice(source_id="e01-x", start=start, end=end, decision=decision, origin=origin, **more)


def rows(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "regions.csv"
    path.write_bytes(text.encode(encoding))
    return list(read_regions(path))


def test_rows_are_read_with_and_without_names_of_columns(tmp_path):
    expected = ("第1集", 61.5, 3723.0, "keep", "好", "王")
    named = "note,speaker,to,from,decision,source\r\n好,王,1:02:03,1:01.5,keep,第1集\r\n"
    for text in (named, "第1集;61,5;1:02:03;Keep;好;王\n"):
        (row,) = rows(tmp_path, text, "utf-8-sig")
        assert (row.source, row.start, row.end, row.decision, row.note, row.speaker) == expected


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("a,5,4,keep", "not after it begins"),
        ("a,5,x,keep", "write seconds or"),
        ("a,5,nan,keep", "write seconds or"),
        ("a,5,6,perhaps", "write keep or drop"),
        (",5,6,keep", "names no source"),
    ],
)
def test_a_bad_row_is_an_error_with_its_line_and_the_others_go_on(tmp_path, row, complaint):
    good, bad = rows(tmp_path, f"{HEAD}a,1,2,drop\n{row}\n")
    assert good.decision == "drop"
    assert isinstance(bad, DataError)
    assert str(bad).startswith("line 3: ")
    assert complaint in str(bad)


def test_a_file_without_the_columns_or_not_utf8_is_refused(tmp_path):
    with pytest.raises(DataError, match="no column to, decision"):
        rows(tmp_path, "source,from,till\n")
    with pytest.raises(DataError, match="not UTF-8"):
        rows(tmp_path, HEAD + "第1集,1,2,keep\n", "gb18030")


def test_what_is_kept_closes_the_rest_and_what_is_dropped_closes_itself():
    closed = Choices((choice(0.1, 0.3), choice(0.2, 0.25, "drop"))).closed(50)
    assert np.flatnonzero(closed["region_drop"]).tolist() == [20, 21, 22, 23, 24]
    assert np.flatnonzero(~closed["not_chosen"]).tolist() == list(range(10, 30))
    dropped_only = Choices((choice(0.2, 0.25, "drop"),)).closed(50)
    assert not dropped_only["not_chosen"].any()


def test_a_review_outranks_a_region_and_a_later_one_an_earlier_one(tmp_path):
    put_regions(tmp_path, "e01-x", [choice(0, 60)])
    name = "e01-x-00003000-00006000"
    put_reviews(tmp_path, "e01-x", [choice(3, 6, "drop", "review", clip_id=name)])
    assert read_choices(tmp_path, "e01-x").reason(3, 6) == "human_drop"
    assert read_choices(tmp_path, "e01-x").reason(7, 10) == "human_keep"
    put_reviews(tmp_path, "e01-x", [choice(3, 6, "keep", "review", clip_id=name)])
    choices = read_choices(tmp_path, "e01-x")
    assert choices.reason(3, 6) == "human_keep"
    assert choices.inputs["trims"] == []


def test_edges_moved_twice_are_still_those_of_the_planned_clip(tmp_path):
    put_reviews(
        tmp_path, "e01-x", [choice(3.2, 6.4, origin="review", clip_id="e01-x-00003000-00006000")]
    )
    put_reviews(
        tmp_path,
        "e01-x",
        [choice(3.1, 6.4, "drop", "review", clip_id="e01-x-00003200-00006400")],
    )
    choices = read_choices(tmp_path, "e01-x")
    assert choices.fixed() == [Cut(3100, 6400)]
    assert choices.inputs["trims"] == [[3.1, 6.4]]
    assert [row.clip_id for row in choices.reviews] == ["e01-x-00003000-00006000"]


def read(corpus, stage, record):
    return list(read_stage(corpus, STAGES[stage], record))


def test_clips_lie_in_kept_regions_only_are_kept_and_survive_a_new_screen(corpus, films, tmp_path):
    regions = tmp_path / "regions.csv"
    regions.write_text(HEAD + "E02,1.0,9.0,keep,,zhao\nE02,4.9,5.0,drop\n第1集.mp4,0,5,drop\n")
    outcome = segment(corpus, [films], screen=STRICT, regions=regions)
    assert outcome.ok
    sources = {source.title: source.source_id for source in read(corpus, "sources", Source)}
    clips = read(corpus, "segments", Clip)
    kept = {clip.clip_id for clip in clips if clip.source_id == sources["E02"]}
    assert kept
    for clip in clips:
        if clip.clip_id in kept:
            assert 1 <= clip.start < clip.end <= 9
            assert clip.end <= 4.9 or clip.start >= 5
            assert (clip.speaker, clip.speaker_source) == ("zhao", "file")
        else:
            assert clip.start >= 5

    def decided():
        return {row.clip_id: row.reasons for row in read(corpus, "screen", Screen) if row.accepted}

    assert decided() == {name: ["human_keep"] for name in kept}
    ledger = {
        (row.source_id, row.reason): row.seconds for row in read(corpus, "ledger", LedgerEntry)
    }
    assert ledger[sources["第1集"], "region_drop"] == 5
    assert ledger[sources["E02"], "region_drop"] == 0.1
    assert ledger[sources["E02"], "not_chosen"] > 1
    screen_corpus(corpus, {"drama": drama_rules(ScreenSettings(min_rms_db=0))})
    assert decided() == {name: ["human_keep"] for name in kept}
    again = segment(corpus, [films], screen=STRICT)
    assert {report["status"] for report in again.details["sources"]} == {"screened"}


def test_a_row_that_names_no_film_of_the_run_costs_one_sentence(corpus, films, tmp_path):
    regions = tmp_path / "regions.csv"
    regions.write_text(HEAD + "E03,1,9,keep\nE02,1,3,keep\n")
    outcome = segment(corpus, [films], regions=regions)
    assert [(failure.item, failure.reason[:24]) for failure in outcome.failures] == [
        ("regions.csv", "line 2: 'E03' names none")
    ]
    assert outcome.kept == 2
    assert any("line 3: lasts 2.0 s" in warning for warning in outcome.warnings)


def test_a_reviewed_clip_stays_when_everything_else_is_cut_anew(corpus, films):
    segment(corpus, [films])
    first, second = read(corpus, "segments", Clip)[:2]
    for clip, decision in ((first, "drop"), (second, "keep")):
        put_reviews(
            corpus,
            clip.source_id,
            [
                Choice(
                    source_id=clip.source_id,
                    start=clip.start,
                    end=clip.end,
                    decision=decision,
                    origin="review",
                    clip_id=clip.clip_id,
                )
            ],
        )
    segment(corpus, [films], settings=SegmentSettings(aggressiveness=0, margin_seconds=0.05))
    clips = {clip.clip_id: clip for clip in read(corpus, "segments", Clip)}
    assert clips[first.clip_id] == first
    assert clips[second.clip_id].sha256 == second.sha256
    decided = {row.clip_id: (row.accepted, row.reasons) for row in read(corpus, "screen", Screen)}
    assert decided[first.clip_id] == (False, ["human_drop"])
    assert decided[second.clip_id] == (True, ["human_keep"])
    by_time = sorted(clips.values(), key=lambda clip: (clip.source_id, clip.start))
    for before, after in itertools.pairwise(by_time):
        assert before.source_id != after.source_id or before.end <= after.start


def test_two_decisions_on_one_clip_leave_one_cut(tmp_path):
    name = "e01-x-00003000-00006000"
    put_reviews(tmp_path, "e01-x", [choice(3, 6.4, origin="review", clip_id=name)])
    put_reviews(tmp_path, "e01-x", [choice(3, 6, "drop", "review", clip_id=name)])
    assert read_choices(tmp_path, "e01-x").fixed() == [Cut(3000, 6000)]
