import pytest
from whisper.tokenizer import get_tokenizer

from corpus_tools.transcription.recognisers.whisper import prompt_tokens

TOKENIZER = get_tokenizer(True)


def test_words_come_before_the_users_text() -> None:
    tokens, words = prompt_tokens(TOKENIZER, "四川话。", ["巴适", "莫得"], 223)
    assert TOKENIZER.decode(tokens) == "巴适、莫得、 四川话。"
    assert words == 2


def test_as_many_words_as_there_is_room_for() -> None:
    tokens, words = prompt_tokens(TOKENIZER, "四川话。", ["巴适", "莫得"] * 100, 40)
    assert len(tokens) <= 40
    assert 0 < words < 200
    assert TOKENIZER.decode(tokens).endswith("、 四川话。")


@pytest.mark.parametrize("prompt", ["很长的话" * 100, "<|endoftext|>" * 100])
def test_a_long_prompt_keeps_its_end_and_nothing_in_it_is_a_command(prompt: str) -> None:
    tokens, words = prompt_tokens(TOKENIZER, prompt, ["巴适"], 30)
    assert (len(tokens), words) == (30, 0)
    assert max(tokens) < TOKENIZER.eot


def test_an_empty_prompt_has_no_tokens() -> None:
    assert prompt_tokens(TOKENIZER, None, [], 223) == ([], 0)
