from corpus_tools.withdrawal.withdraw import withdraw
from manifests.storage.store import write_text

CLIP = "E01-0123456789ab-00000000-00003000"


def test_figures_and_predictions_of_a_series_are_cleaned(workspace):
    folder = workspace.root / "runs" / "all"
    run = folder / "fold-1-seed-0"
    write_text(folder / "series.json", '{"speakers": [{"speaker": "f01"}]}')
    write_text(folder / "series.md", "| fold 1: f01 | 6 |")
    write_text(folder / "series.toml", '[run]\nfolds = "speakers"\n')
    write_text(run / "config.toml", "")
    write_text(run / "predictions.csv", f"clip_id,split\n{CLIP},test\nother,test\n")
    write_text(run / "evaluation" / "v1-test" / "metrics.json", '{"speaker": "f01"}')
    outcome = withdraw(workspace.root, "speaker", "f01")
    assert sorted(path.name for path in folder.iterdir()) == ["fold-1-seed-0", "series.toml"]
    assert (run / "predictions.csv").read_text() == "clip_id,split\nother,test\n"
    assert not list((run / "evaluation" / "v1-test").iterdir())
    assert any("runs/all/fold-1-seed-0" in one for one in outcome.warnings)
