import pytest

from annotation.judgements.importing import import_annotations
from annotation.judgements.store import corrected_transcripts
from annotation.tasks.export import export_tasks


@pytest.fixture
def answer(corpus, exporter, items):
    def answer(*texts, clip=0):
        annotations = [
            exporter.annotation(
                items(text=text),
                completed_by=person,
                updated_at=f"2026-11-22T14:00:{person:02d}Z",
            )
            for person, text in enumerate(texts)
        ]
        exporter.task(corpus.ids()[clip], *annotations)
        import_annotations(corpus.root, [exporter.write()])

    return answer


def test_untouched_text_is_no_correction(corpus, answer):
    export_tasks(corpus.root)
    answer("今天巴适 0", " 今天巴适 0\n", None, "")
    assert corrected_transcripts(corpus.root) == {}


def test_one_correction_outranks_many_unchanged_texts(corpus, answer):
    export_tasks(corpus.root)
    answer("今天巴适 0", "今天安逸", "今天巴适 0")
    assert corrected_transcripts(corpus.root) == {corpus.ids()[0]: "今天安逸"}


def test_most_frequent_change_wins_then_the_latest(corpus, answer):
    export_tasks(corpus.root)
    answer("甲", "甲", "乙")
    answer("丙", "丁", clip=1)
    assert list(corrected_transcripts(corpus.root).values()) == ["甲", "丁"]


def test_clip_without_a_task_is_compared_with_its_transcripts(corpus, answer):
    answer("今天巴适 0")
    answer("改", clip=1)
    assert corrected_transcripts(corpus.root) == {corpus.ids()[1]: "改"}
