import hashlib
import pickle

import numpy as np
import pytest
import torch
import whisper

from corpus_tools.configuration.corpus import Configuration
from corpus_tools.features.checkpoint import with_checkpoint
from manifests.base.errors import ConfigurationError, DataError
from models.checkpoint import read_model, write_model
from models.config.train import TrainSettings
from models.data import Example
from models.features.cache import ClipFile, FeatureCache, read_clip
from models.features.extractor import make_extractor
from models.training.loop import fit
from tests.corpus_tools.transcription.tiny_whisper import write_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("weights") / "tiny.pt", layers=3)


@pytest.fixture
def settings(checkpoint):
    return TrainSettings(
        preset="whisper", modality="audio", device="cpu", audio={"checkpoint": str(checkpoint)}
    )


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * 16000)).astype(np.float32)


def frames_of(settings, **audio):
    return make_extractor(settings.changed(audio={"encoder": "convolutions", **audio}))


def test_frames_are_the_layers_of_the_encoder_side_by_side(settings, checkpoint):
    extractor = frames_of(settings, layers=(1, 2))
    samples = noise(2.0)
    model = whisper.load_model(str(checkpoint), device="cpu")
    outputs = []
    for block in model.encoder.blocks[:2]:
        block.register_forward_hook(lambda _module, _given, output: outputs.append(output))
    model.encoder.positional_embedding = model.encoder.positional_embedding[:100]
    with torch.inference_mode():
        model.encoder(whisper.log_mel_spectrogram(samples)[None])
    expected = torch.cat(outputs, dim=2)[0].numpy()
    found = extractor(samples)
    assert found.dtype == np.float16
    assert found.shape == (100, extractor.width) == expected.shape
    np.testing.assert_allclose(found, expected, atol=2e-3, rtol=2e-3)


def test_a_batch_gives_what_each_clip_gives_alone(settings):
    extractor = make_extractor(settings)
    clips = [noise(seconds, seed) for seed, seconds in enumerate((1.0, 2.03, 1.0, 0.01, 1.005))]
    for alone, together in zip(map(extractor, clips), extractor.batch(clips), strict=True):
        assert together.shape == (1, extractor.width)
        np.testing.assert_allclose(together, alone, atol=1e-3)


def test_long_clips_are_encoded_in_stretches(settings):
    extractor = frames_of(settings)
    samples = noise(31.0)
    found = extractor(samples)
    assert len(found) == 1550
    np.testing.assert_array_equal(found[:1500], extractor(samples[: 30 * 16000]))


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        ({"checkpoint": "no-such.pt"}, "no weights 'no-such.pt' on this machine"),
        ({"checkpoint": "tiny.en"}, "no weights 'tiny.en' on this machine"),
        ({"layers": (99,)}, "has .* layers, not 99"),
    ],
)
def test_what_isnt_there_is_named(settings, audio, message, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match=message):
        make_extractor(settings.changed(audio=audio))


def test_without_weights_the_setting_is_named():
    with pytest.raises(ConfigurationError, match=r"audio\.checkpoint=base"):
        make_extractor(TrainSettings(preset="whisper"))


def test_a_checkpoint_with_code_is_refused(settings, tmp_path):
    path = tmp_path / "evil.pt"
    path.write_bytes(pickle.dumps(print))
    with pytest.raises(DataError, match="no code in it was run"):
        make_extractor(settings.changed(audio={"checkpoint": str(path)}))


def test_features_are_stored_and_found_again(settings, tmp_path):
    import soundfile

    clips = []
    for number in range(3):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, noise(1.0, number), 16000, subtype="PCM_16")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        clips.append(ClipFile(str(number), path, digest, (1.0, 1.25)))
    missing = ClipFile("gone", tmp_path / "gone.wav", "0" * 64)
    for encoder, dtype in (("convolutions", np.float16), ("statistics", np.float32)):
        extractor = make_extractor(settings.changed(audio={"encoder": encoder}))
        first = FeatureCache(tmp_path / "cache", extractor).load([*clips, missing])
        assert isinstance(first.pop(), DataError)
        stored = FeatureCache(tmp_path / "cache", None or extractor).load(clips)
        for one, again, clip in zip(first, stored, clips, strict=True):
            assert len(one) == 2
            np.testing.assert_array_equal(one[0], again[0])
            assert again[0].dtype == dtype
            np.testing.assert_allclose(extractor(read_clip(clip.path)), one[0], atol=1e-3)


def test_a_model_asks_for_the_weights_that_it_was_trained_with(settings, checkpoint, tmp_path):
    other = tmp_path / "weights.pt"
    other.write_bytes(checkpoint.read_bytes())
    own = settings.changed(audio={"checkpoint": str(other)})
    extractor = make_extractor(own)
    clips = [
        Example(f"{n}", extractor(noise(0.5, n)), group=f"s{n % 2}", label=n % 3) for n in range(12)
    ]
    write_model(tmp_path, fit(clips, [], own).model)
    read = read_model(tmp_path)
    assert read.probabilities(clips).shape == (12, 6)
    write_checkpoint(other, seed=1, layers=3)
    with pytest.raises(DataError, match="other weights"):
        read_model(tmp_path)


def test_features_whisper_alone_chooses_the_recipe():
    settings = TrainSettings(audio={"features": "whisper"})
    assert settings.audio.decay == TrainSettings(preset="whisper").audio.decay
    assert settings.speeds == ()


def test_the_model_that_transcribes_is_the_default():
    settings = TrainSettings(preset="whisper")
    own = Configuration.model_validate({"transcribe": {"model": "small"}})
    assert with_checkpoint(settings, own).audio.checkpoint == "small"
    given = settings.changed(audio={"checkpoint": "base"})
    assert with_checkpoint(given, own).audio.checkpoint == "base"
    assert with_checkpoint(TrainSettings(), own).audio.checkpoint is None
