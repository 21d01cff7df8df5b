"""Corpus cut from a film with hostile texts."""

import pytest

from corpus_tools.segmentation.segment import segment
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.records import Clip, Source
from manifests.storage.shards import STAGES, read_shard

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="session")
def film(tmp_path_factory, make_scene, make_media):
    sound = make_scene([(3.5, 0.9), (3.4, 0.8), (3.6, 1.2), (3.3, 0.7)])
    folder = tmp_path_factory.mktemp("films") / "山城往事"
    folder.mkdir()
    path = make_media(folder / "第1集 <b>&'茶.m4a", sound)
    path.with_suffix(".srt").write_text(
        f"1\n00:00:00,500 --> 00:00:04,000\n{HOSTILE} 巴适\n", encoding="utf-8"
    )
    return path


@pytest.fixture
def corpus(tmp_path, film):
    root = Workspace.create(tmp_path / "corpus", "c").root
    assert segment(root, [film]).ok
    return root


@pytest.fixture
def source(corpus):
    (path,) = (corpus / "stages" / "sources").glob("*.jsonl")
    return read_shard(path, Source)[0]


@pytest.fixture
def clips(corpus, source):
    return read_shard(STAGES["segments"].path(corpus, source.source_id), Clip)
