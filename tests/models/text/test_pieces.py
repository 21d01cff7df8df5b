from hypothesis import given
from hypothesis import strategies as st

from models.text.pieces import pieces, runs
from models.text.vocabulary import Vocabulary

TEXTS = [["我", "晓得"], ["我", "要得"], ["czekam"], ["czekasz"]]


def test_chinese_words_fall_into_characters_and_others_stay_whole():
    assert [piece for piece, _ in pieces(["t恤", "zażółć"])] == ["^", "t", "恤", "zażółć", "$"]


def test_forms_of_a_word_share_runs_of_letters():
    shared = {*runs(["czekam"])} & {*runs(["czekasz"])}
    assert "<czek" in shared
    assert not any(run.startswith("<") for run in runs(["晓得"]))


@given(st.lists(st.text(alphabet="我晓得要abż", min_size=1, max_size=4), max_size=6))
def test_a_text_has_runs_if_it_has_words_and_a_run_for_each_piece(words):
    found = runs(words)
    assert bool(found) == bool(words)
    assert {piece for piece, _ in pieces(words)} <= {*found}


def test_a_place_has_the_number_of_its_piece_and_that_of_its_word():
    vocabulary = Vocabulary.build(TEXTS, with_pieces=True)
    assert vocabulary.words == ("我",)  # the others come once
    numbers = vocabulary.encode(["我", "晓得"], 50)
    assert len(numbers) == 2 * 5
    assert numbers[2:4] == [2 + 1 + vocabulary.pieces.index("我"), 2]
    assert numbers[5] == numbers[7] == 1
    assert vocabulary.encode([], 50) == []


def test_runs_follow_with_numbers_beyond_the_vectors():
    vocabulary = Vocabulary.build(TEXTS, with_pieces=True, with_runs=True)
    numbers = vocabulary.encode(["我"], 50)
    assert all(number < len(vocabulary) for number in numbers[:6])
    assert all(number >= len(vocabulary) for number in numbers[6:])
    assert "我 得" not in vocabulary.runs
    assert "^ 我" in vocabulary.runs
    assert "晓 得" not in vocabulary.runs  # in one text only


def test_a_vocabulary_survives_its_document():
    vocabulary = Vocabulary.build(TEXTS, with_pieces=True, with_runs=True)
    assert Vocabulary.parse(vocabulary.document()) == vocabulary
