"""Prompt of Whisper: as many words of a lexicon as fit, then the user's text."""

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["prompt_tokens"]


def prompt_tokens(
    tokenizer: Any, prompt: str | None, lexicon: Sequence[str], budget: int
) -> tuple[list[int], int]:
    """Return the tokens of the prompt, and the number of lexicon words in it.

    Whisper uses at most half of its context for the prompt and keeps the prompt's end. The user's
    text therefore comes last, after the first words of the lexicon.

    Args:
        tokenizer: Whisper's tokenizer.
        prompt: the user's text.
        lexicon: expected words, the most important first.
        budget: maximum number of tokens.
    """
    own = _encoded(tokenizer, " " + prompt.strip()) if prompt else []
    separator = "、" if any(_HAN.search(word) for word in lexicon) else ", "
    tokens: list[int] = []
    for count, word in enumerate(lexicon):
        more = _encoded(tokenizer, f"{word}{separator}")
        if len(tokens) + len(more) + len(own) > budget:
            return (tokens + own)[-budget:], count
        tokens += more
    return (tokens + own)[-budget:], len(lexicon)


def _encoded(tokenizer: Any, text: str) -> list[int]:
    tokens: list[int] = tokenizer.encode(text, disallowed_special=())  # "<|zh|>" is text, too
    return tokens


_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
