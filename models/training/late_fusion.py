"""Late fusion of parts that were trained separately into one network."""

import copy
from dataclasses import replace

import torch

from models.config.train import TrainSettings
from models.model import FittedModel, build_network
from models.training.solvers import FunctionalLayers

__all__ = ["add_functional_layers", "fuse_branches"]


def add_functional_layers(model: FittedModel, layers: FunctionalLayers) -> FittedModel:
    """Return an audio model with the layers of functionals added to its weighted learned features.

    Args:
        model: audio model trained without functionals; not changed.
        layers: layers of the functionals.
    """
    network = copy.deepcopy(model.network)
    audio, output, weight = network.audio, network.output, model.settings.audio.weight
    if audio is None:
        return model
    seen, unseen = layers.seen, layers.unseen
    with torch.no_grad():
        learned = weight * output.weight[:, : audio.learned]
        bias = weight * output.bias + seen.bias
        bias_difference = (unseen.bias - bias)[:, None]
        output.weight.copy_(
            torch.cat([learned, seen.weight, unseen.weight, bias_difference], dim=1)
        )
        output.bias.copy_(bias)
    return replace(model, network=network.eval())


def fuse_branches(sound: FittedModel, words: FittedModel, settings: TrainSettings) -> FittedModel:
    """Return the model with the sum of an audio model's and a text model's logits.

    Equations (11) and (12): f = concat(f_a, f_t), p = softmax(fᵀ M + b), where M has the rows of
    both output layers, those of the text times ``settings.words.weight``. If text and sound are
    independent given the class, and the models have no class prior, the sum of log-probabilities is
    Bayes' rule. b is that of the audio model: a missing text gives f_t = 0 and changes nothing.

    Args:
        sound: audio model.
        words: text model with the same classes.
        settings: settings of the fused model.

    Example:
        model = fuse_branches(fit(clips, [], audio).model, fit(clips, [], text).model, both)
    """
    with torch.random.fork_rng(devices=[]):  # called during training
        network = build_network(
            settings,
            words.network.state_dict().get("text.vectors.weight"),
            len(sound.classes),
            len(words.vocabulary.ngrams),
        )
    weights = {
        name: value
        for model, branch in ((sound, "audio."), (words, "text."))
        for name, value in model.network.state_dict().items()
        if name.startswith(branch)
    }
    text = words.network.output.weight.detach() * settings.words.weight
    weights["output.weight"] = torch.cat([sound.network.output.weight.detach(), text], dim=1)
    weights["output.bias"] = sound.network.output.bias.detach()
    network.load_state_dict(weights)
    return replace(sound, network=network.eval(), vocabulary=words.vocabulary, settings=settings)
