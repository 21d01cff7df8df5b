import itertools

import numpy as np
import pytest

from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.segmentation.intake.regions import read_regions
from corpus_tools.segmentation.intake.selections import (
    Choices,
    put_regions,
    put_reviews,
    read_choices,
)
from corpus_tools.segmentation.rescreen import screen_corpus
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.segmentation.segment import segment
from manifests.base.errors import DataError
from manifests.storage.records import Choice, Clip, LedgerEntry, Screen, Source
from manifests.storage.shards import STAGES, read_stage

HEAD = "source,from,to,decision,note,speaker\n"
STRICT = ScreenSettings(min_rms_db=-1)


def choice(start, end, decision="keep", origin="regions", **more):
    return Choice(source_id="e01-x", start=start, end=end, decision=decision, origin=origin, **more)


def rows(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "regions.csv"
    path.write_bytes(text.encode(encoding))
    return [getattr(row, "choice", row) for row in read_regions(path)]


def test_rows_are_read_with_and_without_names_of_columns(tmp_path):
    expected = ("第1集", 61.5, 3723.0, "keep", "好", "王")
    named = "note,speaker,to,from,decision,source\r\n好,王,1:02:03,1:01.5,keep,第1集\r\n"
    for text in (named, "第1集;61,5;1:02:03;Keep;好;王\n"):
        (row,) = rows(tmp_path, text, "utf-8-sig")
        assert (row.source_id, row.start, row.end, row.decision, row.note, row.speaker) == expected


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("a,5,4,keep", "not after it begins"),
        ("a,5,x,keep", "write seconds or"),
        ("a,5,nan,keep", "write seconds or"),
        ("a,5,6,perhaps", "write keep, drop or none"),
        ("a,0:05,1:99,keep", "time '1:99'; numbers after a colon are less than 60"),
        ("a,5,1:60:00,keep", "numbers after a colon are less than 60"),
        ("a,5,6,none", "leave from and to empty"),
        (",5,6,keep", "names no source"),
        ("a,5,6,keep,a loud, long quarrel,zhou", "more fields than columns"),
    ],
)
def test_bad_row_is_an_error_with_its_line(tmp_path, row, complaint):
    good, bad = rows(tmp_path, f"{HEAD}a,1,2,drop\n{row}\n")
    assert good.decision == "drop"
    assert isinstance(bad, DataError)
    assert str(bad).startswith("line 3: ")
    assert complaint in str(bad)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_rows_are_read_in_the_encodings_of_spreadsheets(tmp_path, encoding):
    text = "source\tfrom\tto\tdecision\tnote\n茶馆第1集\t1:00\t90:00\tkeep\t没有音乐的吵架\n"
    (row,) = rows(tmp_path, text, encoding)
    assert (row.source_id, row.start, row.end) == ("茶馆第1集", 60, 5400)
    assert row.note == "没有音乐的吵架"


def test_file_without_columns_or_text_is_refused(tmp_path):
    with pytest.raises(DataError, match="no column to, decision"):
        rows(tmp_path, "source,from\n")
    with pytest.raises(DataError, match=r"unknown column 'till'; did you mean .*The columns are"):
        rows(tmp_path, "source,from,to,decision,till\n")
    for text in ("", HEAD):
        with pytest.raises(DataError, match="has no rows; is it the right file"):
            rows(tmp_path, text)
    (tmp_path / "regions.csv").write_bytes(b"\xff\x81\x80" * 40)
    with pytest.raises(DataError, match="encoding isn't recognised"):
        list(read_regions(tmp_path / "regions.csv"))


def test_kept_regions_close_the_rest_and_dropped_ones_themselves():
    closed = Choices((choice(0.1, 0.3), choice(0.2, 0.25, "drop"))).closed(50)
    assert np.flatnonzero(closed["region_drop"]).tolist() == [20, 21, 22, 23, 24]
    assert np.flatnonzero(~closed["not_chosen"]).tolist() == list(range(10, 30))
    dropped_only = Choices((choice(0.2, 0.25, "drop"),)).closed(50)
    assert not dropped_only["not_chosen"].any()


def test_review_overrides_region_and_later_overrides_earlier(tmp_path):
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


def test_row_for_an_unknown_film_is_one_failure(corpus, films, tmp_path):
    regions = tmp_path / "regions.csv"
    regions.write_text(HEAD + "E03,1,9,keep\nE02,1,3,keep\n")
    outcome = segment(corpus, [films], regions=regions)
    (failure,) = outcome.failures
    assert failure.item == "regions.csv"
    assert failure.reason.startswith("line 2: 'E03' names none of the given media; the nearest are")
    assert "山城/E02 (E02-" in failure.reason
    assert (outcome.items_in, outcome.kept, outcome.failed) == (3, 2, 1)
    assert any("line 3: lasts 2.0 s" in warning for warning in outcome.warnings)


def regions_of(corpus, regions, text, *media, **more):
    regions.write_text(HEAD + text)
    return segment(corpus, media, regions=regions, **more)


def reasons_of(outcome):
    return [failure.reason for failure in outcome.failures]


def test_labels_of_diarisation_are_speakers_of_one_film(corpus, films, tmp_path):
    rows = "E02,1,9,keep,,SPEAKER_00\n第1集.mp4,1,9,keep,,SPEAKER_00\n"
    outcome = regions_of(corpus, tmp_path / "regions.csv", rows, films)
    by_source = {clip.source_id: clip.speaker for clip in read(corpus, "segments", Clip)}
    assert len(set(by_source.values())) == len(by_source) == 2
    assert all(speaker.startswith("SPEAKER_00-") for speaker in by_source.values())
    assert any("regions.csv: SPEAKER_00 are labels of" in one for one in outcome.warnings)


def test_series_identifies_one_of_several_sources_of_the_same_name(
    corpus, films, tmp_path, make_scene, make_media
):
    other = tmp_path / "茶馆"
    other.mkdir()
    make_media(other / "E02.wav", make_scene([(3.5, 0.6), (3.2, 0.5)], seed=9))
    regions = tmp_path / "regions.csv"
    text = "E02,1,4.5,keep\n茶馆/E02,0,4.5,keep\n山城/E02.mp3,0,2,drop\n"
    outcome = regions_of(corpus, regions, text, films, other)
    (reason,) = reasons_of(outcome)
    assert reason.startswith("line 2: 'E02' names several of the given media; write the id of one")
    assert "山城/E02 (E02-" in reason
    assert "茶馆/E02 (E02-" in reason
    sources = [source for source in read(corpus, "sources", Source) if source.title == "E02"]
    chosen = {source.series: read_choices(corpus, source.source_id).regions for source in sources}
    assert {series: [row.decision for row in found] for series, found in chosen.items()} == {
        "茶馆": ["keep"],
        "山城": ["drop"],
    }


def test_rows_past_the_end_are_a_warning_and_rows_after_it_refused(corpus, films, tmp_path):
    film, regions = films / "E02.mp3", tmp_path / "regions.csv"
    text = "E02,1,9:00,drop\nE02,59:00,1:00:00,keep\nE02,0,1,drop\n"
    for _ in range(2):  # by the file's packets, then by the record
        outcome = regions_of(corpus, regions, text, film)
        (reason,) = reasons_of(outcome)
        assert reason.startswith("line 3: begins at 59:00, but 'E02' lasts only 0:1")
        (warning,) = outcome.warnings[:1]
        assert warning.startswith("regions.csv, line 2: ends at 9:00, but 'E02' lasts only 0:1")
        (source,) = read(corpus, "sources", Source)
        stored = read_choices(corpus, source.source_id).regions
        assert [(row.start, row.end) for row in stored] == [(0, 1), (1, 540)]


def test_new_file_replaces_all_regions_and_none_removes_them(corpus, films, tmp_path):
    segment(corpus, [films])
    before = {path: path.read_bytes() for path in (corpus / "stages").rglob("*.jsonl")}
    regions = tmp_path / "regions.csv"
    regions_of(corpus, regions, "E02,0,2,drop\nE02,3,4,drop\n第1集,0,2,drop\n", films)
    assert regions_of(corpus, regions, "E02,1,5,keep\n", films).ok
    titles = {source.title: source.source_id for source in read(corpus, "sources", Source)}
    stored = {title: read_choices(corpus, name).regions for title, name in titles.items()}
    assert [(row.start, row.end) for row in stored["E02"]] == [(1, 5)]
    assert [(row.start, row.end) for row in stored["第1集"]] == [(0, 2)]
    both = regions_of(corpus, regions, "E02,,,none\nE02,1,6,keep\n", films)
    assert "keep one or the other" in reasons_of(both)[0]
    assert regions_of(corpus, regions, "E02,,,none\n第1集,,,none,not needed\n", films).ok
    assert {path: path.read_bytes() for path in (corpus / "stages").rglob("*.jsonl")} == before


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
