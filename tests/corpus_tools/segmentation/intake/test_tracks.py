"""Audio tracks and channels of sources, as chosen at every intake."""

import av
import numpy as np
import pytest
from av.stream import Disposition

from corpus_tools.recordings.add import add_recordings
from corpus_tools.segmentation.segment import segment
from manifests.storage.records import Clip, Source
from manifests.storage.shards import STAGES, read_stage


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "corpus").mkdir()
    return tmp_path / "corpus"


@pytest.fixture(scope="module")
def sounds(make_scene):
    return [make_scene([(3.5, 0.8)] * 2, seed=seed) for seed in range(2)]


def two_tracks(path, sounds, tags=("jpn", "pol")):
    """Write a film with a default track and another, in other languages and of other lengths."""
    with av.open(str(path), "w") as out:
        streams = []
        for number, tag in enumerate(tags):
            stream = out.add_stream("pcm_s16le", rate=16_000)
            stream.codec_context.layout = "mono"
            stream.metadata["language"] = tag
            stream.disposition = Disposition.default if number == 0 else Disposition(0)
            streams.append(stream)
        for number, (stream, sound) in enumerate(zip(streams, sounds, strict=True)):
            samples = (sound[: len(sound) - 1600 * number] * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", "mono")
            frame.sample_rate = 16_000
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return path


def sources(corpus) -> list[Source]:
    return list(read_stage(corpus, STAGES["sources"], Source))


def test_the_track_in_the_corpus_language_is_cut_and_named(corpus, tmp_path, sounds):
    film = two_tracks(tmp_path / "a.mkv", sounds)
    outcome = segment(corpus, [film], language="pl")
    (source,) = sources(corpus)
    assert source.track == 1
    assert source.source_id.endswith("-t1")
    assert outcome.warnings[0] == (
        f"{film}: of its 2 audio tracks (0 jpn (default); 1 pol) number 1 was used, which is in "
        f"Polish; choose another with --track N"
    )
    named = segment(corpus, [film], language="pl", track=1)
    assert not any("audio tracks" in warning for warning in named.warnings)
    assert [one.source_id for one in sources(corpus)] == [source.source_id]


def test_a_film_in_the_corpus_keeps_its_track(corpus, tmp_path, sounds):
    film = two_tracks(tmp_path / "a.mkv", sounds)
    segment(corpus, [film], language="pl", track=0)
    outcome = segment(corpus, [film], language="pl")
    assert [source.track for source in sources(corpus)] == [0]
    assert (
        "number 0 was used, the one marked as default; it is in the corpus already, not 1; choose "
        "another with --track N"
    ) in outcome.warnings[0]


def test_a_season_with_the_same_tracks_is_one_warning(corpus, tmp_path, sounds):
    for number in range(5):
        two_tracks(tmp_path / f"E0{number}.mkv", [sound[number:] for sound in sounds])
    outcome = segment(corpus, [tmp_path], language="pl")
    (warning,) = [one for one in outcome.warnings if "audio tracks" in one]
    assert "; likewise 4 more files: " in warning
    assert len(sources(corpus)) == 5


def test_recordings_use_the_same_choice(corpus, tmp_path, sounds):
    two_tracks(tmp_path / "a.mkv", sounds, ("eng", "chi"))
    script = tmp_path / "script.csv"
    script.write_text("file,speaker,gender,text\na.mkv,S1,female,巴适\n", encoding="utf-8")
    outcome = add_recordings(corpus, script, tmp_path, language="zh")
    assert [source.track for source in sources(corpus)] == [1]
    assert "1 chi) number 1 was used, which is in Chinese" in outcome.warnings[0]


def test_each_channel_is_a_source_of_its_own(corpus, tmp_path, make_media, sounds):
    shortest = min(map(len, sounds))
    both = np.stack([sound[:shortest] for sound in sounds])
    film = make_media(tmp_path / "a.flac", both, layout="stereo")
    segment(corpus, [film], channel="left")
    segment(corpus, [film], channel="right")
    left, right = sources(corpus)
    assert (left.channel, right.channel) == ("left", "right")
    assert left.source_id.endswith("-left")
    assert right.source_id.endswith("-right")
    alone = make_media(tmp_path / "b.flac", both[1])
    segment(corpus, [alone])
    clips = {clip.source_id: set() for clip in read_stage(corpus, STAGES["segments"], Clip)}
    for clip in read_stage(corpus, STAGES["segments"], Clip):
        clips[clip.source_id].add((clip.start, clip.sha256))
    mono = next(name for name in clips if name.startswith("b-"))
    assert clips[right.source_id] == clips[mono]
    assert clips[left.source_id].isdisjoint(clips[mono])
    again = segment(corpus, [film], channel="left")
    assert [row["status"] for row in again.details["sources"]] == ["unchanged"]
    assert len(sources(corpus)) == 3
    mixed = segment(corpus, [film], channel="mix")
    twice = mixed.warnings[0]
    assert twice.startswith(
        f"{film}: its sound is in the corpus already, as {left.source_id}, and is there twice now; "
        f"to leave that out, cut it again with --track 0 --channel left --regions CSV, where CSV "
        f"has the row {left.source_id},0,"
    )
    regions = tmp_path / "drop.csv"
    regions.write_text(twice.rpartition("the row ")[2], encoding="utf-8")
    segment(corpus, [film], track=0, channel="left", regions=regions)
    rest = {clip.source_id for clip in read_stage(corpus, STAGES["segments"], Clip)}
    assert clips.keys() - rest == {left.source_id}


def test_a_channel_of_anything_but_two_is_refused(corpus, tmp_path, make_media, sounds):
    mono = make_media(tmp_path / "a.wav", sounds[0])
    wide = make_media(tmp_path / "b.wav", sounds[0], layout="5.1")
    outcome = segment(corpus, [mono, wide], channel="left")
    assert [failure.reason for failure in outcome.failures] == [
        f"has {count} in audio track 0, and --channel left is for two; leave it out"
        for count in ("1 channel", "6 channels")
    ]


def test_records_of_mixed_sources_stay_as_they_were(corpus, tmp_path, make_media, sounds):
    segment(corpus, [make_media(tmp_path / "a.wav", sounds[0], layout="stereo")])
    (path,) = (corpus / "stages" / "sources").glob("*.jsonl")
    assert '"channel"' not in path.read_text(encoding="utf-8")
