"""Files that make a reader open other files, wait for ever, or fill the disk."""

import os
import socket
import threading
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile

from corpus_tools.media.decode import decode
from corpus_tools.media.errors import LongMediaError, MediaError, NotMediaError, ProtectedMediaError
from corpus_tools.media.probe import open_media, probe
from corpus_tools.media.resample import SAMPLE_RATE

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile {}\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"


@pytest.fixture
def bait(tmp_path):
    """A pipe, and whether anybody has opened it to read."""
    path = tmp_path / "bait.ts"
    os.mkfifo(path)
    opened, over = threading.Event(), threading.Event()

    def watch():
        while not over.wait(0.002):
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                continue
            opened.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield opened
    over.set()
    watcher.join()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", HLS),
        ("list.mp4", HLS),
        ("pieces.ffconcat", CONCAT),
        ("pieces.mp4", CONCAT),
        ("pieces.wav", CONCAT),
    ],
)
def test_a_list_of_other_files_is_refused_without_opening_them(tmp_path, bait, name, text):
    (tmp_path / name).write_text(text.format("bait.ts"))
    with pytest.raises(NotMediaError):
        probe(tmp_path / name)
    assert not bait.is_set()


@pytest.mark.parametrize("text", [HLS, CONCAT])
@pytest.mark.parametrize("suffix", [".m3u8", ".ffconcat", ".mp4"])
def test_a_list_of_addresses_is_refused_without_calling_them(tmp_path, text, suffix):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        (tmp_path / f"a{suffix}").write_text(text.format(address))
        with pytest.raises(NotMediaError):
            probe(tmp_path / f"a{suffix}")
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "text",
    [
        HLS,
        "\ufeff" + HLS,
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://127.0.0.1/{}\n",
        "[playlist]\nFile1={}\n",
        '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">{}</MPD>',
        CONCAT,
    ],
)
@pytest.mark.parametrize("suffix", [".m3u8", ".m3u", ".mp4", ".xml"])
def test_playlist_is_named_with_a_remedy(tmp_path, bait, text, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text(text.format("bait.ts"), encoding="utf-8")
    with pytest.raises(NotMediaError, match=r"is a playlist: .* never opened; .* -c copy"):
        probe(path)
    assert not bait.is_set()


def test_a_session_description_is_refused_at_once(tmp_path):
    (tmp_path / "a.mp4").write_text(SDP)
    with pytest.raises(NotMediaError, match="names other files or addresses"):
        probe(tmp_path / "a.mp4")


def test_pipes_and_devices_are_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    for name in ("a.mp4", "zero.wav"):
        with pytest.raises(NotMediaError, match="a pipe or a device"), open_media(tmp_path / name):
            pass


def test_encrypted_film_is_named(tmp_path):
    path = tmp_path / "a.mp4"
    key = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb",
        "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
    }
    with av.open(str(path), "w", container_options=key) as out:
        stream = out.add_stream("aac", rate=16_000, layout="mono")
        for at in range(0, 64_000, 1024):
            out.mux(stream.encode(piece(at, 1024)))
        out.mux(stream.encode(None))
    with pytest.raises(ProtectedMediaError, match="DRM"):
        list(decode(path))


def piece(at, length, rate=16_000):
    values = np.random.default_rng(at).integers(-3000, 3000, (1, length)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), at
    return frame


@pytest.fixture
def leaping(tmp_path):
    """Write a film of 2 s with shifted time stamps, in seconds, in its second half."""

    def make(*leaps):
        path = tmp_path / "a.mkv"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
            for number, leap in enumerate((0, *leaps)):
                for at in range(0, 16_000, 1600):
                    start = number * 16_000 + at + leap * 16_000
                    for packet in stream.encode(piece(start, 1600)):
                        packet.dts = None
                        out.mux(packet)
        return path

    return make


def seconds(blocks, *, gap):
    return sum(len(block.samples) for block in blocks if block.gap == gap) / SAMPLE_RATE


def test_a_gap_of_minutes_is_a_gap(leaping):
    blocks = list(decode(leaping(120)))
    assert seconds(blocks, gap=False) == pytest.approx(2, abs=0.01)
    assert seconds(blocks, gap=True) == pytest.approx(120, abs=0.1)


@pytest.mark.parametrize("leap", [3 * 365 * 86_400, 3700])
def test_jumps_in_time_stamps_lose_nothing(leaping, leap):
    blocks = list(decode(leaping(leap)))
    assert seconds(blocks, gap=False) == pytest.approx(2, abs=0.01)
    assert seconds(blocks, gap=True) == 0


def test_spliced_files_that_start_at_zero_follow_each_other(tmp_path, make_media):
    sound = np.random.default_rng(0).normal(0, 0.1, 3 * SAMPLE_RATE)
    pieces = [make_media(tmp_path / f"{n}.ts", sound, picture=False) for n in range(3)]
    whole = tmp_path / "whole.ts"
    whole.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    blocks = list(decode(whole))
    assert seconds(blocks, gap=False) == pytest.approx(9, abs=0.3)
    assert seconds(blocks, gap=True) < 0.2


def test_a_timeline_of_days_is_refused(leaping):
    hours = [3500 * number for number in range(1, 40)]
    length = 0
    with pytest.raises(LongMediaError, match="longer than 27 h"):
        for block in decode(leaping(*hours)):
            length += len(block.samples)
    assert length / SAMPLE_RATE < 28 * 3600


def test_unknown_layouts_and_absurd_rates_are_errors(tmp_path):
    soundfile.write(tmp_path / "nine.wav", np.zeros((16_000, 9)), 48_000)
    soundfile.write(tmp_path / "slow.wav", np.zeros(16_000), 1)
    with pytest.raises(MediaError, match="9 channels"):
        list(decode(tmp_path / "nine.wav"))
    with pytest.raises(MediaError, match="sample rate of 1 Hz"):
        list(decode(tmp_path / "slow.wav"))
