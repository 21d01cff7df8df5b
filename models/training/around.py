"""What surrounds a training, and what it leaves."""

from collections.abc import Callable
from dataclasses import dataclass

from manifests.outcome import Progress, no_progress
from models.fitted import FittedModel
from models.training.history import Epoch
from models.training.state import StateStore

__all__ = ["FitResult", "TrainingContext"]


@dataclass(frozen=True)
class FitResult:
    """What fitting leaves.

    Attributes:
        model: trained.
        history: its epochs.
        kept_epoch: number of the epoch whose weights the model has.
        vector_coverage: share of the vocabulary that the word vectors knew.
        stopped: whether it was asked to end before all its epochs.
        epochs: how many there were to be at most.
    """

    model: FittedModel
    history: list[Epoch]
    kept_epoch: int
    vector_coverage: float
    stopped: bool = False
    epochs: int = 0


@dataclass(frozen=True)
class TrainingContext:
    """Who looks on while a network is trained, and who may end it.

    Attributes:
        progress: called after every epoch.
        watch: called after every epoch with the model as it is then, to be looked at only.
        should_stop: asked after every step; once it says so, training ends with the last whole epoch.
        state_store: keeps the state, for a run that is killed; None to keep none.
    """

    progress: Progress = no_progress
    watch: Callable[[FittedModel], None] | None = None
    should_stop: Callable[[], bool] = lambda: False
    state_store: StateStore | None = None
