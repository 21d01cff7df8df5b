import pytest

from corpus_tools.withdrawal.withdraw import withdraw
from manifests.storage.store import write_bytes, write_text

FILM = "E01-0123456789ab"
CLIP = f"{FILM}-00000000-00003000"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metrics.json", '{"slices": [{"key": "speaker", "value": "f01"}]}'),
        ("predictions.csv", f"clip_id,predicted\n{CLIP},sad\n"),
        ("report.html", f"<code>{CLIP}</code>"),
    ],
)
def test_an_evaluation_with_a_withdrawn_id_is_deleted_whole(workspace, name, text):
    folder = workspace.root / "runs" / "r" / "evaluation" / "v1-test"
    other = folder.with_name("v1-val")
    for one in (folder, other):
        write_text(one / "metrics.json", '{"n": 3}')
        write_bytes(one / "speakers.png", b"\x89PNG")
    write_text(folder / name, text)
    outcome = withdraw(workspace.root, "speaker", "f01")
    assert not list(folder.iterdir())
    assert len(list(other.iterdir())) == 2
    assert outcome.details["withdrawal"]["places"]["evaluations"] in (2, 3)
    assert (workspace.root / "runs" / "r" / "predictions.csv").is_file()


def test_a_search_for_suspects_with_a_withdrawn_id_is_deleted_whole(workspace):
    runs = workspace.root / "runs"
    for name, text in (("suspects-v1", f"<code>{CLIP}</code>"), ("suspects-v2", "<code>x</code>")):
        write_text(runs / name / "report.html", text)
        write_text(runs / name / "suspects.json", '{"clips": 3}')
    withdraw(workspace.root, "speaker", "f01")
    assert not list((runs / "suspects-v1").iterdir())
    assert len(list((runs / "suspects-v2").iterdir())) == 2
