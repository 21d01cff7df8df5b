"""Systems of a comparison: the models of the paper's Table 2 and a classical baseline."""

from dataclasses import dataclass, field
from typing import Any

from models.settings import Modality, TrainSettings

__all__ = ["FUSION", "NETWORKS", "SVM", "SYSTEMS", "System"]


@dataclass(frozen=True)
class System:
    """One row of the table.

    Attributes:
        key: name in files.
        name: display name.
        modality: input of the system.
        audio: settings of its audio branch.
    """

    key: str
    name: str
    modality: Modality
    audio: dict[str, Any] = field(default_factory=dict)

    def settings(self, base: TrainSettings, seed: int = 0) -> TrainSettings:
        """Return the settings of a run.

        Args:
            base: settings shared by all systems.
            seed: training seed.

        Example:
            >>> NETWORKS[0].settings(TrainSettings()).audio.dynamic
            False
        """
        return base.changed(modality=self.modality, seed=seed, audio=self.audio or None)


SVM = System("svm", "functionals + linear SVM", "audio")
"""Baseline without a network or a seed."""

FUSION = System("fusion", "fusion", "both")
"""Reference system of the differences."""

_PLAIN = {"dynamic": False, "attention": False, "functionals": False}

NETWORKS = (
    System("cnn", "plain CNN", "audio", _PLAIN),
    System("audio", "audio: CNN, ODConv, CBAM", "audio", {"dynamic": True, "attention": True}),
    System("text", "Text-CNN", "text"),
    FUSION,
)
"""Systems of the paper's Table 2."""

SYSTEMS = (SVM, *NETWORKS)
"""All rows, the simplest first."""
