"""faster-whisper as a recogniser, with a tiny Whisper converted for CTranslate2."""

import json
import re
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.transcription.recognisers.base import RecogniserOptions
from corpus_tools.transcription.recognisers.faster_whisper import FasterWhisperRecogniser
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from corpus_tools.transcription.store import read_transcripts
from corpus_tools.transcription.transcribe import transcribe
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, DataError

WAVES = [
    np.random.default_rng(seed).normal(0, 0.1, 16_000 * seconds).astype(np.float32)
    for seed, seconds in enumerate((2, 3, 33))
]


@pytest.fixture(scope="session")
def converted(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(__file__).parents[1] / "tiny_ctranslate2.py"
    write = runpy.run_path(str(path))["write_folder"]
    folder: Path = write(checkpoint, tmp_path_factory.mktemp("ctranslate2") / "tiny")
    return folder


def options(model: Path | str, **more: Any) -> RecogniserOptions:
    given: dict[str, Any] = {"temperatures": (0.0,), "max_tokens": 12, "device": "cpu"}
    return RecogniserOptions(str(model), **(given | more))


@pytest.mark.parametrize(
    "more", [{}, {"prompt": "要得。", "lexicon": ("巴适", "莫得")}, {"beam_size": 3}]
)
def test_it_returns_what_openai_whisper_does(
    more: dict[str, Any], converted: Path, checkpoint: Path
) -> None:
    given = {"words": True, "fp16": False, **more}
    faster = FasterWhisperRecogniser(options(converted, **given)).transcribe(WAVES, "zh")
    openai = WhisperRecogniser(options(checkpoint, **given)).transcribe(WAVES, "zh")
    # openai-whisper leaves names of languages, which a random model utters, in the text
    assert [one.text for one in faster] == [re.sub(r"<\|\w+\|>", "", one.text) for one in openai]
    for one, other in zip(faster, openai, strict=True):
        assert one.text
        assert one.language == "zh"
        assert one.no_speech_prob == pytest.approx(other.no_speech_prob, abs=0.01)
        assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=0.05)
        assert [word.text for word in one.words or ()] == [word.text for word in other.words or ()]
        assert all(word.start <= word.end for word in one.words or ())


def test_a_text_depends_neither_on_its_batch_nor_on_what_was_decoded_before(
    converted: Path,
) -> None:
    recogniser = FasterWhisperRecogniser(options(converted, temperatures=(0.0, 1.0)))
    together = recogniser.transcribe(WAVES, None)
    alone = [recogniser.transcribe([wave], None)[0].text for wave in reversed(WAVES)]
    assert [one.text for one in together] == alone[::-1]
    assert all(one.language for one in together)


def test_int8_is_the_default_on_a_cpu_and_weights_are_recorded(converted: Path) -> None:
    recogniser = FasterWhisperRecogniser(options(converted))
    assert recogniser._model.compute_type.startswith("int8")
    assert recogniser.parameters["compute_type"] == "int8"
    assert len(recogniser.parameters["weights"]) == 64
    assert recogniser.name == f"tiny-{recogniser.parameters['weights'][:8]}"
    assert (
        FasterWhisperRecogniser(options(converted, fp16=False)).parameters != recogniser.parameters
    )


def test_silence_and_a_hundredth_of_a_second_have_words_within_the_piece(converted: Path) -> None:
    recogniser = FasterWhisperRecogniser(options(converted, words=True))
    for wave in (np.zeros(160, np.float32), np.zeros(1, np.float32)):
        (found,) = recogniser.transcribe([wave], "en")
        assert found.words
        assert "".join(word.text for word in found.words).strip() == found.text


def test_a_corpus_is_transcribed_in_windows(
    workspace: Workspace, converted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = SimpleNamespace(name="faster-whisper", load=lambda: FasterWhisperRecogniser)
    monkeypatch.setattr(
        "manifests.base.plugins.installed_entries", lambda group: {"faster-whisper": entry}
    )
    settings = TranscribeSettings(
        recogniser="faster-whisper",
        model=str(converted),
        temperatures=(0.0,),
        max_tokens=12,
        device="cpu",
        emptying_flags=(),
    )
    assert settings.used_context == "window"
    outcome = transcribe(workspace, settings)
    assert outcome.details["sources"] == {"done": 1, "unchanged": 0, "failed": 0}
    records = [one for one in read_transcripts(workspace.root, "drama") if one.source != "subtitle"]
    assert {one.source for one in records} == {"recogniser"}
    assert any(one.text_raw for one in records)
    assert transcribe(workspace, settings).details["sources"]["unchanged"] == 1


def cut(folder: Path) -> None:
    data = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(data[: len(data) // 2])


def huge(folder: Path) -> None:
    data = bytearray((folder / "model.bin").read_bytes())
    at = data.index(b"WhisperSpec\0") + 16
    data[at : at + 4] = b"\xff\xff\xff\x7f"
    (folder / "model.bin").write_bytes(bytes(data))


def pickled(folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"PK\x03\x04" + bytes(100))


def heads(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"alignment_heads": [[70, 3]]}))


def words(folder: Path) -> None:
    (folder / "vocabulary.json").write_text('["a", "b"]')


def no_json(folder: Path) -> None:
    (folder / "config.json").write_text("alignment_heads: 3")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (cut, "not a model of CTranslate2, or truncated"),
        (huge, "not a model of CTranslate2, or truncated"),
        (pickled, "not a model of CTranslate2, or truncated (binary version"),
        (heads, "doesn't fit the model (alignment_heads or token ids)"),
        (words, "its vocabulary has 2 words, its model 51865"),
        (no_json, "its config.json or vocabulary can't be read"),
    ],
)
def test_a_spoilt_folder_costs_one_sentence(
    spoil: Callable[[Path], None], sentence: str, converted: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(converted, tmp_path / "model"))
    spoil(folder)
    with pytest.raises(DataError) as caught:
        FasterWhisperRecogniser(options(folder)).transcribe(WAVES[:1], "zh")
    assert sentence in str(caught.value)


def test_folders_that_are_none_are_refused_before_the_first_clip(
    converted: Path, checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"model\.bin or config\.json is missing"):
        FasterWhisperRecogniser(options(tmp_path))
    with pytest.raises(DataError, match="is a file; give the folder"):
        FasterWhisperRecogniser(options(checkpoint))
    with pytest.raises(DataError, match="neither a folder nor a known name"):
        FasterWhisperRecogniser(options("largest"))
    linked = Path(shutil.copytree(converted, tmp_path / "linked"))
    (linked / "model.bin").unlink()
    (linked / "model.bin").symlink_to(converted / "model.bin")
    with pytest.raises(DataError, match="a link that leads out of the model's folder"):
        FasterWhisperRecogniser(options(linked))


def test_hugging_faces_cache_is_a_folder_too(converted: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "models--x" / "snapshots" / "0123"
    blobs = Path(shutil.copytree(converted, tmp_path / "models--x" / "blobs"))
    snapshot.mkdir(parents=True)
    for path in blobs.iterdir():
        (snapshot / path.name).symlink_to(Path("../../blobs") / path.name)
    (found,) = FasterWhisperRecogniser(options(snapshot)).transcribe(WAVES[:1], "zh")
    assert found.text


def test_a_name_is_looked_up_in_the_cache_and_only_there(
    monkeypatch: pytest.MonkeyPatch, converted: Path
) -> None:
    from huggingface_hub.errors import LocalEntryNotFoundError

    calls = []

    def fake(name: str, local_files_only: bool = False) -> str:
        calls.append(local_files_only)
        if local_files_only and len(calls) == 1:
            raise LocalEntryNotFoundError("not there")
        return str(converted)

    monkeypatch.setattr("faster_whisper.utils.download_model", fake)
    with pytest.raises(DataError, match=r"'tiny' is not in Hugging Face's cache; .* --download"):
        FasterWhisperRecogniser(options("tiny"))
    assert calls == [True]
    assert FasterWhisperRecogniser(options("tiny")).name == "faster-tiny"
    assert calls == [True, True]
    calls.clear()
    said: list[str] = []
    FasterWhisperRecogniser(options("tiny", download=True, announce=said.append))
    assert calls == [True, False]
    assert said == [
        "downloading faster-whisper tiny from https://huggingface.co/Systran/faster-whisper-tiny"
    ]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"temperatures": (0.4,)}, "temperatures must begin with 0"),
        ({"device": "cuda:7"}, "no device 'cuda:7'"),
        ({"fp16": True}, "--fp16 needs a GPU"),
    ],
)
def test_options_that_it_lacks(more: dict[str, Any], sentence: str, converted: Path) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        FasterWhisperRecogniser(options(converted, **more))


def test_without_the_extra_the_error_names_it(
    monkeypatch: pytest.MonkeyPatch, converted: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ctranslate2", None)
    with pytest.raises(ConfigurationError, match=r"run: pip install 'corpus-tools\[faster\]'"):
        FasterWhisperRecogniser(options(converted))
