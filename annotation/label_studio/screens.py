"""Compatibility of a new label configuration with existing answers."""

from collections.abc import Mapping
from xml.etree import ElementTree

__all__ = ["lost_control"]


def lost_control(old: str, new: str) -> str | None:
    """Return the first control or value of the old configuration that the new one lacks, or None.

    Label Studio accepts any configuration and then hides the affected part of existing answers.

    Args:
        old: label configuration on the server.
        new: label configuration of the batch.

    Example:
        >>> old = '<View><Choices name="emotion" toName="a"><Choice value="sad"/></Choices></View>'
        >>> lost_control(old, old.replace("sad", "glad"))
        "the value 'sad' of 'emotion'"
        >>> lost_control(old, "<View/>")
        "the control 'emotion'"
    """
    new_controls = _read_controls(new)
    for name, (kind, values) in _read_controls(old).items():
        if name not in new_controls or new_controls[name][0] != kind:
            return f"the control '{name}'"
        gone = sorted(values - new_controls[name][1])
        if gone:
            return f"the value '{gone[0]}' of '{name}'"
    return None


def _read_controls(screen: str) -> Mapping[str, tuple[str, set[str]]]:
    """Return tag and values of each control; empty for an unreadable configuration."""
    if "<!DOCTYPE" in screen or "<!ENTITY" in screen:
        return {}
    try:
        root = ElementTree.fromstring(screen)  # noqa: S314 - without a DTD
    except (ElementTree.ParseError, ValueError, RecursionError):
        return {}
    return {
        tag.get("name", ""): (
            tag.tag,
            {choice.get("alias") or choice.get("value") or "" for choice in tag.iter("Choice")},
        )
        for tag in root.iter()
        if "toName" in tag.attrib
    }
