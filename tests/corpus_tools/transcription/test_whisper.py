import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from corpus_tools.transcription.recognisers.base import (
    Recogniser,
    RecogniserOptions,
    find_recogniser,
)
from corpus_tools.transcription.recognisers.whisper import (
    WhisperRecogniser,
    language_code,
    load_model,
)
from corpus_tools.transcription.recognisers.whisper_weights import check_checkpoint, find_weights
from manifests.base.errors import ConfigurationError, DataError


def options(model: Path | str, **more: Any) -> RecogniserOptions:
    given = {"device": "cpu", "temperatures": (0.0,), "max_tokens": 8} | more
    return RecogniserOptions(model=str(model), **given)


def waves(count: int, seconds: float = 3.0) -> list[Any]:
    noise = np.random.default_rng(1)
    return [noise.normal(0, 0.1, int(16000 * seconds)).astype(np.float32) for _ in range(count)]


def test_whisper_is_installed_as_a_recogniser(checkpoint: Path) -> None:
    made = find_recogniser("whisper")(options(checkpoint))
    assert isinstance(made, Recogniser)


def test_a_batch_gives_the_texts_of_its_clips_alone(checkpoint: Path) -> None:
    clips = [*waves(3), *waves(1, 0.5), np.zeros(100, np.float32), np.zeros(0, np.float32)]
    together = WhisperRecogniser(options(checkpoint, batch_size=4)).transcribe(clips, "zh")
    alone = WhisperRecogniser(options(checkpoint, batch_size=1)).transcribe(clips, "zh")
    assert [one.text for one in together] == [one.text for one in alone]
    assert len({one.text for one in together}) > 1
    for one, other in zip(together, alone, strict=True):
        assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
        assert one.language == "zh"
        assert one.no_speech_prob is not None


def test_a_long_recording_is_transcribed_to_its_end(checkpoint: Path) -> None:
    (wave,) = waves(1, 40.0)
    recogniser = WhisperRecogniser(options(checkpoint))
    whole, first, second = recogniser.transcribe([wave, wave[:480000], wave[480000:]], "zh")
    assert whole.text == f"{first.text} {second.text}"


def test_sampling_depends_on_the_clip_alone(checkpoint: Path) -> None:
    hot = options(checkpoint, temperatures=(0.0, 0.8))
    first, second = waves(2)
    both = WhisperRecogniser(hot).transcribe([first, second], "zh")
    assert WhisperRecogniser(hot).transcribe([second], "zh")[0].text == both[1].text
    cold = WhisperRecogniser(options(checkpoint)).transcribe([second], "zh")
    assert cold[0].text != both[1].text  # random weights are never sure, so it was tried again


def test_languages_are_checked(checkpoint: Path) -> None:
    recogniser = WhisperRecogniser(options(checkpoint))
    assert recogniser.transcribe(waves(1), "zh-Hans")[0].language == "zh"
    assert recogniser.transcribe(waves(1), None)[0].language is not None
    with pytest.raises(ConfigurationError, match="'tlh'"):
        recogniser.transcribe(waves(1), "tlh")


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "mps:x"])
def test_a_missing_device_is_an_error(checkpoint: Path, device: str) -> None:
    with pytest.raises(ConfigurationError, match=device):
        WhisperRecogniser(options(checkpoint, device=device))


def test_checkpoints_have_distinct_names(checkpoint: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tiny.pt"
    copy.write_bytes(checkpoint.read_bytes() + b" ")
    names = {WhisperRecogniser(options(path)).name for path in (checkpoint, copy)}
    assert len(names) == 2
    assert all(name.startswith("tiny-") for name in names)


class Bomb:
    def __reduce__(self) -> Any:
        return (open, ("bomb-went-off", "w"))


def test_pickled_code_is_refused_and_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, save in (("new.pt", torch.save), ("old.pt", _pickle)):
        save({"dims": {}, "model_state_dict": Bomb()}, tmp_path / name)
        with pytest.raises(DataError, match=rf"{name}.*no code in it was run"):
            check_checkpoint(tmp_path / name)
    assert not (tmp_path / "bomb-went-off").exists()


def _pickle(value: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps(value))


def test_a_checkpoint_may_name_its_alignment_heads(checkpoint: Path, tmp_path: Path) -> None:
    weights = torch.load(checkpoint, weights_only=True)
    assert heads_of(checkpoint) == [[0, 0], [0, 1]]
    torch.save(weights | {"alignment_heads": [[0, 1]]}, tmp_path / "named.pt")
    assert heads_of(tmp_path / "named.pt") == [[0, 1]]
    for wrong in ([[7, 7]], [[0]], [0, 1], "all", [["0", "1"]]):
        torch.save(weights | {"alignment_heads": wrong}, tmp_path / "wrong.pt")
        with pytest.raises(DataError, match="download it again"):
            heads_of(tmp_path / "wrong.pt")


def heads_of(checkpoint: Path) -> list[list[int]]:
    model = load_model(find_weights(str(checkpoint), False, print), "cpu")
    heads: list[list[int]] = model.alignment_heads.indices().T.tolist()
    return heads


@pytest.mark.parametrize("kept", [0, 10, 1000, 0.5, 0.99])
def test_a_truncated_checkpoint_is_an_error(checkpoint: Path, tmp_path: Path, kept: float) -> None:
    data = checkpoint.read_bytes()
    path = tmp_path / "cut.pt"
    path.write_bytes(data[: int(kept * len(data)) if 0 < kept < 1 else int(kept)])
    with pytest.raises(DataError, match=r"cut\.pt"):
        check_checkpoint(path)


def test_a_file_that_is_not_a_checkpoint_is_an_error(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "odd.pt"
    whole = torch.load(checkpoint, weights_only=True)
    huge = whole | {"dims": whole["dims"] | {"n_vocab": 10**12}}
    deep = whole | {"dims": whole["dims"] | {"n_text_layer": 10**6}}
    heads = whole | {"dims": whole["dims"] | {"n_text_head": 3}}
    for value in (b"just text", {"a": torch.zeros(1)}, [1, 2], huge, deep, heads):
        if isinstance(value, bytes):
            path.write_bytes(value)
        else:
            torch.save(value, path)
        with pytest.raises(DataError, match=r"odd\.pt"):
            check_checkpoint(path)
    check_checkpoint(checkpoint)


def test_a_checkpoint_with_nan_weights_is_an_error(checkpoint: Path, tmp_path: Path) -> None:
    loaded = torch.load(checkpoint, weights_only=True)
    next(iter(loaded["model_state_dict"].values()))[..., 0] = float("nan")
    torch.save(loaded, tmp_path / "nan.pt")
    recogniser = WhisperRecogniser(options(tmp_path / "nan.pt"))
    with pytest.raises(DataError, match=r"nan\.pt: has weights that aren't finite"):
        recogniser.transcribe(waves(1), "zh")


def test_a_checkpoint_without_a_tensor_is_an_error(checkpoint: Path, tmp_path: Path) -> None:
    whole = torch.load(checkpoint, weights_only=True)
    del whole["model_state_dict"]["decoder.blocks.0.mlp.0.weight"]
    torch.save(whole, tmp_path / "less.pt")
    recogniser = WhisperRecogniser(options(tmp_path / "less.pt"))
    with pytest.raises(DataError, match=r"less\.pt: its weights don't fit its dims"):
        recogniser.transcribe(waves(1), "zh")


def test_a_missing_model_names_both_remedies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(DataError, match=r"large-v3.*--model PATH.*3090 MB.*--download"):
        find_weights("large-v3", download=False, announce=print)
    with pytest.raises(DataError, match=r"gone\.pt.*neither a file.*large-v3"):
        find_weights("gone.pt", download=True, announce=print)


def test_a_download_is_announced_checked_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    import whisper

    digest = hashlib.sha256(b"weights").hexdigest()
    origin = tmp_path / digest / "tiny.pt"
    origin.parent.mkdir()
    monkeypatch.setitem(whisper._MODELS, "tiny", origin.as_uri())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said: list[str] = []
    with pytest.raises(DataError, match=r"can't be reached.*--model PATH.*--download"):
        find_weights("tiny", download=True, announce=said.append)
    origin.write_bytes(b"other")
    with pytest.raises(DataError, match="wrong hash"):
        find_weights("tiny", download=True, announce=said.append)
    assert list((tmp_path / "cache" / "whisper").iterdir()) == []
    origin.write_bytes(b"weights")
    found = find_weights("tiny", download=True, announce=said.append)
    assert found.path.read_bytes() == b"weights"
    assert "tiny, 76 MB" in said[-1]
    origin.unlink()
    assert find_weights("tiny", download=False, announce=said.append) == found
    found.path.write_bytes(b"weigh")
    with pytest.raises(DataError, match="damaged"):
        find_weights("tiny", download=False, announce=said.append)


@pytest.mark.parametrize(
    ("given", "languages", "code"),
    [
        ("cmn-Hans", 99, "zh"),
        ("wuu", 99, "zh"),
        ("yue", 99, "zh"),
        ("yue", 100, "yue"),
        ("jv", 99, "jw"),
        ("nb", 99, "no"),
        ("Polish", 99, "pl"),
        (None, 99, None),
    ],
)
def test_languages_have_whispers_codes(given: str | None, languages: int, code: str | None) -> None:
    model = SimpleNamespace(is_multilingual=True, num_languages=languages)
    assert language_code(model, given) == code


def test_a_language_that_whisper_lacks_is_refused_with_the_way_out() -> None:
    model = SimpleNamespace(is_multilingual=True, num_languages=99)
    with pytest.raises(ConfigurationError, match=r"language 'szl'; .* or auto to have it detected"):
        language_code(model, "szl")
