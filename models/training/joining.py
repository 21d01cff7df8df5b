"""Two branches, each trained by itself, in one network."""

import copy
from dataclasses import replace

import torch

from models.fitted import FittedModel, build_network
from models.settings import TrainSettings
from models.training.linear import FunctionalLayers

__all__ = ["add_functional_layers", "fuse_branches"]


def add_functional_layers(model: FittedModel, layers: FunctionalLayers) -> FittedModel:
    """Return a model of sound that has what was learned, with its weight, and layers beside it.

    Args:
        model: trained as if there were no functionals; it is left as it is.
        layers: of the functionals.
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
    """Return the model whose logits are the sum of those of a model of sound and one of words.

    That is equations (11) and (12): f = concat(f_a, f_t), p = softmax(fᵀ M + b), where M has the
    rows of both output layers, those of the words times ``settings.words.weight``. Where words and
    sound are independent given the class, and neither model prefers a class, the sum of
    log-probabilities is Bayes' rule. b is that of the sound alone: a text that is missing gives
    f_t = 0, and so changes nothing.

    Args:
        sound: of the audio branch.
        words: of the text branch, of the same classes.
        settings: of the joined model.

    Example:
        model = fuse_branches(fit(clips, [], audio).model, fit(clips, [], text).model, both)
    """
    with torch.random.fork_rng(devices=[]):  # it is called while training goes on
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
    own = words.network.output.weight.detach() * settings.words.weight
    weights["output.weight"] = torch.cat([sound.network.output.weight.detach(), own], dim=1)
    weights["output.bias"] = sound.network.output.bias.detach()
    network.load_state_dict(weights)
    return replace(sound, network=network.eval(), vocabulary=words.vocabulary, settings=settings)
