import json
import shutil
import sys

import numpy as np
import pytest
import torch

from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.store import read_jsonl, write_jsonl
from models.config.overrides import apply_overrides
from models.config.train import TrainSettings
from models.evaluation.run import evaluate
from models.features.packs import packed_clips
from models.prediction import load_model
from models.text.pretrained import TextVectors, cached_vectors
from models.training.run import train
from tests.factories import seal_manifest
from tests.models.pretrained import save_speech_encoder, save_text_encoder

TEXTS = ("今天巴适", "", "word", "我不去", "  ", "好" * 90)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """An encoder of text, not to be changed."""
    return save_text_encoder(tmp_path_factory.mktemp("text") / "bert", "bert")


@pytest.fixture
def own(encoder, tmp_path):
    """An encoder of text, to do with as a test likes."""
    return shutil.copytree(encoder, tmp_path / "encoder")


@pytest.fixture
def version(corpus):
    """A version in which the text of a clip says its class."""
    folder = corpus(takes=3)
    path = folder / "manifest.jsonl"
    says = dict(
        zip(("angry", "fear", "happy", "neutral", "surprise", "sad"), "今天巴适得很", strict=True)
    )
    write_jsonl(path, [{**row, "text": says[row["emotion"]] * 2} for row in read_jsonl(path)])
    seal_manifest(folder)
    return folder


def noise(samples):
    return np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_vectors_are_those_of_transformers_for_each_text_alone(tmp_path, kind):
    import transformers

    folder = save_text_encoder(tmp_path, kind)
    vectors = TextVectors(f"hf:{folder}", 50)(TEXTS)
    assert [rows.shape for rows in vectors] == [(n, 8) for n in (4, 0, 1, 3, 0, 37)]
    assert {rows.dtype for rows in vectors} == {np.dtype(np.float16)}
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for row in (0, 2, 3):
        with torch.inference_mode():
            hidden = model(**tokenizer(TEXTS[row], return_tensors="pt")).last_hidden_state
        np.testing.assert_allclose(vectors[row], hidden[0, 1:-1].numpy(), atol=2e-3)


def test_stored_vectors_are_used_again_and_belong_to_their_clip(encoder, tmp_path, monkeypatch):
    clips = [("a" * 64, "今天"), ("b" * 64, "今天"), ("a" * 64, "我去"), ("c" * 64, "")]
    first = cached_vectors(TextVectors(f"hf:{encoder}", 50), clips, tmp_path)
    again = TextVectors(f"hf:{encoder}", 50)
    monkeypatch.setattr(type(again), "__call__", None)
    for one, other in zip(first, cached_vectors(again, clips, tmp_path), strict=True):
        np.testing.assert_array_equal(one, other)
        assert other.dtype == np.float16
    [folder] = tmp_path.iterdir()
    assert {clip for _, names in packed_clips(folder) for clip in names} == {"a" * 64, "b" * 64}


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("kind", ["linear", "cnn"])
@pytest.mark.parametrize("modality", ["text", "both"])
def test_a_model_learns_from_the_vectors_and_predicts(version, encoder, quick, kind, modality):
    words = {"encoder": f"hf:{encoder}", "kind": kind, "input_dropout": 0.0, "dropout": 0.0}
    settings = quick.changed(
        modality=modality,
        words=words,
        lr=0.05,
        epochs=30,
        least_steps=60,
        speeds=(),
        optimiser="adam",
    )
    run = version.parent.parent / "runs" / "a"
    metrics = train(version, run, settings).details["metrics"]
    assert metrics["test"]["uar"] > 0.8
    assert evaluate(run, version).details["metrics"]["uar"] == metrics["test"]["uar"]
    document = json.loads((run / "model.json").read_text(encoding="utf-8"))
    assert list(document["encoders"]) == [f"hf:{encoder}"]
    predictor = load_model(run)
    found = predictor.predict([noise(8000)] * 3, ["今今", "很很", ""])
    if modality == "text":
        assert found.argmax(axis=1)[:2].tolist() == [0, 5]
    assert np.isfinite(found).all()


@pytest.mark.usefixtures("undrawn")
def test_sound_and_text_may_both_have_pretrained_encoders(version, encoder, quick, tmp_path):
    speech = save_speech_encoder(tmp_path / "wavlm", "wavlm")
    settings = quick.changed(
        audio={"features": f"hf:{speech}", "channels": 4},
        words={"encoder": f"hf:{encoder}", "kind": "linear"},
        epochs=1,
        speeds=(),
    )
    run = version.parent.parent / "runs" / "a"
    assert train(version, run, settings).ok
    document = json.loads((run / "model.json").read_text(encoding="utf-8"))
    assert set(document["encoders"]) == {f"hf:{encoder}", f"hf:{speech}"}
    assert load_model(run).predict([noise(8000)], ["今天"]).shape == (1, 6)


@pytest.mark.usefixtures("undrawn")
def test_a_changed_encoder_is_refused(version, own, quick):
    words = {"encoder": f"hf:{own}", "kind": "linear"}
    run = version.parent.parent / "runs" / "a"
    train(version, run, quick.changed(modality="text", words=words))
    save_text_encoder(own, "bert", seed=1)
    with pytest.raises(DataError, match="trained on another version of hf:"):
        load_model(run)


@pytest.mark.parametrize("section", ["text", "words"])
def test_the_section_has_two_names(section, encoder, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(f'[train.{section}]\nencoder = "hf:{encoder}"\nkind = "linear"\n')
    assignments = [f"{section}.encoder=hf:{encoder}", f"{section}.kind=linear"]
    by_file = apply_overrides(TrainSettings(), file)
    assert by_file == apply_overrides(TrainSettings(), None, assignments)
    assert by_file == TrainSettings.model_validate(
        {section: {"encoder": f"hf:{encoder}", "kind": "linear"}}
    )
    assert by_file.words.encoder == f"hf:{encoder}"
    unset = apply_overrides(by_file, None, [f"{section}.encoder=none"])
    assert unset.words.encoder is None
    assert "encoder" not in TrainSettings().model_dump()["words"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[train.text]\nkind="cnn"\n[train.words]\nkind="cnn"\n', "give 'kind' in one of the two"),
        (
            '[train.text]\nencodr="hf:x"\n',
            "unknown key 'words.encodr'; did you mean 'words.encoder'",
        ),
        ('[train.text]\nencoder="bert-base-chinese"\n', "encoder must be hf:FOLDER, or hf:NAME"),
    ],
)
def test_bad_settings_are_refused(tmp_path, text, message):
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        apply_overrides(TrainSettings(), file)


def only_pickles(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def no_tokenizer(folder):
    for path in (*folder.glob("tokenizer*"), *folder.glob("vocab*")):
        path.unlink()


def speech_model(folder):
    shutil.rmtree(folder)
    save_speech_encoder(folder, "hubert")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (shutil.rmtree, "no such folder; name the folder that holds the model's config.json"),
        (only_pickles, r"pytorch_model.bin may run code when it is read\); save them anew"),
        (no_tokenizer, "has no vocabulary; fetch tokenizer.json"),
        (speech_model, "a model of type 'hubert', not an encoder of text, such as bert"),
    ],
)
def test_unusable_encoders_are_refused_in_words(own, spoil, message):
    spoil(own)
    with pytest.raises(ConfigurationError, match=message):
        TextVectors(f"hf:{own}", 50)(["今天"])


def test_no_code_of_a_model_is_run(own):
    config = json.loads((own / "config.json").read_text())
    config |= {"auto_map": {"AutoModel": "evil.Model", "AutoConfig": "evil.Config"}}
    (own / "config.json").write_text(json.dumps(config | {"model_type": "evil"}))
    (own / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(ConfigurationError, match="the model can't be loaded"):
        TextVectors(f"hf:{own}", 50)(["今天"])


def test_without_the_library_the_message_says_what_to_install(encoder, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'corpus-tools\[transformers\]'"):
        TextVectors(f"hf:{encoder}", 50)(["今天"])
