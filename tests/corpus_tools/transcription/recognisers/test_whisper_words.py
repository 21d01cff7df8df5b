from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import whisper
from hypothesis import given
from hypothesis import strategies as st
from whisper.timing import dtw_cpu, find_alignment
from whisper.tokenizer import get_tokenizer

from corpus_tools.transcription.recognisers import whisper_timing
from corpus_tools.transcription.recognisers.base import RecogniserOptions
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from corpus_tools.transcription.recognisers.whisper_timing import align_words, split_words

SECONDS = 12
TOKENIZER = get_tokenizer(True, language="zh", task="transcribe")


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> Any:
    return whisper.load_model(str(checkpoint), device="cpu").eval()


@pytest.fixture(scope="module")
def mel() -> Any:
    noise = np.random.default_rng(7).normal(0, 0.1, SECONDS * 16000).astype(np.float32)
    return whisper.log_mel_spectrogram(whisper.pad_or_trim(noise))


@pytest.fixture(scope="module")
def result(model: Any, mel: Any) -> Any:
    options = whisper.DecodingOptions(
        language="zh", temperature=0.0, sample_len=30, without_timestamps=True, fp16=False
    )
    found = whisper.decode(model, mel, options)
    tokens = [token for token in found.tokens if token < TOKENIZER.eot]
    return replace(found, tokens=tokens, text=TOKENIZER.decode(tokens).strip())


def test_words_are_where_whisper_finds_them(
    model: Any, mel: Any, result: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # compiled, it would slow down PyTorch's later tests
    monkeypatch.setattr("whisper.timing.dtw", lambda x: dtw_cpu.py_func(x.double().numpy()))
    monkeypatch.setattr(whisper_timing, "_trim_pauses", lambda words, seen: None)
    expected = find_alignment(model, TOKENIZER, result.tokens, mel, SECONDS * 100)
    found = align_words(model, result, SECONDS * 16000)
    assert "".join(word.text for word in found).strip() == result.text
    assert len(found) > 10
    assert {round(word.start, 2) for word in found} <= {round(one.start, 2) for one in expected}
    single = {(one.word, one.start): one.probability for one in expected if len(one.tokens) == 1}
    same = {(word.text, word.start): word.probability for word in found}
    assert len(same.keys() & single.keys()) > 10
    for key in same.keys() & single.keys():
        assert same[key] == pytest.approx(single[key], rel=1e-3)


def test_a_word_that_swallows_a_pause_is_where_the_attention_is() -> None:
    words = [
        whisper_timing.TimedWord(text, [1], start, end, -0.1)
        for text, start, end in [("a", 0, 20), ("b", 20, 40), ("c", 40, 160), ("d", 160, 180)]
    ]
    seen = np.full((4, 200), 0.001)
    seen[2, 130:145] = 0.05  # c comes after a pause
    seen[3, 100:120] = 0.9
    whisper_timing._trim_pauses(words, seen)
    assert [(one.start, one.end) for one in words] == [(0, 20), (20, 40), (125, 145), (160, 180)]
    assert words[2].end - words[2].start == 20


def test_the_encoder_runs_once(model: Any, result: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model.encoder, "forward", None)
    assert align_words(model, result, SECONDS * 16000)


@pytest.mark.parametrize("samples", [0, 1, 1000, 30 * 16000])
def test_words_lie_in_the_sound_in_order(model: Any, result: Any, samples: int) -> None:
    words = align_words(model, result, samples)
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= samples / 16000 + 0.02
    assert all(0 <= (word.probability or 0) <= 1 for word in words)


def test_a_text_without_tokens_has_no_words(model: Any, result: Any) -> None:
    assert align_words(model, replace(result, tokens=[]), 16000) == []


@given(st.lists(st.integers(0, 50256), max_size=40), st.sampled_from(["zh", "pl"]))
def test_splitting_loses_no_token_and_no_character(tokens: list[int], language: str) -> None:
    tokenizer = get_tokenizer(True, language=language, task="transcribe")
    words = list(split_words(tokenizer, tokens))
    assert [token for _, held in words for token in held] == tokens
    assert "".join(text for text, _ in words) == tokenizer.decode(tokens)
    assert all(held for _, held in words)


def test_words_are_characters_in_chinese_and_words_elsewhere() -> None:
    text = "巴适得很，龟儿子𠮷！"
    words = [text for text, _ in split_words(TOKENIZER, TOKENIZER.encode(text))]
    assert "".join(words) == text
    assert len(words) >= 8
    polish = get_tokenizer(True, language="pl", task="transcribe")
    tokens = polish.encode(" Zażółć gęślą jaźń, proszę.")
    words = [text for text, _ in split_words(polish, tokens)]
    assert words == [" Zażółć", " gęślą", " jaźń", ",", " proszę", "."]


def test_word_times_continue_beyond_30_s(checkpoint: Path) -> None:
    wave = np.random.default_rng(3).normal(0, 0.1, 40 * 16000).astype(np.float32)
    recogniser = WhisperRecogniser(
        RecogniserOptions(
            model=str(checkpoint), device="cpu", temperatures=(0.0,), max_tokens=8, words=True
        )
    )
    (whole,) = recogniser.transcribe([wave], "zh")
    assert whole.words is not None
    assert [word.start for word in whole.words] == sorted(word.start for word in whole.words)
    assert whole.words[0].start < 30 <= whole.words[-1].start <= whole.words[-1].end <= 40.02
