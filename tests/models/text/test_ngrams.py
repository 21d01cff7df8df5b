from hypothesis import given
from hypothesis import strategies as st

from models.text.vocabulary import Vocabulary, ngrams, split_pieces

TEXTS = [["我", "晓得"], ["我", "要得"], ["czekam"], ["czekasz"]]


def test_chinese_words_fall_into_characters_and_others_stay_whole():
    assert [piece for piece, _ in split_pieces(["t恤", "zażółć"])] == [
        "^",
        "t",
        "恤",
        "zażółć",
        "$",
    ]


def test_forms_of_a_word_share_letter_ngrams():
    shared = {*ngrams(["czekam"])} & {*ngrams(["czekasz"])}
    assert "<czek" in shared
    assert not any(gram.startswith("<") for gram in ngrams(["晓得"]))


@given(st.lists(st.text(alphabet="我晓得要abż", min_size=1, max_size=4), max_size=6))
def test_a_text_with_words_has_ngrams_and_one_for_each_piece(words):
    grams = ngrams(words)
    assert bool(grams) == bool(words)
    assert {piece for piece, _ in split_pieces(words)} <= {*grams}


def test_numbers_of_pieces_and_words_alternate():
    vocabulary = Vocabulary.build(TEXTS, with_pieces=True)
    assert vocabulary.words == ("我",)  # the others occur once
    numbers = vocabulary.encode(["我", "晓得"], 50)
    assert len(numbers) == 2 * 5
    assert numbers[2:4] == [2 + 1 + vocabulary.pieces.index("我"), 2]
    assert numbers[5] == numbers[7] == 1
    assert vocabulary.encode([], 50) == []


def test_ngrams_follow_with_numbers_beyond_the_vectors():
    vocabulary = Vocabulary.build(TEXTS, with_pieces=True, with_ngrams=True)
    numbers = vocabulary.encode(["我"], 50)
    assert all(number < len(vocabulary) for number in numbers[:6])
    assert all(number >= len(vocabulary) for number in numbers[6:])
    assert "我 得" not in vocabulary.ngrams
    assert "^ 我" in vocabulary.ngrams
    assert "晓 得" not in vocabulary.ngrams  # in one text only


def test_a_vocabulary_is_restored_from_its_document():
    vocabulary = Vocabulary.build(TEXTS, with_pieces=True, with_ngrams=True)
    assert Vocabulary.parse(vocabulary.document()) == vocabulary
