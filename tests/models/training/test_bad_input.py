import json
import os
import subprocess
import sys

import pytest

from manifests.base.errors import DataError
from models.training.run import train

pytestmark = pytest.mark.usefixtures("undrawn")


def _out(folder):
    return folder.parent.parent / "runs" / "a"


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (99, "update corpus-tools"),
        *((one, "its schema is .*, no version") for one in ("two", None, 0, -1, True, 1.0)),
    ],
)
def test_manifest_of_another_schema_is_refused(corpus, quick, schema, message):
    folder = corpus(takes=1)
    header = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(header | {"schema": schema}))
    with pytest.raises(DataError, match=message):
        train(folder, _out(folder), quick)
    assert not _out(folder).parent.exists()


def test_text_branch_without_texts_warns_and_predicts_at_chance(corpus, quick):
    folder = corpus(takes=1)  # the first take of the fixture has no text
    outcome = train(folder, _out(folder), quick.changed(modality="text", epochs=1))
    assert any("no training clip has a text" in warning for warning in outcome.warnings)
    assert outcome.details["metrics"]["test"]["uar"] == pytest.approx(1 / 6, abs=1e-4)


def test_model_is_the_same_in_another_process(corpus, quick):
    folder = corpus(takes=1)
    settings = quick.changed(epochs=1)
    train(folder, _out(folder), settings)
    again = _out(folder).with_name("b")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from models.config.train import TrainSettings\n"
        "from models.training.run import train\n"
        "folder, out, settings = sys.argv[1:]\n"
        "train(Path(folder), Path(out), TrainSettings.model_validate_json(settings))\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, folder, again, settings.model_dump_json()],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )
    for file in ("model.safetensors", "model.json"):
        assert (_out(folder) / file).read_bytes() == (again / file).read_bytes()
