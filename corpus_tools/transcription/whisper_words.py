"""Word times of Whisper, from its decoder's attention.

As in openai-whisper (whisper/timing.py), but reusing the encoder's output of decoding, and without
losing bytes of a text where tokens aren't words.
"""

import codecs
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from corpus_tools.transcription.recogniser import Word
from corpus_tools.transcription.whisper_path import token_frames

__all__ = ["align_words", "split_words"]


@dataclass
class TimedWord:
    """A word with its tokens, in the form that Whisper's ``merge_punctuations`` expects."""

    word: str
    tokens: list[int]
    start: float
    end: float
    logprob: float


def align_words(model: Any, result: Any, samples: int) -> list[Word]:
    """Return the words of a decoded piece with their times.

    A word's probability is the geometric mean of its tokens' probabilities.

    Args:
        model: Whisper model.
        result: ``DecodingResult`` of the piece.
        samples: length of the piece at 16 kHz, without padding.

    Returns:
        Words in the order of the text, with times in seconds from the beginning of the piece.
        Joined and stripped, they are the text.
    """
    from whisper.audio import N_SAMPLES_PER_TOKEN, SAMPLE_RATE
    from whisper.timing import merge_punctuations
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
    begins = token_frames(attention[:, :, :frames], len(tokens)) * (
        N_SAMPLES_PER_TOKEN / SAMPLE_RATE
    )
    timed = []
    position = 0
    for text, held in split_words(tokenizer, tokens):
        after = position + len(held)
        logprob = sum(logprobs[position:after]) / len(held)
        timed.append(TimedWord(text, held, float(begins[position]), float(begins[after]), logprob))
        position = after
    _trim_pauses(timed)
    merge_punctuations(timed, _PREPENDED, _APPENDED)
    return [
        Word(word.start, max(word.start, word.end), word.word, math.exp(word.logprob))
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
    """Run the decoder on the whole text, and return its cross-attention and token scores.

    Returns:
        Attention of the alignment heads before the softmax, shape (heads, start + tokens + end,
        frames), and the log-probability of each token.
    """
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


def _trim_pauses(words: list[TimedWord]) -> None:
    """Remove pauses that alignment assigned to words beside the end of a sentence."""
    lengths = sorted(word.end - word.start for word in words if word.end > word.start)
    usual = min(lengths[len(lengths) // 2], _MAX_TYPICAL) if lengths else 0.0
    for index, word in enumerate(words):
        if word.end - word.start <= 2 * usual:
            continue
        if word.word.strip() in _SENTENCE_ENDS:
            word.end = word.start + 2 * usual
        elif index and words[index - 1].word.strip() in _SENTENCE_ENDS:
            word.start = word.end - 2 * usual


_SPACELESS = {"zh", "ja", "th", "lo", "my", "yue"}  # Whisper's own list
_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"
_SENTENCE_ENDS = tuple(".。!！?？")
_MAX_TYPICAL = 0.7  # seconds of a typical word
