"""What is compared: the models of the paper's Table 2, and a classical baseline."""

from dataclasses import dataclass, field
from typing import Any

from models.settings import Modality, TrainSettings

__all__ = ["FUSION", "NETWORKS", "SVM", "SYSTEMS", "System"]


@dataclass(frozen=True)
class System:
    """One row of the table.

    Attributes:
        key: what files call it.
        name: what people call it.
        modality: what it knows of a clip.
        audio: settings of the audio branch that make it what it is.
    """

    key: str
    name: str
    modality: Modality
    audio: dict[str, Any] = field(default_factory=dict)

    def settings(self, base: TrainSettings, seed: int = 0) -> TrainSettings:
        """Return the settings of a run.

        Args:
            base: what all systems have in common.
            seed: of the run.

        Example:
            >>> NETWORKS[0].settings(TrainSettings()).audio.dynamic
            False
        """
        return base.changed(modality=self.modality, seed=seed, audio=self.audio or None)


SVM = System("svm", "functionals + linear SVM", "audio")
"""The baseline, which has no network and no seed."""

FUSION = System("fusion", "fusion", "both")
"""What all others are set against."""

_PLAIN = {"dynamic": False, "attention": False, "functionals": False}

NETWORKS = (
    System("cnn", "plain CNN", "audio", _PLAIN),
    System("audio", "audio: CNN, ODConv, CBAM", "audio", {"dynamic": True, "attention": True}),
    System("text", "Text-CNN", "text"),
    FUSION,
)
"""Those of the paper's Table 2."""

SYSTEMS = (SVM, *NETWORKS)
"""All rows, from the simplest."""
