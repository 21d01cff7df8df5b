"""Whisper's prompt: words of a lexicon as far as there is room, then the user's own text."""

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["prompt_tokens"]


def prompt_tokens(
    tokenizer: Any, prompt: str | None, lexicon: Sequence[str], budget: int
) -> tuple[list[int], int]:
    """Return the tokens of the prompt, and how many words of the lexicon are among them.

    Whisper reads at most half of its context as a prompt, and keeps its end. So the user's text
    stands last, and the words before it are taken from the beginning of the lexicon.

    Args:
        tokenizer: Whisper's.
        prompt: the user's text.
        lexicon: words to expect, the most important first.
        budget: tokens that the prompt may have.
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
