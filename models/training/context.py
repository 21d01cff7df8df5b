"""Training callbacks and result."""

from collections.abc import Callable
from dataclasses import dataclass

from manifests.base.outcome import Progress, no_progress
from models.model import FittedModel
from models.runs import Epoch
from models.training.resume import StateStore

__all__ = ["FitResult", "TrainingContext"]


@dataclass(frozen=True)
class FitResult:
    """Result of a training.

    Attributes:
        model: trained model.
        history: one entry per epoch.
        kept_epoch: number of the epoch with the model's weights.
        vector_coverage: share of the vocabulary with a pretrained word vector.
        stopped: True if training was stopped before its end.
        epochs: maximum number of epochs.
    """

    model: FittedModel
    history: list[Epoch]
    kept_epoch: int
    vector_coverage: float
    stopped: bool = False
    epochs: int = 0


@dataclass(frozen=True)
class TrainingContext:
    """Callbacks and state store of a training.

    Attributes:
        progress: called after every epoch.
        watch: called after every epoch with the current model, which it must not change.
        should_stop: called after every step; True ends training after the last complete epoch.
        state_store: store of the training state, to resume a killed run; None to store nothing.
    """

    progress: Progress = no_progress
    watch: Callable[[FittedModel], None] | None = None
    should_stop: Callable[[], bool] = lambda: False
    state_store: StateStore | None = None
