"""Label Studio's label configuration, built-in or custom, with validation.

In a ``Choice``, ``value`` is exported and stays the English class name; ``html`` is displayed.
Emotions have the hotkeys 1–6 in class order and 7 for ``unclear``; space plays. The transcript is
prefilled, with the recogniser's flags above it. Several problems may be selected, and the second
emotion may be deselected. Only the emotion is required. Collapsed panels have a player of the
clip's ``context``, which may be empty, and a list of speakers from the source's ``cast``.
Adjudicators may see the ``votes``. Label Studio 1.23's player has no autoplay.
"""

import re
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree

from annotation.scheme.settings import (
    CONTROLS,
    MAX_CONFIDENCE,
    PROBLEMS,
    TASK_KEYS,
    AnnotationSettings,
)
from manifests.base.emotions import EMOTIONS, UNCLEAR
from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.store import inside

__all__ = ["check_label_config", "label_config", "template"]

_REQUIRED_CHOICES: dict[str, tuple[str, ...]] = {
    "emotion": (*EMOTIONS, UNCLEAR),
    "emotion2": EMOTIONS,
    "problems": PROBLEMS,
}


def template() -> str:
    """Return the built-in label configuration.

    Example:
        >>> 'value="surprise" html="惊讶 surprise" hotkey="5"' in template()
        True
    """
    return (
        resources.files("annotation.scheme")
        .joinpath("label_config.xml")
        .read_text(encoding="utf-8")
    )


def label_config(corpus: Path, settings: AnnotationSettings) -> str:
    """Return the label configuration of a corpus: a validated custom one, or the template.

    Raises ConfigurationError if the custom one can't be read or would lose answers.
    """
    if settings.label_config is None:
        return template()
    path = inside(corpus, settings.label_config)
    try:
        xml = read_text(path).replace("\r\n", "\n")
    except (OSError, DataError) as error:
        raise ConfigurationError(
            f"{path}: not readable as UTF-8 text; correct [annotation] label_config in corpus.toml"
        ) from error
    check_label_config(xml, str(path))
    return xml


def check_label_config(xml: str, where: str = "label configuration") -> None:
    """Refuse a configuration that Label Studio or the importer can't handle.

    ``where`` is its name in errors.

    Raises:
        ConfigurationError: naming the first problem.

    Example:
        >>> check_label_config("<View><Text name='clip_id' value='$x'/></View>")
        Traceback (most recent call last):
        ...
        manifests.base.errors.ConfigurationError: label configuration: no Audio tag with
        value="$audio"
    """
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise ConfigurationError(f"{where}: DTDs and entities are refused; write plain tags")
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 - the user's own file, without a DTD
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{where}: not valid XML: {error}") from error
    for problem in (_audio_problem(root), _control_problem(root), _variable_problem(root)):
        if problem:
            raise ConfigurationError(f"{where}: {problem}")
    _check_with_sdk(xml, where)


def _audio_problem(root: ElementTree.Element) -> str | None:
    if not any(tag.get("value") == "$audio" for tag in root.iter("Audio")):
        return 'no Audio tag with value="$audio"'
    return None


def _control_problem(root: ElementTree.Element) -> str | None:
    controls = {tag.get("name", ""): tag for tag in root.iter() if "toName" in tag.attrib}
    for name, tag in controls.items():
        if name in TASK_KEYS:
            return (
                f"control '{name}' has the name of a task data key; Label Studio would confuse them"
            )
        if name not in CONTROLS:
            return f"control '{name}' isn't imported; known controls: {', '.join(CONTROLS)}"
        if tag.tag not in CONTROLS[name]:
            return f"control '{name}' must be a {' or '.join(CONTROLS[name])}, not a {tag.tag}"
        problem = _choice_problem(name, tag)
        if problem:
            return problem
    if "emotion" not in controls:
        return "no control 'emotion'"
    rating = controls.get("confidence")
    if rating is not None and rating.get("maxRating") != str(MAX_CONFIDENCE):
        return f"control 'confidence' needs maxRating=\"{MAX_CONFIDENCE}\""
    return None


def _choice_problem(name: str, tag: ElementTree.Element) -> str | None:
    if name not in _REQUIRED_CHOICES:
        return None
    known = _REQUIRED_CHOICES[name]
    found = [choice.get("alias") or choice.get("value") or "" for choice in tag.iter("Choice")]
    unknown = [value for value in found if value not in known]
    if unknown:
        return f"'{unknown[0]}' isn't a value of '{name}'; its values are {', '.join(known)}"
    missing = [value for value in known if value not in found]
    if name == "emotion" and missing:
        return f"control 'emotion' lacks the value '{missing[0]}'"
    return None


def _variable_problem(root: ElementTree.Element) -> str | None:
    for tag in root.iter():
        for value in tag.attrib.values():
            for key in re.findall(r"\$(\w+)", value):
                if key not in TASK_KEYS:
                    return f"'${key}' isn't in the task data; its keys are {', '.join(TASK_KEYS)}"
    return None


def _check_with_sdk(xml: str, where: str) -> None:
    from label_studio_sdk.label_interface import LabelInterface

    try:
        LabelInterface(xml).validate()
    except Exception as error:  # the SDK raises its own errors, lxml's and KeyError
        sentence = " ".join(str(error).split())[:300]
        raise ConfigurationError(f"{where}: Label Studio refuses it: {sentence}") from error
