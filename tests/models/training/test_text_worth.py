import numpy as np
import pytest

from models.training.text_worth import text_worth

SENTENCES = [[f"w{number}", f"v{number % 7}", "ja"] for number in range(12)]


def design(speakers, classes, share=1.0, seed=0):
    """Return words, labels and speakers of clips, each sentence read in every class by each."""
    rows = [
        (words, label, f"s{speaker}")
        for speaker in range(speakers)
        for words in SENTENCES
        for label in range(classes)
    ]
    kept = np.random.default_rng(seed).random(len(rows)) < share
    return zip(*(row for row, keep in zip(rows, kept, strict=True) if keep), strict=True)


@pytest.mark.parametrize(("speakers", "classes"), [(4, 6), (3, 4), (1, 6)])
def test_sentences_read_in_every_class_tell_nothing(speakers, classes):
    worth = text_worth(*design(speakers, classes))
    assert not worth.tells
    assert worth.chance >= 1 / classes
    assert worth.sentence.startswith("the text tells nothing here: from the texts of other ")


def test_a_part_of_such_sentences_rarely_seems_to_tell_something():
    seeming = [text_worth(*design(6, 6, 0.5, seed)).tells for seed in range(40)]
    assert sum(seeming) <= 6  # a test at 5 %: 2 are expected


def test_words_of_a_class_tell_it_in_every_tenth_clip():
    words, labels, speakers = design(6, 6)
    random = np.random.default_rng(3)
    hinted = [
        [*own, f"class{label}"] if random.random() < 0.1 else own
        for own, label in zip(words, labels, strict=True)
    ]
    assert text_worth(hinted, labels, speakers).tells


def test_words_of_speakers_with_a_class_each_tell_nothing():
    labels = [speaker % 3 for speaker in range(6) for _ in range(20)]
    speakers = [f"s{speaker}" for speaker in range(6) for _ in range(20)]
    texts = [[f"name{speaker}", f"w{k}"] for speaker in range(6) for k in range(20)]
    assert not text_worth(texts, labels, speakers).tells


def test_what_an_encoder_may_know_is_left_undecided():
    unique = [[f"w{number}"] for number in range(120)]
    labels, speakers = [number % 6 for number in range(120)], ["a", "b"] * 60
    assert not text_worth(unique, labels, speakers).tells
    assert text_worth(unique, labels, speakers, repeated=True) is None
    words, labels, speakers = design(4, 6)
    assert not text_worth(words, labels, speakers, repeated=True).tells


@pytest.mark.parametrize(
    "texts", [[[]] * 100, [["a"]] * 49 + [[]] * 51], ids=["no texts", "few texts"]
)
def test_too_few_texts_decide_nothing(texts):
    assert text_worth(texts, [0, 1] * 50, ["a", "b"] * 50) is None
