import json

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app


@pytest.fixture
def run(corpus):
    def run(*arguments, code=0):
        result = CliRunner().invoke(app, [*arguments, "--corpus", str(corpus.root)])
        assert result.exit_code == code, result.output
        return result

    return run


def test_from_tasks_to_agreement(corpus, exporter, items, run):
    result = run("export-tasks", "--limit", "5")
    assert "batch-0001: 5 tasks" in result.stdout
    assert "corpus push-tasks" in result.stderr
    for clip, emotions in zip(corpus.ids(), [("sad", "sad"), ("fear", "sad")], strict=False):
        exporter.task(
            clip,
            *(exporter.annotation(items(e), completed_by=n) for n, e in enumerate(emotions)),
        )
    path = exporter.write()
    imported = json.loads(run("import-annotations", str(path), "--json").stdout)
    assert imported["counts"] == {"in": 4, "kept": 4, "rejected": {}, "failed": 0}
    measured = json.loads(run("agreement", "--json").stdout)
    assert measured["observed"] == 0.5
    assert measured["class_order"][0] == "angry"
    assert measured["annotators"][0]["quarters"] == []
    page = corpus.root / "agreement.html"
    result = run("agreement", "--html", str(page))
    assert "Krippendorff" in result.stdout
    assert f"wrote {page}" in result.stderr
    assert "<title>Agreement: 试</title>" in page.read_text(encoding="utf-8")
    result = run("agreement", "--latex", str(corpus.root / "paper"))
    assert "agreement.tex, agreement.pdf" in result.stderr
    tables = (corpus.root / "paper" / "agreement.tex").read_text(encoding="utf-8")
    assert "Krippendorff's $\\alpha$ (nominal) & " in tables
    assert tables.count("\\toprule") == tables.count("\\bottomrule") > 2
    figure = (corpus.root / "paper" / "agreement.pdf").read_bytes()
    assert figure.startswith(b"%PDF")
    assert b"CreationDate" not in figure


def test_nothing_new_and_no_judgements_end_well(run):
    run("export-tasks")
    assert "nothing was written" in run("export-tasks").stderr
    assert "no judgements yet" in run("agreement").stderr


def test_bad_files_and_bad_usage_have_their_exit_codes(run, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n")
    refused = run("import-annotations", str(tmp_path / "a.csv"), code=1)
    assert "Export > JSON" in refused.stderr
    run("export-tasks", "--batch", "../x", code=2)
    run("export-tasks", "--audio-base-url", "nowhere", code=2)


def test_a_campaign_from_individual_lists_to_adjudication(corpus, exporter, items, run):
    result = run("export-tasks", "--annotators", "a01, a02,a03", "--per-clip", "2")
    assert "batch-0001: 10 clips for 3 annotators" in result.stdout
    assert "  a01: 6 tasks" in result.stdout
    for clip in corpus.ids():
        data = {"clip_id": clip, "batch": "batch-0001"}
        votes = [
            exporter.annotation(items(emotion), completed_by=person)
            for person, emotion in enumerate(("sad", "fear"), start=1)
        ]
        exporter.task(clip, *votes, data=data)
    run("import-annotations", str(exporter.write()))
    arguments = ("--disputed", "--annotators", "a01", "--show-votes", "--limit", "3", "--json")
    result = json.loads(run("export-tasks", *arguments).stdout)
    assert result["counts"]["kept"] == 3
    [folder] = result["outputs"]
    tasks = json.loads((corpus.root / folder / "a01.json").read_text(encoding="utf-8"))
    assert {task["data"]["votes"] for task in tasks} == {"fear ×1, sad ×1"}
    exporter.tasks.clear()
    for task in tasks:
        exporter.task("", exporter.annotation(items("happy"), completed_by=9), data=task["data"])
    run("import-annotations", str(exporter.write("2.json")))
    status = json.loads(run("status", "--json").stdout)
    assert status["labels"]["happy"]["clips"] == 3
    run("export-tasks", "--disputed", code=2)
    run("export-tasks", "--annotators", "a01,nobody", code=2)
