import os
import subprocess
import sys

import numpy as np
import pytest

from manifests.base.errors import ConfigurationError, DataError
from models.config.branches import WordSettings
from models.config.train import TrainSettings
from models.text.vectors import learn_words, read_vectors, train_vectors
from models.text.vocabulary import Vocabulary

TEXTS = [["今天", "巴适", "得很"], ["今天", "惨", "了"], [], ["巴适"]]


@pytest.fixture
def vocabulary():
    return Vocabulary.build(TEXTS)


def test_the_most_frequent_words_come_first(vocabulary):
    assert vocabulary.words[:2] == ("今天", "巴适")
    assert len(vocabulary) == 2 + 5


def test_unknown_words_share_a_number_and_texts_are_cut(vocabulary):
    assert vocabulary.encode(["陌生", "今天", "今天"], 2) == [1, 2]


def test_coverage_counts_tokens_not_types(vocabulary):
    assert vocabulary.coverage([["今天", "今天", "陌生", "惨"]]) == 0.75
    assert vocabulary.coverage([[]]) is None


@pytest.mark.parametrize("document", [None, "巴适", [1], ["a", "a"]])
def test_a_damaged_vocabulary_is_refused(document):
    with pytest.raises(DataError, match="vocabulary"):
        Vocabulary.parse(document)


def test_trained_vectors_cover_all_words_and_leave_padding_at_zero(vocabulary):
    vectors = train_vectors(TEXTS, vocabulary, size=300)
    assert vectors.table.shape == (7, 300)
    assert not vectors.table[0].any()
    assert np.linalg.norm(vectors.table[1:], axis=1).min() > 0
    assert vectors.known == 1.0


def test_trained_vectors_do_not_depend_on_pythons_hash_seed():
    code = (
        "from models.text.vectors import train_vectors\n"
        "from models.text.vocabulary import Vocabulary\n"
        f"texts = {TEXTS!r}\n"
        "print(train_vectors(texts, Vocabulary.build(texts), size=8).table.tobytes().hex())"
    )
    other = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": other, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    own = train_vectors(TEXTS, Vocabulary.build(TEXTS), size=8)
    assert found.strip() == own.table.tobytes().hex()


def test_no_text_at_all_gives_vectors_of_zero():
    vectors = train_vectors([[], []], Vocabulary.build([[], []]), size=4)
    assert vectors.table.shape == (2, 4)
    assert not vectors.table.any()


@pytest.mark.parametrize("head", ["2 3\n", ""])
def test_word2vec_and_glove_texts_are_read(tmp_path, vocabulary, head):
    path = tmp_path / "vectors.txt"
    path.write_text(head + "今天 1 0 0\n惨 0 1 0\n", encoding="utf-8")
    vectors = read_vectors(path, vocabulary)
    assert vectors.known == pytest.approx(2 / 5)
    today, sad = (vectors.table[vocabulary.encode([word], 1)[0]] for word in ("今天", "惨"))
    np.testing.assert_allclose(today, [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(sad, [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(vectors.table[1], [0.5, 0.5, 0], atol=1e-6)


def test_word2vec_binary_is_read(tmp_path, vocabulary):
    path = tmp_path / "vectors.bin"
    word = "巴适".encode()
    path.write_bytes(b"1 2\n" + word + b" " + np.array([3, 4], "<f4").tobytes())
    table = read_vectors(path, vocabulary).table
    np.testing.assert_allclose(table[vocabulary.encode(["巴适"], 1)[0]], [0.6, 0.8], atol=1e-6)


def test_gensims_own_format_is_refused_with_a_conversion_hint(tmp_path, vocabulary):
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(2)
    vectors.add_vectors(["巴适"], np.ones((1, 2), "f4"))
    vectors.save(str(tmp_path / "own.kv"))
    with pytest.raises(ConfigurationError, match="save_word2vec_format"):
        read_vectors(tmp_path / "own.kv", vocabulary)
    KeyedVectors.load(str(tmp_path / "own.kv")).save_word2vec_format(
        str(tmp_path / "vectors.bin"), binary=True
    )
    assert read_vectors(tmp_path / "vectors.bin", vocabulary).known == pytest.approx(1 / 5)


def test_pieces_get_vectors_of_their_own():
    vocabulary = Vocabulary.build(TEXTS, with_pieces=True)
    table = train_vectors(TEXTS, vocabulary, size=8).table
    assert table.shape == (len(vocabulary), 8)
    assert np.linalg.norm(table[1:], axis=1).min() > 0


def test_words_are_learnt_from_a_random_start_a_file_or_word2vec(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("今天 1 0 0\n惨 0 1 0\n", encoding="utf-8")
    by_default = learn_words(TEXTS, WordSettings(), 0)
    assert by_default[1].table.shape == (len(by_default[0]), WordSettings().size)
    assert not by_default[1].table[0].any()
    again = learn_words(TEXTS, WordSettings(), 0)
    np.testing.assert_array_equal(by_default[1].table, again[1].table)
    read = learn_words(TEXTS, WordSettings(vectors=str(path)), 0)
    assert read[1].table.shape[1] == 3
    paper = learn_words(TEXTS, TrainSettings(preset="paper").words, 0)
    assert paper[0] == Vocabulary.build(TEXTS)
    np.testing.assert_array_equal(paper[1].table, train_vectors(TEXTS, paper[0]).table)


@pytest.mark.parametrize("content", ["", "这 不是 向量\n", "hello 1 2 3\n", "2 3\n今天 1 0"])
def test_unusable_files_are_named(tmp_path, vocabulary, content):
    path = tmp_path / "other.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"other\.txt"):
        read_vectors(path, vocabulary)
    with pytest.raises(ConfigurationError, match="no such file"):
        read_vectors(tmp_path / "absent.txt", vocabulary)


def test_an_empty_file_is_refused(tmp_path, vocabulary):
    (tmp_path / "vectors.txt").touch()
    with pytest.raises(ConfigurationError, match="empty"):
        read_vectors(tmp_path / "vectors.txt", vocabulary)
