import dataclasses
import errno
import hashlib
import os

import numpy as np
import pytest
import soundfile

from manifests.base.errors import DataError
from manifests.base.workers import warm_up
from models.config.branches import FeatureSettings
from models.features.cache import ClipFile, FeatureCache, read_clip
from models.features.mfcc import MfccExtractor


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.wav"
    noise = np.random.default_rng(0).integers(-3000, 3000, 8000, dtype=np.int16)
    soundfile.write(path, noise, 16000, subtype="PCM_16")
    return ClipFile("clip", path, hashlib.sha256(path.read_bytes()).hexdigest())


def _stored(folder):
    return list(folder.rglob("*.safetensors"))


def test_samples_are_read_exactly(clip):
    expected, _ = soundfile.read(clip.path, dtype="float32")
    np.testing.assert_array_equal(read_clip(clip.path, clip.file_sha256), expected)


@pytest.mark.parametrize(
    ("rate", "channels", "message"), [(8000, 1, "8000 Hz"), (16000, 2, "2 channels")]
)
def test_other_formats_are_refused(tmp_path, rate, channels, message):
    path = tmp_path / "other.wav"
    soundfile.write(path, np.zeros((100, channels)), rate)
    with pytest.raises(DataError, match=message):
        read_clip(path)


@pytest.mark.parametrize("data", [b"", b"not a sound file", b"RIFF\x00\x00\x00\x00WAVE"])
def test_invalid_audio_is_named(tmp_path, data):
    path = tmp_path / "broken.wav"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"broken\.wav"):
        read_clip(path)


def test_changed_file_is_refused(clip):
    clip.path.write_bytes(clip.path.read_bytes() + b"\0")
    with pytest.raises(DataError, match="sha256"):
        read_clip(clip.path, clip.file_sha256)


def test_features_are_cached(clip, tmp_path):
    cache = FeatureCache(tmp_path / "cache", MfccExtractor(FeatureSettings()))
    [(first,)] = cache.load([clip])
    clip.path.unlink()
    [(second,)] = cache.load([clip])
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("above", [0, 1, 2])
def test_a_cache_behind_a_link_is_not_used(clip, tmp_path, above):
    extractor = MfccExtractor(FeatureSettings())
    folder = tmp_path / ".cache" / "features" / extractor.fingerprint()[:16]
    link, target = [folder, *folder.parents][above], tmp_path / "elsewhere"
    kept = target / folder.relative_to(link) / "a.pack"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"kept")
    os.utime(kept, (0, 0))
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    cache = FeatureCache(tmp_path / ".cache" / "features", extractor)
    [(features,)] = cache.load([clip])
    assert len(features)
    assert "link" in cache.refused
    assert list(kept.parent.iterdir()) == [kept]


def test_other_settings_are_cached_separately(clip, tmp_path):
    for hop in (10.0, 16.0):
        settings = FeatureSettings(hop_ms=hop)
        FeatureCache(tmp_path / "cache", MfccExtractor(settings)).load([clip])
    assert len(_stored(tmp_path)) == 2


@pytest.mark.parametrize("damage", ["cut", "zeroed", "emptied", "foreign"])
def test_damaged_cache_is_computed_again(clip, tmp_path, damage):
    cache = FeatureCache(tmp_path / "cache", MfccExtractor(FeatureSettings()))
    [(mapped,)] = cache.load([clip])
    expected = mapped.copy()
    [stored] = _stored(tmp_path)
    whole = stored.read_bytes()
    stored.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "zeroed": bytes(len(whole)),
            "emptied": b"",
            "foreign": b"\x80\x04pickled" + bytes(100),
        }[damage]
    )
    [(again,)] = cache.load([clip])
    np.testing.assert_array_equal(again, expected)
    clip.path.unlink()
    [(read_back,)] = cache.load([clip])
    np.testing.assert_array_equal(read_back, expected)


def test_missing_clip_doesnt_affect_others(clip, tmp_path):
    gone = ClipFile("gone", tmp_path / "gone.wav", "0" * 64)
    found = FeatureCache(None, MfccExtractor(FeatureSettings())).load([gone, clip])
    assert isinstance(found[0], DataError)
    assert "gone.wav" in str(found[0])
    assert found[1][0].shape[1] == MfccExtractor(FeatureSettings()).width


def test_processes_give_the_same_features(tmp_path, monkeypatch):
    monkeypatch.setattr("models.features.cache._MIN_FOR_PROCESSES", 20)
    warm_up(("models.features.cache",))
    random = np.random.default_rng(0)
    clips = [ClipFile("gone", tmp_path / "gone.wav", "0" * 64)]
    for number in range(40):
        path = tmp_path / f"{number}.wav"
        noise = random.integers(-3000, 3000, random.integers(400, 4000), dtype=np.int16)
        soundfile.write(path, noise, 16000, subtype="PCM_16")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        clips.append(ClipFile(path.name, path, digest, (1.0, 0.8)))
    seen = []
    cache = FeatureCache(tmp_path / "cache", MfccExtractor(FeatureSettings()))
    many = cache.load(clips, lambda done, total, name: seen.append((done, total)))
    assert seen == [(done, 41) for done in range(1, 42)]
    assert isinstance(many[0], DataError)
    for clip, together in zip(clips[1:], many[1:], strict=True):
        [alone] = FeatureCache(None, MfccExtractor(FeatureSettings())).load([clip])
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one, other)


def test_faster_clip_is_shorter(clip):
    both = dataclasses.replace(clip, speeds=(1.0, 1.25))
    [(own, faster)] = FeatureCache(None, MfccExtractor(FeatureSettings())).load([both])
    assert len(faster) == pytest.approx(len(own) / 1.25, abs=1)


@pytest.mark.parametrize("damage", ["full", "no folder"])
def test_unwritable_cache_still_gives_features(clip, tmp_path, monkeypatch, damage):
    folder = tmp_path / "cache"
    if damage == "full":

        def full(self, target):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("pathlib.Path.replace", full)
    else:
        folder.write_bytes(b"a file where the folder should be")
    cache = FeatureCache(folder, MfccExtractor(FeatureSettings()))
    [(found,)] = cache.load([clip])
    assert cache.refused
    [(expected,)] = FeatureCache(None, MfccExtractor(FeatureSettings())).load([clip])
    np.testing.assert_array_equal(found, expected)
    assert folder.is_file() or not list(folder.rglob("*.safetensors"))
