"""Word times of Whisper, by dynamic time warping over its decoder's attention.

As in openai-whisper (whisper/timing.py), but reusing the encoder's output of decoding, and without
losing bytes of a text where tokens aren't words. The path is the same, but without numba, which
takes seconds to compile and, once it has run in parallel, slows down PyTorch's own threads.
"""

import codecs
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recognisers.base import Word

__all__ = [
    "align_words",
    "dtw_path",
    "median_filtered",
    "split_words",
    "timed_words",
    "token_frames",
]


def token_frames(attention: Any, count: int) -> NDArray[np.int64]:
    """Return the first frame of each token and the frame where the text ends; shape (count + 1,).

    The attention while reading a token belongs to the next one, which it predicts. The path runs
    through the normalised, smoothed attention averaged over the heads, and never goes back.
    ``attention`` is before the softmax; shape (heads, start + count tokens + end, frames).
    """
    import torch

    weights = attention.softmax(dim=-1)
    deviation, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    weights = ((weights - mean) / deviation).nan_to_num(0.0, 0.0, 0.0)
    matrix = torch.stack([median_filtered(head) for head in weights]).mean(dim=0)
    return dtw_path(-matrix[-count - 2 : -1].double().cpu().numpy())


def median_filtered(weights: Any) -> Any:
    """Apply a median filter of width 7 along the last axis, with mirrored ends.

    The comparison network is Devillard's (Fast median search, 1998), much faster than sorting.
    """
    import torch

    if weights.shape[-1] <= 3:
        return weights
    padded = torch.nn.functional.pad(weights, (3, 3), mode="reflect")
    seven = [padded[..., shift : shift + weights.shape[-1]] for shift in range(7)]
    for one, other in _COMPARISONS:
        seven[one], seven[other] = (
            torch.minimum(seven[one], seven[other]),
            torch.maximum(seven[one], seven[other]),
        )
    return seven[3]


def dtw_path(costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the first column of each row on the cheapest path between opposite corners.

    A step goes one row down, one column on, or both. The cells of a diagonal are computed together.

    Example:
        >>> dtw_path(np.array([[0.0, 0, 1, 1], [1, 1, 0, 0]])).tolist()
        [0, 2]
    """
    rows, columns = costs.shape
    diagonals = np.full((rows + columns - 1, rows), np.inf)
    row, column = np.indices(costs.shape)
    diagonals[row + column, row] = costs
    steps = np.empty(diagonals.shape, np.int8)
    before: NDArray[np.float64] = np.full(rows + 1, np.inf)
    last: NDArray[np.float64] = before.copy()
    before[0] = 0.0
    for index, diagonal in enumerate(diagonals):
        both, down, on = before[:-1], last[:-1], last[1:]
        step = np.where(
            (both < down) & (both < on), _BOTH, np.where(down < np.minimum(both, on), _DOWN, _ON)
        )
        steps[index] = step
        before, last = last, np.append(np.inf, diagonal + np.choose(step, (both, down, on)))
    return _backtrack_dtw(steps, rows, columns)


def _backtrack_dtw(steps: NDArray[np.int8], rows: int, columns: int) -> NDArray[np.int64]:
    first = np.zeros(rows, np.int64)
    row, column = rows - 1, columns - 1
    while row >= 0 and column >= 0:
        first[row] = column
        step = steps[row + column, row]
        row -= step != _ON
        column -= step != _DOWN
    return first


_BOTH, _DOWN, _ON = 0, 1, 2
_COMPARISONS = (
    *((0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6)),
    *((2, 3), (3, 6), (4, 5), (1, 4), (1, 3), (3, 4)),
)


@dataclass
class TimedWord:
    """A word with its tokens, in the form that Whisper's ``merge_punctuations`` expects.

    ``start`` and ``end`` are frames.
    """

    word: str
    tokens: list[int]
    start: int
    end: int
    logprob: float


def align_words(model: Any, result: Any, samples: int) -> list[Word]:
    """Return the words of a decoded piece of ``samples`` at 16 kHz (without padding), with times.

    Times are in seconds from the beginning of the piece. Joined and stripped, the words are the
    text. A word's probability is the geometric mean of its tokens' probabilities.
    """
    from whisper.audio import N_SAMPLES_PER_TOKEN
    from whisper.tokenizer import get_tokenizer

    tokenizer = get_tokenizer(
        model.is_multilingual,
        num_languages=model.num_languages,
        language=result.language,
        task="transcribe",
    )
    tokens = [token for token in result.tokens if token < tokenizer.eot]
    if not tokens:
        return []
    frames = max(math.ceil(samples / N_SAMPLES_PER_TOKEN), 1)
    attention, logprobs = _attention_and_logprobs(model, tokenizer, result.audio_features, tokens)
    attention = attention[:, :, :frames]
    seen = attention.softmax(dim=-1).mean(dim=0)[-len(tokens) - 2 : -1].double().cpu().numpy()
    return timed_words(tokenizer, tokens, token_frames(attention, len(tokens)), logprobs, seen)


def timed_words(
    tokenizer: Any,
    tokens: Sequence[int],
    begins: NDArray[np.int64],
    logprobs: Sequence[float],
    seen: NDArray[np.float64],
) -> list[Word]:
    """Return the words of tokens, given as `token_frames` returns them, with log-probabilities.

    Long words are shortened to where ``seen``, shape (tokens, frames), is largest.
    """
    from whisper.audio import N_SAMPLES_PER_TOKEN, SAMPLE_RATE
    from whisper.timing import merge_punctuations

    timed = []
    position = 0
    for text, held in split_words(tokenizer, tokens):
        after = position + len(held)
        logprob = sum(logprobs[position:after]) / len(held)
        timed.append(TimedWord(text, held, int(begins[position]), int(begins[after]), logprob))
        position = after
    _trim_pauses(timed, seen)
    merge_punctuations(timed, _PREPENDED, _APPENDED)
    second = SAMPLE_RATE / N_SAMPLES_PER_TOKEN
    return [
        Word(
            word.start / second,
            max(word.start, word.end) / second,
            word.word,
            math.exp(word.logprob),
        )
        for word in timed
        if word.word
    ]


def split_words(tokenizer: Any, tokens: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Yield words and their tokens, divided at spaces, or token by token in spaceless languages.

    Characters of several tokens stay whole. The joined words are the tokens' text.
    """
    spaceless = tokenizer.language in _SPACELESS
    word, held = "", list[int]()
    for text, subword in _characters(tokenizer, tokens):
        begins = spaceless or text.startswith(" ") or not any(map(str.isalnum, text))
        if begins and held:
            yield word, held
            word, held = "", []
        word, held = word + text, held + subword
    if held:
        yield word, held


def _characters(tokenizer: Any, tokens: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Yield the shortest runs of tokens that form whole characters, with their text."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text, held = "", list[int]()
    for token in tokens:
        text += decoder.decode(tokenizer.encoding.decode_single_token_bytes(token))
        held.append(token)
        if not decoder.getstate()[0]:
            yield text, held
            text, held = "", []
    if held:
        yield text + decoder.decode(b"", final=True), held


def _attention_and_logprobs(
    model: Any, tokenizer: Any, features: Any, tokens: list[int]
) -> tuple[Any, list[float]]:
    """Return the attention that `token_frames` takes, and each token's log-probability."""
    import torch
    from whisper.model import disable_sdpa

    heads = model.alignment_heads.indices().T.tolist()
    attention: dict[tuple[int, int], Any] = {}

    def hook_attention(layer: int) -> Any:
        def keep(module: Any, given: Any, output: Any) -> None:
            attention.update({(layer, h): output[-1][0, h] for of, h in heads if of == layer})

        return model.decoder.blocks[layer].cross_attn.register_forward_hook(keep)

    start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    text = torch.tensor([[*start, *tokens, tokenizer.eot]], device=features.device)
    hooks = [hook_attention(layer) for layer in sorted({layer for layer, _ in heads})]
    try:
        with torch.no_grad(), disable_sdpa():
            logits = model.decoder(text, features[None])[0]
    finally:
        for hook in hooks:
            hook.remove()
    known = logits[len(start) - 1 : -2, : tokenizer.eot].float().log_softmax(dim=-1)
    logprobs = known[torch.arange(len(tokens)), tokens].tolist()
    return torch.stack([attention[layer, head] for layer, head in heads]), logprobs


def _trim_pauses(words: Sequence[TimedWord], seen: NDArray[np.float64]) -> None:
    """Shorten words of more than twice the usual length to the part with most of the attention.

    Alignment divides all of the time among the words, so that pauses, music and noise between two
    clips lengthen the words beside them. ``seen`` is the attention while predicting each token,
    shape (tokens, frames).
    """
    lengths = sorted(word.end - word.start for word in words if word.end > word.start)
    usual = min(lengths[len(lengths) // 2], _MAX_TYPICAL) if lengths else 0
    position = 0
    for word in words:
        after = position + len(word.tokens)
        if word.end - word.start > 2 * usual:
            profile = seen[position:after, word.start : word.end].sum(axis=0)
            word.start += int(np.argmax(np.convolve(profile, np.ones(usual), "valid")))
            word.end = word.start + usual
        position = after


_SPACELESS = {"zh", "ja", "th", "lo", "my", "yue"}  # Whisper's own list
_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"
_MAX_TYPICAL = 35  # frames of a typical word
