import json
import pickle
import shutil
import sys

import numpy as np
import pytest
import torch

from manifests.base.errors import ConfigurationError, DataError
from models.config.overrides import apply_overrides
from models.config.train import TrainSettings
from models.evaluation.run import evaluate
from models.features.extractor import make_extractor
from models.prediction import load_model
from models.training.run import train
from tests.models.pretrained import save_speech_encoder, save_text_encoder

KINDS = ("wav2vec2", "hubert", "wavlm", "data2vec-audio")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """An encoder of speech, not to be changed."""
    return save_speech_encoder(tmp_path_factory.mktemp("speech") / "hubert", "hubert")


@pytest.fixture
def own(encoder, tmp_path):
    """An encoder of speech, to do with as a test likes."""
    return shutil.copytree(encoder, tmp_path / "encoder")


def extractor_of(folder, **options):
    audio = {"features": f"hf:{folder}", "encoder": "convolutions"}
    return make_extractor(TrainSettings(audio=audio, branches="apart", options=options))


def noise(samples):
    return np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_those_of_transformers(tmp_path, kind):
    import transformers

    folder = save_speech_encoder(tmp_path, kind)
    extractor = extractor_of(folder, hf={"layers": [1, 3]})
    frames = extractor(noise(8000))
    model = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        hidden = model(torch.from_numpy(noise(8000))[None], output_hidden_states=True)
    expected = (hidden.hidden_states[1] + hidden.hidden_states[3])[0] / 2
    assert frames.shape == (24, extractor.width)
    assert extractor.hop_ms == 20.0
    np.testing.assert_allclose(frames, expected.numpy(), atol=1e-6)
    assert extractor(noise(1)).shape == (1, 16)


def test_sound_is_normalised_as_the_encoder_asks(own):
    from transformers import Wav2Vec2FeatureExtractor

    plain = extractor_of(own)(noise(4000))
    before = extractor_of(own).fingerprint()
    Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(own)
    louder = extractor_of(own)
    np.testing.assert_allclose(louder(noise(4000)), louder(4 * noise(4000)), atol=1e-4)
    assert not np.allclose(plain, louder(noise(4000)))
    assert louder.fingerprint() != before


def test_an_extractor_travels_to_processes_without_weights(encoder):
    extractor = extractor_of(encoder)
    first = extractor(noise(4000))
    data = pickle.dumps(extractor)
    assert len(data) < 4000
    np.testing.assert_array_equal(pickle.loads(data)(noise(4000)), first)  # noqa: S301


def test_the_fingerprint_is_of_weights_and_layers(encoder, own):
    other = extractor_of(own)
    assert other.fingerprint() == extractor_of(encoder).fingerprint()
    assert extractor_of(own, hf={"layers": [2]}).fingerprint() != other.fingerprint()
    save_speech_encoder(own, "hubert", seed=1)
    assert extractor_of(own).fingerprint() != extractor_of(encoder).fingerprint()


def test_a_folder_is_stored_with_its_absolute_path(encoder, monkeypatch):
    monkeypatch.chdir(encoder.parent)
    settings = apply_overrides(TrainSettings(), None, ["audio.features=hf:hubert"])
    assert settings.audio.features == f"hf:{encoder}"
    assert TrainSettings(audio={"features": "hf:org/name"}).audio.features == "hf:org/name"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("head", ["statistics", "convolutions"])
def test_a_model_remembers_the_encoder_and_refuses_another(corpus, own, quick, head):
    folder = corpus()
    run = folder.parent.parent / "runs" / "a"
    audio = {"features": f"hf:{own}", "encoder": head, "channels": 4}
    train(folder, run, quick.changed(modality="audio", audio=audio, epochs=1, speeds=()))
    document = json.loads((run / "model.json").read_text(encoding="utf-8"))
    assert list(document["encoders"]) == [f"hf:{own}"]
    assert evaluate(run, folder).ok
    assert load_model(run).predict([noise(8000)], [""]).shape == (1, 6)
    kept = shutil.copytree(own, own.with_name("kept"))
    save_speech_encoder(own, "hubert", seed=1)
    with pytest.raises(
        DataError, match=r"trained on another version of hf:.* put that version back"
    ):
        load_model(run)
    shutil.rmtree(own)
    with pytest.raises(ConfigurationError, match="no such folder; name the folder that holds"):
        load_model(run)
    kept.rename(own)
    assert load_model(run).predict([noise(8000)], [""]).shape == (1, 6)


def no_config(folder):
    (folder / "config.json").unlink()


def broken_config(folder):
    (folder / "config.json").write_text("{")


def only_pickles(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def no_weights(folder):
    (folder / "model.safetensors").unlink()


def cut_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def fewer_weights(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if "layers.2" in name)
    del weights[name]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def text_model(folder):
    shutil.rmtree(folder)
    save_text_encoder(folder, "bert")


def telephone(folder):
    (folder / "preprocessor_config.json").write_text('{"sampling_rate": 8000}')


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (shutil.rmtree, "no such folder; name the folder that holds the model's config.json"),
        (no_config, "has no config.json, so it isn't a model of transformers"),
        (broken_config, "config.json: not valid JSON"),
        (no_weights, "has no weights in safetensors; save them anew"),
        (
            only_pickles,
            r"safetensors \(pytorch_model.bin may run code when it is read\); save them",
        ),
        (cut_weights, "the model can't be loaded"),
        (fewer_weights, "its weights lack 1 of the encoder's arrays, such as encoder.layers.2"),
        (text_model, "a model of type 'bert', not an encoder of sound, such as wav2vec2"),
        (telephone, "takes sound of 8000 Hz, but clips have 16000"),
    ],
)
def test_unusable_encoders_are_refused_in_words(own, spoil, message):
    spoil(own)
    with pytest.raises(ConfigurationError, match=message):
        extractor_of(own)(noise(4000))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": [4]}, r"layers: \[4\], but hf:.* has layers 0 to 3"),
        ({"layers": []}, "has layers 0 to 3"),
        ({"layers": "last"}, "has the key layers only, a list of numbers"),
        ({"layer": 2}, "has the key layers only"),
    ],
)
def test_unusable_layers_are_refused(encoder, options, message):
    with pytest.raises(ConfigurationError, match=message):
        extractor_of(encoder, hf=options)


@pytest.mark.parametrize("name", ["someone/wavlm-tiny", "wavlm"])
def test_a_model_that_is_not_on_this_machine_is_not_fetched(name, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConfigurationError, match=f"fetch it once with: hf download {name}"):
        extractor_of(name)


def test_without_the_library_the_message_says_what_to_install(encoder, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'corpus-tools\[transformers\]'"):
        extractor_of(encoder)(noise(4000))
