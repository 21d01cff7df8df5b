"""Consent to send a token to a server: a corpus may name any server, so it can't give it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from annotation.label_studio.address import ServerFolder, running_server
from annotation.label_studio.browser import is_loopback
from annotation.label_studio.machine import Machine, changed_machine, digest
from annotation.label_studio.refusals import find_token
from manifests.base.errors import ConfigurationError

__all__ = ["NO_CONSENT", "Consent", "permitted_token", "place", "remember_token"]


@dataclass(frozen=True)
class Consent:
    """What the user allows beyond the rules of :func:`permitted_token`.

    ``ask`` puts a question to them, if they are at a terminal, and returns whether they agree.
    """

    trust_server: bool = False
    allow_http: bool = False
    ask: Callable[[str], bool] | None = None


NO_CONSENT = Consent()


def permitted_token(
    corpus: Path, url: str, token_file: str | None = None, consent: Consent = NO_CONSENT
) -> str:
    """Return the token for the server at a valid URL, if it may be sent there.

    It may go to the corpus's own running server; where it was accepted before; and, if it was
    accepted nowhere yet, to this machine and to servers that accepted another one. Anything else,
    and http to other machines, needs the user's consent.

    Raises ConfigurationError if there is no token or no consent.
    """
    token = find_token(corpus, token_file)
    own = running_server(ServerFolder(corpus))
    if own is not None and _origin(own.url) == _origin(url):
        return token
    target = place(url)
    if target.startswith("http:") and not consent.allow_http:
        raise ConfigurationError(
            f"{target}: http would send the token unencrypted to another machine; use its https "
            f"address, or --allow-http if nobody else can listen on the way"
        )
    tokens = Machine.read().tokens
    homes = sorted(name for name, digests in tokens.items() if digest(token) in digests)
    if target in homes or (not homes and (target in tokens or target == _HERE)):
        return token
    fact = (
        f"the token belongs to {homes[0]}, not to {target}"
        if homes
        else f"{target}: this machine has sent no token to this server yet"
    )
    if consent.trust_server:
        return token
    if consent.ask is None:
        raise ConfigurationError(f"{fact}; if it is yours, add --trust-server to send it there")
    if not consent.ask(f"{fact}; send it there?"):
        raise ConfigurationError(f"{fact}; nothing was sent")
    return token


def remember_token(url: str, token: str) -> None:
    """Bind a token to the server at a URL, which has accepted it."""
    target, hashed = place(url), digest(token)
    if hashed in Machine.read().tokens.get(target, ()):
        return
    with changed_machine() as machine:
        machine.tokens.setdefault(target, []).append(hashed)


def place(url: str) -> str:
    """Return where a token is sent to: the origin of a URL, or ``this machine``.

    Example:
        >>> place("https://Label.lab.example:443/studio"), place("http://127.0.0.1:8090")
        ('https://label.lab.example', 'this machine')
    """
    return _HERE if is_loopback(url) else _origin(url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


_HERE = "this machine"
