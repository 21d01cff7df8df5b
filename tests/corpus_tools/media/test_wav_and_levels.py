import hashlib

import numpy as np
import pytest
import soundfile

from corpus_tools.media.errors import MissingMediaError, NotMediaError
from corpus_tools.media.samples import clipping_share, frame_powers, peak_db, rms_db
from corpus_tools.media.wav import pcm_sha256, read_wav, write_wav


def test_written_clip_reads_back_and_has_its_hashes(tmp_path):
    samples = np.random.default_rng(0).integers(-3000, 3000, 5000).astype(np.int16)
    path = tmp_path / "a" / "b.wav"
    file_sha256 = write_wav(path, samples)
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
    assert np.array_equal(read_wav(path), samples)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file_sha256
    assert pcm_sha256(samples) == hashlib.sha256(path.read_bytes()[-10_000:]).hexdigest()


def test_a_clip_that_is_there_is_not_written_again(tmp_path):
    samples = np.arange(100, dtype=np.int16)
    write_wav(tmp_path / "a.wav", samples)
    before = (tmp_path / "a.wav").stat()
    write_wav(tmp_path / "a.wav", samples)
    assert (tmp_path / "a.wav").stat().st_ino == before.st_ino


def test_other_files_are_refused(tmp_path):
    with pytest.raises(MissingMediaError):
        read_wav(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_text("no sound")
    with pytest.raises(NotMediaError):
        read_wav(tmp_path / "b.wav")
    soundfile.write(tmp_path / "c.wav", np.zeros(10), 8000)
    with pytest.raises(NotMediaError, match="16 kHz"):
        read_wav(tmp_path / "c.wav")


def test_levels_of_known_signals():
    sine = (16384 * np.sin(np.arange(16_000) * 0.1)).astype(np.int16)
    assert rms_db(sine) == pytest.approx(-9.03, abs=0.01)
    assert peak_db(sine) == pytest.approx(-6.02, abs=0.01)
    assert rms_db(np.full(10, -32768, np.int16)) == 0
    assert rms_db(np.zeros(10, np.int16)) == rms_db(np.zeros(0, np.int16)) == -96.33
    assert frame_powers(sine, 160).shape == (100,)


def test_clipped_speech_stands_out_even_when_turned_down(make_voice):
    clean = make_voice(3)
    clipped = np.clip(clean, -0.15, 0.15) / 2
    share = [clipping_share((sound * 32767).astype(np.int16)) for sound in (clean, clipped)]
    assert share[0] < 0.005 < share[1]
    assert clipping_share(np.zeros(5, np.int16)) == 0
