import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from rich.console import Console

from annotation.judgements.importing import import_annotations
from annotation.reliability.measure import measure_agreement
from annotation.reliability.page import agreement_page, write_agreement_page
from annotation.reliability.report import agreement_tables
from manifests.base.emotions import EMOTIONS


@pytest.fixture
def report(corpus, exporter, items, new_clip):
    """Three annotators on thirty clips: good, always happy, and quick."""
    clips = [new_clip(number) for number in range(30)]
    corpus.clips.clear()
    corpus.add(*clips)
    for number, clip in enumerate(clips):
        true = EMOTIONS[number % 6]
        exporter.task(
            clip.clip_id,
            exporter.annotation(items(true), completed_by=1, lead_time=9.0),
            exporter.annotation(items("happy"), completed_by=2, lead_time=7.0),
            exporter.annotation(items(true), completed_by=3, lead_time=1.5),
        )
    import_annotations(corpus.root, [exporter.write()])
    rows = [f"{clip.clip_id},{EMOTIONS[n % 6]}" for n, clip in enumerate(clips[:12])]
    gold = corpus.root / "annotations" / "gold.csv"
    gold.write_text("\n".join(["clip_id,emotion", *rows, ""]), encoding="utf-8")
    return measure_agreement(corpus.root)[0]


def test_gold_times_drift_and_suspicious_patterns(report):
    good, happy, quick = report.annotators
    assert (good.gold.answers, good.gold.right, happy.gold.right) == (12, 12, 2)
    assert report.gold_clips == 12
    assert (good.faster_than_clip, quick.faster_than_clip) == (0, 30)
    assert good.seconds == [9.0, 9.0, 9.0]
    assert good.kappa > happy.kappa
    assert happy.alpha_without == 1
    assert [len(row.quarters) for row in report.annotators] == [4, 4, 4]
    assert sum(quarter.answered for quarter in good.quarters) == 30
    assert good.confusion[EMOTIONS.index("sad")] == [0, 0, 5, 0, 0, 5]
    assert [finding.pattern for finding in good.suspicions] == []
    assert "one class" in [finding.pattern for finding in happy.suspicions]
    assert [finding.pattern for finding in quick.suspicions] == ["faster than the clip"]


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []
        self.attributes = {}

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.update(attributes)


def test_page_shows_the_figures_and_loads_nothing(report, tmp_path):
    write_agreement_page(tmp_path / "page.html", report, "试")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert {"script", "img", "link", "iframe", "object"}.isdisjoint(page.tags)
    assert {"src", "href", "style", "onload"}.isdisjoint(page.attributes)
    assert "http:" not in text
    assert "https:" not in text
    assert "default-src 'none'" in text.replace("&#39;", "'")
    assert page.tags.count("svg") >= 8
    assert f"{report.alpha.value:.3f}" in text
    assert not re.search(r"\b(nan|None|inf)\b", text)
    assert "100 % of the votes are &#39;happy&#39;" in text


def test_texts_of_the_corpus_are_escaped(report):
    hostile = "<script>alert(1)</script>"
    first, *rest = report.annotators
    names = {first.annotator: hostile}
    pairs = [
        replace(pair, annotators=tuple(names.get(name, name) for name in pair.annotators))
        for pair in report.pairs
    ]
    marked = replace(report, annotators=[replace(first, annotator=hostile), *rest], pairs=pairs)
    page = agreement_page(marked, hostile)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 5


def test_page_without_judgements(corpus):
    report, _ = measure_agreement(corpus.root)
    assert "No suspicious patterns found" in agreement_page(report, "空")


def test_tables_fit_eighty_columns(report):
    many = replace(report, pairs=report.pairs * 7)
    console = Console(width=80, record=True, file=io.StringIO())
    for table in agreement_tables(many):
        console.print(table)
    text = console.export_text()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    for name in ("Fleiss' κ", "surprise", "12/12", "Drift", "one class", "6 more"):
        assert name in text
