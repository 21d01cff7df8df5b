import av
import numpy as np
import pytest
import soundfile
from av.stream import Disposition

from corpus_tools.media.decode import decode
from corpus_tools.media.errors import (
    EmptyMediaError,
    MissingMediaError,
    NoAudioError,
    NotMediaError,
    TruncatedMediaError,
)
from corpus_tools.media.probe import probe
from corpus_tools.media.resample import SAMPLE_RATE


def whole(path, track=None):
    return np.concatenate([block.samples for block in decode(path, track)])


def level(samples):
    return 10 * np.log10(np.mean((samples / 32768.0) ** 2) + 1e-12)


def sine(frequency, rate, seconds=1.0, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize(
    "suffix", [".mp4", ".mkv", ".mp3", ".m4a", ".opus", ".flac", ".ts", ".avi"]
)
@pytest.mark.parametrize("rate", [48_000])
def test_any_container_gives_16_khz_of_the_same_length_and_level(
    tmp_path, make_media, suffix, rate
):
    path = make_media(tmp_path / f"a{suffix}", sine(1000, rate, 3), rate, layout="stereo")
    samples = whole(path)
    assert samples.dtype == np.int16
    assert len(samples) / SAMPLE_RATE == pytest.approx(3, abs=0.1)
    assert level(samples[8000:40000]) == pytest.approx(-9.03, abs=0.5)


@pytest.mark.parametrize(("rate", "layout"), [(8000, "mono"), (44_100, "stereo"), (96_000, "7.1")])
def test_any_rate_and_channels_keep_the_level(tmp_path, make_media, rate, layout):
    path = make_media(tmp_path / "a.wav", sine(1000, rate), rate, layout=layout)
    samples = whole(path)
    assert len(samples) == SAMPLE_RATE
    assert level(samples[2000:-2000]) == pytest.approx(-9.03, abs=0.1)


@pytest.mark.parametrize("frequency", range(9_000, 13_001, 500))
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_tones_above_the_band_are_gone(tmp_path, make_media, frequency, rate):
    path = make_media(tmp_path / "a.wav", sine(frequency, rate), rate)
    assert level(whole(path)[1000:-1000]) < -9 - 50


def test_channels_at_full_scale_mix_without_clipping(tmp_path):
    loud = sine(500, 48_000, amplitude=0.999)
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([loud] * 6, axis=1), 48_000)
    samples = whole(path)
    inner = samples[2000:-2000]
    assert level(inner) == pytest.approx(-3.02, abs=0.1)
    assert 32700 < np.abs(inner.astype(int)).max() < 32767


def test_nan_samples_become_silence(tmp_path):
    sound = sine(500, 16_000).astype(np.float32)
    sound[4000], sound[4001], sound[4002] = np.nan, np.inf, -np.inf
    soundfile.write(tmp_path / "a.wav", sound, 16_000, subtype="FLOAT")
    samples = whole(tmp_path / "a.wav")
    assert level(samples[:3500]) == pytest.approx(level(samples[4500:8000]), abs=0.2)


def test_a_track_that_starts_late_begins_with_a_gap(tmp_path, make_media):
    path = make_media(tmp_path / "a.mkv", sine(500, 16_000, 2), start=1.5)
    blocks = list(decode(path))
    gap = sum(len(block.samples) for block in blocks if block.gap)
    assert gap / SAMPLE_RATE == pytest.approx(1.5, abs=0.06)
    assert blocks[0].gap
    assert not blocks[0].samples.any()
    assert sum(len(block.samples) for block in blocks) / SAMPLE_RATE == pytest.approx(3.5, abs=0.1)


@pytest.mark.parametrize("suffix", [".ts", ".mkv"])
def test_film_with_a_clock_that_starts_later_has_no_gap(tmp_path, make_media, suffix):
    sound = sine(500, 16_000, 2)
    path = make_media(tmp_path / f"a{suffix}", sound, start=100, picture=False)
    blocks = list(decode(path))
    assert not any(block.gap for block in blocks)
    assert sum(len(block.samples) for block in blocks) / SAMPLE_RATE == pytest.approx(2, abs=0.2)


def test_the_track_marked_as_default_is_taken(tmp_path, make_media):
    path = make_media(tmp_path / "a.mkv", sine(500, 16_000, 2), tracks=2, default=1)
    assert probe(path).default_track.index == 1
    assert np.array_equal(whole(path), whole(path, 1))


@pytest.mark.parametrize("layout", ["stereo", "5.1", "5.1(side)", "7.1"])
@pytest.mark.parametrize("codec", ["flac", "pcm_f32le"])
def test_full_scale_in_every_channel_at_once_is_not_clipped(tmp_path, make_media, layout, codec):
    path = make_media(
        tmp_path / "a.mkv", sine(500, 48_000, amplitude=0.999), 48_000, layout=layout, codec=codec
    )
    inner = whole(path)[2000:-2000]
    assert np.abs(inner.astype(int)).max() < 32767
    assert level(inner) == pytest.approx(-3.02, abs=0.1)


def test_a_change_of_rate_and_channels_in_mid_stream_is_followed(tmp_path, make_media):
    low = make_media(tmp_path / "a.aac", sine(500, 24_000, 2), 24_000)
    high = make_media(tmp_path / "b.aac", sine(500, 48_000, 2), 48_000, layout="stereo")
    both = tmp_path / "c.aac"
    both.write_bytes(low.read_bytes() + high.read_bytes())
    samples = whole(both)
    assert len(samples) / SAMPLE_RATE == pytest.approx(4, abs=0.2)
    for part in (samples[8_000:24_000], samples[-24_000:-8_000]):
        assert level(part) == pytest.approx(-9.03, abs=0.5)
        assert np.abs(np.fft.rfft(part)).argmax() == 500


def test_few_damaged_packets_are_a_gap_and_many_an_error(tmp_path, make_media):
    path = make_media(tmp_path / "a.mkv", sine(500, 48_000, 20), 48_000, codec="flac")
    length = len(whole(path))
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(audio=0) if packet.pos]
    data = bytearray(path.read_bytes())
    middle = len(places) // 2
    for place in places[middle : middle + 2]:
        data[place + 8 : place + 60] = bytes(52)
    path.write_bytes(data)
    blocks = list(decode(path))
    assert sum(len(block.samples) for block in blocks) == pytest.approx(length, abs=1600)
    assert 0.05 < sum(len(block.samples) for block in blocks if block.gap) / SAMPLE_RATE < 0.3
    for place in places[middle::2]:
        data[place + 8 : place + 60] = bytes(52)
    path.write_bytes(data)
    with pytest.raises(TruncatedMediaError, match="packets can't be decoded"):
        whole(path)


def test_cover_picture_is_ignored(tmp_path, make_media):
    path = make_media(tmp_path / "a.mp4", sine(500, 16_000, 2), picture=False)
    covered = tmp_path / "b.mp4"
    with av.open(str(path)) as source, av.open(str(covered), "w") as out:
        cover = out.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 16, 16, "rgb24"
        cover.disposition = Disposition.attached_pic
        sound = out.add_stream_from_template(source.streams.audio[0])
        picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        out.mux(cover.encode(picture))
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = sound
                out.mux(packet)
    assert np.array_equal(whole(covered), whole(path))


def test_tracks_are_distinguished(tmp_path, make_media):
    path = make_media(tmp_path / "a.mkv", sine(500, 16_000, 2), tracks=2)
    media = probe(path)
    assert [track.index for track in media.tracks] == [0, 1]
    assert media.default_track.index == 0
    first, second = whole(path, 0), whole(path, 1)
    assert level(first[8000:24000]) - level(second[8000:24000]) == pytest.approx(6, abs=0.5)
    with pytest.raises(
        NoAudioError, match="no audio track 2; its audio tracks are numbered 0 to 1"
    ):
        list(decode(path, 2))


def test_other_files_are_refused_with_one_message(tmp_path, make_media):
    with pytest.raises(MissingMediaError, match="no such file"):
        probe(tmp_path / "a.mp4")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(EmptyMediaError, match="empty"):
        probe(tmp_path / "empty.mp4")
    (tmp_path / "text.mp4").write_text("no film\n" * 100)
    with pytest.raises(NotMediaError, match="text file, not audio or video"):
        probe(tmp_path / "text.mp4")
    with pytest.raises(NotMediaError, match="folder"):
        probe(tmp_path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no film\n", "is a text file, not audio or video"),
        ("今天天气很好\n".encode("gb18030") * 20, "is a text file, not audio or video"),
        ("今天天气很好\n".encode() * 400, "is a text file, not audio or video"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nhi\n", "is a text file, not audio or video"),
        (b"[Script Info]\nTitle: x\n", "is a text file, not audio or video"),
        (b"\n<!DOCTYPE html><html>404</html>", "is a web page"),
        (bytes(range(256)) * 20, "is not readable audio or video, or is damaged"),
        (b"\xfe", "is not readable audio or video, or is damaged"),
    ],
)
def test_wrong_extension_is_reported_with_the_type_of_the_file(tmp_path, data, message):
    (tmp_path / "a.mp4").write_bytes(data)
    with pytest.raises(NotMediaError, match=message):
        probe(tmp_path / "a.mp4")


def test_a_film_without_sound_is_refused(tmp_path, make_media):
    path = tmp_path / "mute.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(NoAudioError, match="no audio track"):
        probe(path)


def test_a_list_of_other_files_is_refused(tmp_path):
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\na.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(NotMediaError):
        probe(path)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".flac"])
def test_a_cut_off_file_is_refused(tmp_path, make_media, suffix):
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 0.1, 20 * 48_000)
    path = make_media(tmp_path / f"a{suffix}", sound, 48_000, options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises((TruncatedMediaError, NotMediaError)):
        list(decode(path))


def test_odd_file_names_open(tmp_path, make_media):
    for name in ("-dash %03d.wav", "a'b\"c #1?.wav", "山城 🎬.wav", "x:y.wav"):
        path = make_media(tmp_path / "plain.wav", sine(500, 16_000)).rename(tmp_path / name)
        assert len(whole(path)) == SAMPLE_RATE


def test_one_sample_is_enough_to_decode(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.5]), 16_000)
    assert len(whole(tmp_path / "a.wav")) == 1
    soundfile.write(tmp_path / "b.wav", np.zeros(0), 16_000)
    with pytest.raises((EmptyMediaError, NotMediaError)):
        whole(tmp_path / "b.wav")
