import pytest

from corpus_tools.segmentation.intake.selections import Choices
from corpus_tools.segmentation.planning.costs import Line
from corpus_tools.segmentation.planning.planner import with_region_edges
from corpus_tools.segmentation.segment import segment
from manifests.storage.records import Choice, Clip, SubtitleLine
from manifests.storage.shards import STAGES, read_stage

HEAD = "source,from,to,decision,note,speaker\n"


def row(start, end, speaker, decision="keep"):
    return Choice(
        source_id="a", start=start, end=end, decision=decision, origin="regions", speaker=speaker
    )


def test_region_edges_between_speakers_override_subtitles():
    line = SubtitleLine(source_id="a", start=1.0, end=2.0, text="x", speaker="wang")
    meeting = Choices((row(0, 4.5, "zhao"), row(4.5, 8, "li"), row(8, 9, "li"), row(9.5, 12, "z")))
    assert with_region_edges([line], meeting) == [
        Line(1000, 2000, "zhao"),
        Line(4500, 4500, "zhao"),
        Line(4500, 4500, "li"),
    ]
    apart = Choices((row(0, 4.5, "zhao"), row(4.6, 8, "li"), row(8, 9, None)))
    assert with_region_edges([line], apart) == with_region_edges([line], Choices())


@pytest.fixture(scope="module")
def film(tmp_path_factory, make_scene, make_media):
    talk = [(0.4, 2.6), (0.5, 2.5), (1.6, 0.8), (2.0, 0.4), (0.9, 1.5), (3.2, 2.0)]
    return make_media(tmp_path_factory.mktemp("film") / "a.wav", make_scene(talk))


def cut(corpus, film, rows):
    """Return the seconds of speech in no clip, and the clips."""
    corpus.mkdir()
    regions = corpus / "regions.csv"
    regions.write_text(HEAD + rows)
    outcome = segment(corpus, [film], regions=regions)
    left = outcome.details["ledger"].get("speech_left_over", 0)
    return left, list(read_stage(corpus, STAGES["segments"], Clip))


@pytest.mark.parametrize(
    ("first", "border", "last"),
    [(5.1, 8.5, 9.6), (0.13, 4.35, 7.63), (7.48, 11.7, 12.71), (1.41, 5.7, 8.05), (0.99, 5, 7.62)],
)
def test_region_speakers_lose_no_speech(tmp_path, film, first, border, last):
    rows = "a,{0},{1},keep,,{3}\na,{1},{2},keep,,{4}\n"
    plain, _ = cut(tmp_path / "plain", film, rows.format(first, border, last, "", ""))
    named, _ = cut(tmp_path / "named", film, rows.format(first, border, last, "x", "y"))
    assert named <= plain


def test_short_regions_keep_their_speech(tmp_path, film):
    plain, clips = cut(tmp_path / "plain", film, "a,0.2,3.4,keep,,\na,3.4,6.6,drop\n")
    named, same = cut(tmp_path / "named", film, "a,0.2,3.4,keep,,x\na,3.4,6.6,drop\n")
    assert (named, [clip.clip_id for clip in same]) == (plain, [clip.clip_id for clip in clips])
    assert [clip.speaker for clip in same] == ["x"]


def test_clips_end_at_region_edges_if_no_speech_is_lost(tmp_path, film):
    _, clips = cut(tmp_path / "c", film, "a,4.85,8.95,keep,,x\na,8.95,11.31,keep,,y\n")
    assert len(clips) == 2
    assert clips[0].speaker == "x"
    assert 8 < clips[0].end <= clips[1].start


def test_clip_across_regions_of_two_speakers_has_no_speaker(tmp_path, film):
    copy = tmp_path / "a.wav"
    copy.write_bytes(film.read_bytes())
    copy.with_suffix(".vtt").write_text("WEBVTT\n\n00:00.000 --> 00:17.000\n<v wang>x\n")
    _, clips = cut(tmp_path / "plain", copy, "a,0,17,keep\n")
    assert {clip.speaker for clip in clips} == {"wang"}
    over = clips[1]
    middle = round((over.start + over.end) / 2, 3)
    rows = f"a,{over.start},{middle},keep,,{{}}\na,{middle},{over.end},keep,,{{}}\n"
    for names, expected in ((("x", "y"), (None, None)), (("x", ""), ("wang", "subtitle"))):
        _, (same,) = cut(tmp_path / f"c{names[1]}", copy, rows.format(*names))
        assert (same.start, same.end) == (over.start, over.end)
        assert (same.speaker, same.speaker_source) == expected


def test_regions_that_agree_name_the_speaker():
    choices = Choices(
        (row(0, 10.2, "zhao"), row(10, 20, "li"), row(12, 14, "li"), row(30, 40, None))
    )
    assert choices.speakers(6, 10.1) == {"zhao"}
    assert choices.speakers(8, 11) == {"li", "zhao"}
    assert choices.speakers(12, 14) == {"li"}
    assert choices.speakers(19, 22) == choices.speakers(32, 35) == set()
