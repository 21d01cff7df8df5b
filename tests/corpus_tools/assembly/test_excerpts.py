import numpy as np
import pytest
import soundfile

from corpus_tools.assembly.excerpts import Excerpts, context_window, cut_windows
from corpus_tools.segmentation.segment import segment
from manifests.storage.records import Clip, Source
from manifests.storage.shards import STAGES, read_stage, write_shard
from tests.factories import make_clip

RATE = 16_000


@pytest.fixture(scope="module")
def film(tmp_path_factory, make_scene, make_media):
    talk = [(1.5, 0.8), (3.5, 0.9), (0.9, 1.5), (3.2, 2.0)]
    return make_media(tmp_path_factory.mktemp("films") / "第1集.mkv", make_scene(talk))


@pytest.fixture
def corpus(tmp_path, film):
    segment(tmp_path, [film])
    return tmp_path


def clips_of(corpus):
    return list(read_stage(corpus, STAGES["segments"], Clip))


def clip(start, end):
    return make_clip("s", start, end, clip_id=f"{start}")


def files(corpus):
    return {path: path.read_bytes() for path in (corpus / "clips").rglob("*.wav")}


def test_excerpt_contains_its_clip(corpus, film):
    clips = clips_of(corpus)
    [source] = read_stage(corpus, STAGES["sources"], Source)
    excerpts = Excerpts(corpus, [film.parent])
    found = excerpts(clips[:-1])
    assert excerpts.warnings == []
    assert sorted(found) == sorted(one.clip_id for one in clips[:-1])
    for one in clips[:-1]:
        assert found[one.clip_id] == f"clips/{one.source_id}/context/{one.clip_id}.wav"
        wide, rate = soundfile.read(corpus / found[one.clip_id], dtype="int16")
        narrow, _ = soundfile.read(corpus / one.path, dtype="int16")
        assert (rate, wide.ndim, len(wide)) == (RATE, 1, 8 * RATE)
        first = round(one.start * RATE) - round(
            context_window(one.start, one.end, source.duration)[0] * RATE
        )
        assert np.array_equal(wide[first : first + len(narrow)], narrow)


def test_existing_excerpts_are_kept_without_the_film(corpus, film):
    clips = clips_of(corpus)
    found = Excerpts(corpus, [film])(clips)
    before = files(corpus)
    without = Excerpts(corpus)
    assert without(clips) == found
    assert without.warnings == []
    segment(corpus, [film])
    assert files(corpus) == before
    assert len(clips_of(corpus)) == len(clips)


def test_missing_films_give_one_warning(corpus, tmp_path_factory):
    clips = clips_of(corpus)
    excerpts = Excerpts(corpus)
    assert excerpts(clips) == {}
    [warning] = excerpts.warnings
    assert warning.startswith(f"{len(clips)} of {len(clips)} clips have no context excerpt")
    other = tmp_path_factory.mktemp("none") / "none.mkv"
    excerpts = Excerpts(corpus, [other])
    assert excerpts(clips) == {}
    assert "no such file" in excerpts.warnings[0]


def test_scripted_recordings_have_no_excerpts(corpus):
    [source] = read_stage(corpus, STAGES["sources"], Source)
    scripted = source.changed(kind="scripted")
    write_shard(corpus, STAGES["sources"], source.source_id, [scripted], {})
    excerpts = Excerpts(corpus)
    assert excerpts(clips_of(corpus)) == {}
    assert excerpts.warnings == []


def test_partial_files_are_removed(corpus, film):
    clips = clips_of(corpus)
    folder = corpus / "clips" / clips[0].source_id / "context"
    folder.mkdir()
    (folder / ".0f.partial.wav").write_bytes(b"RIFF")
    found = Excerpts(corpus, [film])(clips)
    assert sorted(path.stem for path in folder.iterdir()) == sorted(found)


@pytest.mark.parametrize(
    ("start", "end", "duration", "expected"),
    [(10, 14, 60, (8, 16)), (1, 4, 60, (0, 8)), (57, 60, 60, (52, 60)), (1, 4, 5, (0, 5))],
)
def test_context_window_stays_in_the_source(start, end, duration, expected):
    assert context_window(start, end, duration) == expected


def test_stream_is_read_only_as_far_as_needed():
    stream = np.arange(100, dtype=np.int16)
    read = []

    def blocks():
        for start in range(0, 100, 7):
            read.append(start)
            yield stream[start : start + 7]

    wanted = [(30, 40, clip(2, 3)), (3, 33, clip(0, 1)), (28, 38, clip(1, 2))]
    found = [(one.clip_id, samples.tolist()) for one, samples in cut_windows(blocks(), wanted)]
    assert found == [
        ("0", list(range(3, 33))),
        ("1", list(range(28, 38))),
        ("2", list(range(30, 40))),
    ]
    assert max(read) <= 42
    [(_, samples)] = cut_windows([stream], [(90, 120, clip(0, 1)), (120, 130, clip(1, 2))])
    assert samples.tolist() == list(range(90, 100))
