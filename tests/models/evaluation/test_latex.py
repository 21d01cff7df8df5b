import pytest

from manifests.base.latex import latex_table
from models.evaluation.run import evaluate
from models.training.run import train


@pytest.fixture
def run(corpus, quick):
    folder = corpus(takes=1)
    out = folder.parent.parent / "runs" / "r"
    settings = quick.changed(modality="audio", epochs=1, speeds=(), features={"pitch": False})
    train(folder, out, settings)
    return out, folder


def test_evaluation_has_its_tables_and_plots_for_a_paper(run):
    outcome = evaluate(*run, latex=True)
    folder = outcome.outputs[0]
    tables = (folder / "tables.tex").read_text()
    assert tables.count("\\toprule") == tables.count("\\end{table}") == 4
    assert "macro-F1 & " in tables
    for name in ("confusion", "reliability", "speakers"):
        data = (folder / f"{name}.pdf").read_bytes()
        assert data.startswith(b"%PDF")
        assert b"CreationDate" not in data


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b & 5 %", r"a\_b \& 5 \%"),
        ("\\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("-0.3 (-0.5 to +0.1)", "$-$0.3 ($-$0.5 to +0.1)"),
        ("v1-default\n\x1b[2J", "v1-default [2J"),
        ("α ± κ 巴适", r"$\alpha$ $\pm$ $\kappa$ 巴适"),
    ],
)
def test_text_can_not_command_latex(text, shown):
    table = latex_table([text, "n"], [[text, "1"]], caption=text, label="x")
    assert table.count(shown) == 3
