from annotation.judgements.importing import import_annotations
from annotation.labels.aggregate import clip_votes
from annotation.scheme.settings import LabelSettings


def test_every_vote_and_how_it_became_the_label(corpus, exporter, items):
    clip, other = corpus.ids()[:2]
    first = exporter.annotation(items("fear"), completed_by=1)
    later = first | {"result": items("sad"), "updated_at": "2026-11-23T08:00:00Z"}
    exporter.task(clip, first, exporter.annotation(items("sad"), completed_by=2))
    import_annotations(corpus.root, [exporter.write("1.json")])
    exporter.tasks.clear()
    exporter.task(clip, later)
    import_annotations(corpus.root, [exporter.write("2.json")])
    found = clip_votes(corpus.root, clip, LabelSettings())
    assert [row.emotion for row in found.counting] == ["sad", "sad"]
    assert [row.emotion for row in found.replaced] == ["fear"]
    assert (found.label.emotion, found.decided_by, found.method) == ("sad", "majority", "majority")
    nothing = clip_votes(corpus.root, other, LabelSettings())
    assert (nothing.counting, nothing.label, nothing.decided_by) == ([], None, "not_labelled")


def test_the_reason_for_no_class(corpus, exporter, items):
    annotations = [
        exporter.annotation(items(emotion), completed_by=n)
        for n, emotion in enumerate(["sad", "fear"])
    ]
    exporter.task(corpus.ids()[0], *annotations)
    import_annotations(corpus.root, [exporter.write()])
    found = clip_votes(corpus.root, corpus.ids()[0], LabelSettings(method="dawid_skene"))
    assert (found.label.reason, found.decided_by) == ("tie", "tie")
