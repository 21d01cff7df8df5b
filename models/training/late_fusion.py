"""Late fusion of parts that were trained separately into one network."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from models.config.train import TrainSettings
from models.data import Example
from models.model import FittedModel, build_network
from models.training.text_worth import TextWorth, text_worth

__all__ = ["fuse_branches", "weigh_text", "worth_of_texts"]


def worth_of_texts(training: Sequence[Example], settings: TrainSettings) -> TextWorth | None:
    """Return what the training clips' texts tell about their classes, None if that is unsure."""
    return text_worth(
        [clip.words[: settings.words.max_words] for clip in training],
        [clip.label for clip in training],
        [clip.group for clip in training],
        repeated=settings.words.vectors is not None,
    )


def weigh_text(training: Sequence[Example], settings: TrainSettings) -> tuple[TrainSettings, str]:
    """Return settings without weight for texts that tell nothing, and a warning or ""."""
    if "text" not in settings.branch_names[1:] or not settings.words.weight:
        return settings, ""  # there is none, or others are weighed against it
    worth = worth_of_texts(training, settings)
    if worth is None or worth.tells:
        return settings, ""
    weightless = settings.words.model_dump() | {"weight": 0.0}
    consequence = "so the text has no weight in the model; try --modality audio"
    return settings.changed(words=weightless), f"{worth.sentence}; {consequence}"


def fuse_branches(first: FittedModel, *others: FittedModel, settings: TrainSettings) -> FittedModel:
    """Return the model with the weighted sum of the logits of models of one branch each.

    Equations (11) and (12): f = concat(f_a, f_t), p = softmax(fᵀ M + b), where M has the rows of
    all output layers, those of the others times the weight of their branch. If text and sound are
    independent given the class, and the models have no class prior, the sum of log-probabilities is
    Bayes' rule. b is that of the first model, usually the audio model: a missing text gives f_t = 0
    and changes nothing. The models are in the order of the branches of ``settings``.
    """
    models = (first, *others)
    branches = {name: branch for model in models for name, branch in model.branches.items()}
    with torch.random.fork_rng(devices=[]):  # called during training
        network = build_network(branches, len(first.classes))
    weights = {
        name: value
        for model in models
        for name, value in model.network.state_dict().items()
        if not name.startswith("output.")
    }
    outputs = [first.network.output.weight.detach()]
    for model in others:
        (branch,) = model.branches.values()
        outputs.append(branch.weight * model.network.output.weight.detach())
    weights["output.weight"] = torch.cat(outputs, dim=1)
    weights["output.bias"] = first.network.output.bias.detach()
    network.load_state_dict(weights)
    return replace(first, network=network.eval(), branches=branches, settings=settings)
