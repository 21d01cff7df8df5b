import string

from hypothesis import example, given
from hypothesis import strategies as st

from corpus_tools.media.identity import path_in_record, slug, source_id


@given(st.text(max_size=120))
@example("0..0")
def test_a_slug_is_safe_as_a_file_name_anywhere(name):
    name = slug(name)
    assert 0 < len(name.encode()) <= 80
    assert name[0] not in "-._"
    assert name[-1] not in "-._"
    assert not set(name) & set('/\\:*?"<>|\0 \n\t' + string.whitespace)
    assert ".." not in name
    assert slug(name) == name


def test_long_chinese_names_are_cut_at_a_character():
    name = slug("傻" * 100)
    assert name == "傻" * 26


def test_ids_depend_on_content_and_track():
    assert source_id("-x", "ab" * 32) == "x-abababababab"
    assert source_id("x", "ab" * 32, 1) == "x-abababababab-t1"


def test_paths_outside_the_corpus_are_not_recorded(tmp_path):
    corpus = tmp_path / "corpus"
    (corpus / "media").mkdir(parents=True)
    assert path_in_record(corpus / "media" / "a.mp4", corpus) == "media/a.mp4"
    assert path_in_record(tmp_path / "private" / "b.mp4", corpus) == "b.mp4"
