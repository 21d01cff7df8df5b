"""Label cues: properties that predict a clip's class without its emotion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from manifests.confounding import Confounding, find_confounding
from manifests.markdown import table
from manifests.records import ManifestEntry
from manifests.shallow_cues import ShallowCues, find_shallow_cues

__all__ = ["LabelCues", "find_label_cues"]


@dataclass(frozen=True)
class LabelCues:
    """Scores of baselines that ignore the emotion, for comparison with a model.

    Attributes:
        confounding: scores of speaker, series, source and sentence alone, by key.
        cues: score of duration and loudness; None if train or test is too small.
    """

    confounding: dict[str, Confounding]
    cues: ShallowCues | None

    def warnings(self) -> list[str]:
        """Return a sentence for each confounded key."""
        return [score.describe() for score in self.confounding.values() if score.confounded]

    def row(self) -> dict[str, Any]:
        """Return a JSON-ready row."""
        return {
            "confounding": {key: score.row() for key, score in self.confounding.items()},
            "shallow_cues": self.cues.row() if self.cues else None,
        }

    def markdown(self) -> str:
        """Return the section of the card."""
        rows = [
            [
                score.key,
                score.values,
                f"{score.uar:.2f}",
                f"{score.chance:.2f}",
                f"{score.null:.2f}",
            ]
            for score in self.confounding.values()
        ]
        body = "No speaker, series, source or sentence of the clips is known that could predict it."
        if rows:
            head = ["from", "values", "UAR", "chance", "chance, 99 %"]
            body = f"{_TABLE}\n\n" + table(head, rows)
        if self.cues is None:
            return body
        return (
            f"{body}\n\nFrom duration and loudness alone, fitted on train: UAR {self.cues.uar:.2f} "
            f"on {self.cues.clips} clips of test (chance {self.cues.chance:.2f})."
        )


def find_label_cues(entries: Sequence[ManifestEntry], loudness: Mapping[str, float]) -> LabelCues:
    """Return the label cues of a manifest's clips.

    Args:
        entries: divided clips.
        loudness: RMS level in dBFS by clip id.
    """
    return LabelCues(find_confounding(entries), find_shallow_cues(entries, loudness))


_TABLE = "The class predicted from one key alone by a table, in five folds over all clips (UAR):"
