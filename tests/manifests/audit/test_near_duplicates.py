import random

import pytest

from manifests.audit.near_duplicates import near_duplicate_texts
from manifests.base.letters import plain_letters


def sentence(chance):
    """Return seven random words."""
    return " ".join("".join(chance.choices("abdefghiklmnoprstuvwz", k=6)) for _ in range(7))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("你今天到底去了哪里呀?", "你今天到低去了哪里呀"),
        ("你今天到底去了哪里呀", "啊,你今天到底去了哪里呀!"),
        ("Gdzie byłaś przez całą noc?", "GDZIE BYŁAŚ, PRZEZ CAŁĄ NOC"),
        ("Gdzie byłaś przez całą noc?", "Gdzie byłeś przez całą noc?"),
        ("आप कल रात को किस जगह पर थे, मुझे सच बताइए", "आप कल रात को किस जगह थे मुझे सच बताइए"),
        ("오늘 밤에 어디에 갔었는지", "오늘 밤에 어디에 갔었는지요"),
    ],
)
def test_copies_are_found_in_any_script(one, other):
    found = near_duplicate_texts({"a": one, "b": other, "c": "Das ist ein ganz anderer Satz."})
    assert found == {"a": found["a"], "b": found["a"]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("好", "好"),
        ("Yes, of course", "yes of course!"),
        ("你怎么在这儿", "你怎么在这儿"),
        ("我今天下午要去学校上课", "我昨天晚上在家里看电视"),
        ("", ""),
        ("…?!", "…?!"),
    ],
)
def test_short_and_different_texts_are_no_copies(one, other):
    assert near_duplicate_texts({"a": one, "b": other}) == {}


def test_result_does_not_depend_on_order():
    chance = random.Random(1)
    texts = {f"{number:03}": sentence(chance) for number in range(300)}
    for number in range(0, 300, 3):
        texts[f"copy{number:03}"] = texts[f"{number:03}"].replace(" ", ", ", 1)[:-1]
    found = near_duplicate_texts(texts)
    shuffled = list(texts.items())
    chance.shuffle(shuffled)
    assert near_duplicate_texts(dict(shuffled)) == found
    assert all(found[f"copy{number:03}"] == found[f"{number:03}"] for number in range(0, 300, 3))
    assert len(found) < 250


def test_the_original_is_the_text_that_most_clips_have():
    often, slip = "morning lantern in the winter garden", "morning lantern in a winter garden"
    texts = {"a": slip, "b": often, "c": often}
    assert set(near_duplicate_texts(texts).values()) == {often}


def test_near_duplicates_are_not_transitive():
    chain = ["abcdefghijklmnopqrst", "efghijklmnopqrstuvwx", "klmnopqrstuvwxyz1234"]
    found = near_duplicate_texts({str(number): text for number, text in enumerate(chain)})
    assert found.keys() == {"0", "1"}


def test_a_common_run_does_not_make_texts_near_duplicates():
    chance = random.Random(2)
    texts = {str(number): f"Once upon a time {sentence(chance)}" for number in range(2000)}
    assert len(near_duplicate_texts(texts)) < 200


def test_normalised_keeps_letters_and_digits():
    assert plain_letters("  «Ça va?»_ 12 ") == "çava12"


def test_among_very_many_texts_only_exact_duplicates_are_found(monkeypatch):
    monkeypatch.setattr("manifests.audit.near_duplicates.MOST_TEXTS", 3)
    texts = {"a": "morning lantern in the garden", "b": "Morning lantern, in the garden!"}
    texts |= {"c": "morning lantern in a garden", "d": "something else is said in here"}
    assert near_duplicate_texts(texts).keys() == {"a", "b"}
