"""What gives a clip's class away without its emotion: who speaks, where it is from, how loud."""

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
    """Figures that an honest model has to be compared with.

    Attributes:
        confounding: what speaker, series, source or sentence alone tell, by key.
        cues: what duration and loudness tell; None if train or test is too small to ask.
    """

    confounding: dict[str, Confounding]
    cues: ShallowCues | None

    def warnings(self) -> list[str]:
        """Return a sentence for each key that tells too much."""
        return [one.describe() for one in self.confounding.values() if one.confounded]

    def row(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "confounding": {key: one.row() for key, one in self.confounding.items()},
            "shallow_cues": self.cues.row() if self.cues else None,
        }

    def markdown(self) -> str:
        """Return it as a section of the card."""
        rows = [
            [one.key, one.values, f"{one.uar:.2f}", f"{one.chance:.2f}", f"{one.null:.2f}"]
            for one in self.confounding.values()
        ]
        body = "Nothing is known of the clips that could give their class away."
        if rows:
            head = ["from", "values", "UAR", "chance", "luck, 99 %"]
            body = f"{_TABLE}\n\n" + table(head, rows)
        if self.cues is None:
            return body
        return (
            f"{body}\n\nFrom duration and loudness alone, learnt on train: UAR {self.cues.uar:.2f} "
            f"on the {self.cues.clips} clips of test (chance {self.cues.chance:.2f})."
        )


def find_label_cues(entries: Sequence[ManifestEntry], loudness: Mapping[str, float]) -> LabelCues:
    """Return what gives the class of a manifest's clips away.

    Args:
        entries: the clips, divided.
        loudness: RMS level of each in dBFS, by id.
    """
    return LabelCues(find_confounding(entries), find_shallow_cues(entries, loudness))


_TABLE = "The class told from one of these alone, by a table, in five folds over all clips (UAR):"
