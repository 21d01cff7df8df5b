"""What surrounds a training, and what it leaves."""

from collections.abc import Callable
from dataclasses import dataclass

from manifests.outcome import Progress, no_progress
from models.fitted import FittedModel
from models.training.history import Epoch
from models.training.state import Unfinished

__all__ = ["Fit", "Surroundings"]


@dataclass(frozen=True)
class Fit:
    """What fitting leaves.

    Attributes:
        model: trained.
        history: its epochs.
        kept: number of the epoch whose weights the model has.
        vectors_known: share of the vocabulary that the word vectors knew.
        stopped: whether it was asked to end before all its epochs.
        epochs: how many there were to be at most.
    """

    model: FittedModel
    history: list[Epoch]
    kept: int
    vectors_known: float
    stopped: bool = False
    epochs: int = 0


@dataclass(frozen=True)
class Surroundings:
    """Who looks on while a network is trained, and who may end it.

    Attributes:
        progress: called after every epoch.
        watch: called after every epoch with the model as it is then, to be looked at only.
        stopped: asked after every step; once it says so, training ends with the last whole epoch.
        unfinished: keeps the state, for a run that is killed; None to keep none.
    """

    progress: Progress = no_progress
    watch: Callable[[FittedModel], None] | None = None
    stopped: Callable[[], bool] = lambda: False
    unfinished: Unfinished | None = None
