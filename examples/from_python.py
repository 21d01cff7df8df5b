"""The pipeline from Python, on a part of the bundled sample; cells as in a notebook.

    python from_python.py [FOLDER]

The annotators are SIMULATED by simulate_annotators.py beside this file.
"""

# %% A corpus folder
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd

import annotation
import manifests
import models
from corpus_tools import Corpus

sample = Path(__file__).parent
folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
corpus = Corpus.create(folder / "corpus", name="from-python", language="pl")

# %% Cut an episode into screened clips; every second of it is accounted for
outcome = corpus.segment(sample / "episodes" / "harbour" / "E03.m4a", max_seconds=5.0)
print(outcome.details["clips"])
print(pd.Series(outcome.details["ledger"], name="seconds"))

# %% Add recordings of a script: here one line of each speaker in each emotion
audio = sample / "recordings" / "audio"
script = pd.read_csv(sample / "recordings" / "SCRIPT.csv")
lines = script.groupby(["speaker", "intended_emotion"]).head(1)
lines.to_csv(folder / "SCRIPT.csv", index=False)
for name in lines["file"]:
    (folder / "session" / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(audio / name, folder / "session" / name)
outcome = corpus.add_recordings(folder / "SCRIPT.csv", folder / "session")
print(f"{outcome.kept} of {outcome.items_in} recordings; failures: {outcome.failures}")

# %% Texts: subtitles and the script; without subtitles_only, Whisper too
corpus.transcribe(subtitles_only=True)

# %% The clips as a table
clips = corpus.clips()
print(clips[["clip_id", "duration", "snr_db", "accepted", "text"]].head())

# %% Votes: a real corpus gets them from Label Studio
sys.path.insert(0, str(sample))
import simulate_annotators  # noqa: E402

tasks = corpus.export_tasks(context=False).outputs[0]
export = folder / "export.json"
simulate_annotators.main([str(tasks), "--sample", str(sample), "--out", str(export)])
corpus.import_annotations(export, server="simulated")
print(corpus.clips().groupby("emotion").size())

# %% Agreement of the annotators, and labels that weigh each by their reliability
alpha = annotation.agreement(corpus.path).alpha
print(f"Krippendorff's α {alpha.value:.2f} [{alpha.low:.2f}, {alpha.high:.2f}]")
weighed = annotation.dawid_skene(annotation.votes(corpus.path))
print(weighed.posterior.round(2).head())

# %% A version of the manifest: labelled clips, split by speaker
outcome = corpus.build_manifest(group_by="speaker", ratios=(0.6, 0.2, 0.2))
print(pd.DataFrame(outcome.details["manifest"]["counts"]))

# %% The version as records and as a table
manifest = manifests.load(outcome.details["manifest"]["folder"])
print(manifest.clips[0].clip_id, manifest.clips[0].emotion, manifest.clips[0].votes)
print(manifest.to_pandas().groupby(["split", "speaker"], dropna=False).size())

# %% A model: two epochs, to show the calls
version = Path(outcome.details["manifest"]["folder"])
trained = models.train(version, folder / "run", epochs=2)
print(trained.details["metrics"]["test"]["uar"], models.evaluate(folder / "run", version).kept)
model = models.load(folder / "run")
print(model.predict([audio / "EB0" / "001.opus"], ["Twoje słowo ma dla mnie wielkie znaczenie."]))
