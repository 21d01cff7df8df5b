import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import annotation
from annotation.judgements.importing import import_annotations
from annotation.reliability.measure import measure_agreement
from manifests.base.errors import DataError

VOTES = [
    ("c1", "a01", "sad"),
    ("c1", "a02", "sad"),
    ("c2", "a01", "fear"),
    ("c2", "a02", "sad"),
    ("c2", "a03", "unclear"),
    ("c3", "a01", "fear"),
    ("c3", "a02", "fear"),
]


@pytest.fixture
def judged(corpus, exporter, items):
    for clip_id in corpus.ids()[:6]:
        emotions = ("sad", "sad", "fear") if clip_id == corpus.ids()[0] else ("fear",) * 3
        exporter.task(
            clip_id,
            *(
                exporter.annotation(items(emotion), completed_by=number)
                for number, emotion in enumerate(emotions, start=1)
            ),
        )
    import_annotations(corpus.root, [exporter.write()])
    return corpus.root


def test_a_corpus_and_its_table_of_votes_give_the_same_agreement(judged):
    table = annotation.votes(judged)
    assert list(table)[:3] == ["clip_id", "annotator", "emotion"]
    assert len(table) == 18
    report = annotation.agreement(judged, resamples=100)
    assert report == measure_agreement(judged, resamples=100)[0]
    from_table = annotation.agreement(table, resamples=100)
    assert (from_table.alpha, from_table.classes) == (report.alpha, report.classes)
    assert annotation.krippendorff_alpha(table) == pytest.approx(report.alpha.value, abs=1e-6)


def test_an_empty_corpus_has_no_votes(corpus):
    table = annotation.votes(corpus.root)
    assert (len(table), list(table)[2]) == (0, "emotion")
    assert annotation.krippendorff_alpha(table) is None


def test_rows_and_data_frames_are_equal():
    frame = pd.DataFrame(VOTES, columns=["clip_id", "annotator", "emotion"]).assign(batch="b")
    assert annotation.agreement(frame).alpha == annotation.agreement(VOTES).alpha
    frame.loc[4, "emotion"] = np.nan
    assert annotation.krippendorff_alpha(frame) == annotation.krippendorff_alpha(VOTES)


def test_dawid_skene_names_clips_annotators_and_classes():
    labels = annotation.dawid_skene(VOTES, ["sad", "fear", "happy"])
    assert labels.posterior.shape == (3, 3)
    assert labels.posterior.idxmax(axis=1).to_dict() == {"c1": "sad", "c2": "sad", "c3": "fear"}
    assert labels.confusion.loc[("a01", "fear"), "fear"] > 0.5
    assert labels.priors.sum() == pytest.approx(1)


def test_the_last_of_several_votes_counts():
    again = [*VOTES, ("c2", "a01", "sad")]
    expected = [vote for vote in again if vote != ("c2", "a01", "fear")]
    assert annotation.krippendorff_alpha(again) == annotation.krippendorff_alpha(expected)


def test_a_folder_that_is_no_corpus_is_refused(tmp_path):
    for read in (annotation.votes, annotation.agreement):
        with pytest.raises(DataError, match=r"no corpus\.toml here; give the folder of a corpus"):
            read(tmp_path / "nowhere")


def test_unknown_classes_and_columns_are_named():
    with pytest.raises(DataError, match="'joy' isn't one of the classes angry"):
        annotation.agreement([("c1", "a01", "joy")])
    with pytest.raises(DataError, match="no column 'annotator'"):
        annotation.krippendorff_alpha(pd.DataFrame({"clip_id": ["c"], "emotion": ["sad"]}))


def test_the_package_alone_is_light():
    code = (
        "import sys, annotation; sys.exit(len({'pandas', 'numpy', 'scipy'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
