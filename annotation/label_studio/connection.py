"""Connection to a Label Studio server, identified by its projects."""

from pathlib import Path

from annotation.batches.server_file import KnownProject, KnownServer, ServerFile
from annotation.judgements.store import read_judgements
from annotation.label_studio.address import (
    ServerFolder,
    last_url,
    refuse_links,
    running_server,
)
from annotation.label_studio.client import Client, Project, checked_url
from annotation.label_studio.consent import (
    NO_CONSENT,
    Consent,
    permitted_token,
    remember_token,
)
from annotation.label_studio.refusals import NotFoundError
from manifests.base.errors import ConfigurationError
from manifests.storage.partials import clear_partials

__all__ = ["DEFAULT_URL", "Connection", "address_and_token", "choose_url", "connect"]

DEFAULT_URL = "http://127.0.0.1:8090"


class Connection:
    """Reachable server with the corpus's record of it, the content of annotations/server.json.

    Args:
        server_id: id of the server; null if none of its projects is known.
        replaced_id: id of the server that was at this URL before, if its projects are gone.
    """

    def __init__(
        self,
        corpus: Path,
        client: Client,
        file: ServerFile,
        server_id: str | None,
        replaced_id: str | None,
    ) -> None:
        self.corpus = corpus
        self.client = client
        self.file = file
        self.server_id = server_id
        self.replaced_id = replaced_id

    @property
    def known(self) -> KnownServer:
        """Record of the server; without projects for an unknown one."""
        return self.file.servers.get(self.server_id or "", KnownServer(url=self.client.url))

    def register(self) -> str:
        """Record the server's URL, assign an id to a new server, and return the id."""
        if self.server_id is None:
            used = {judgement.server for judgement in read_judgements(self.corpus)}
            self.server_id = self.file.new_id(used)
            self.file.servers[self.server_id] = KnownServer(url=self.client.url)
            if self.replaced_id is not None:
                self.file.servers[self.replaced_id].replaced_by = self.server_id
        self.known.url = self.client.url
        self.file.write(self.corpus)
        return self.server_id

    def record_project(self, key: str, project: KnownProject) -> None:
        """Save a project, before tasks are added to it."""
        self.known.projects[key] = project
        self.file.write(self.corpus)

    def find(self, recorded: KnownProject) -> Project | None:
        """Return a recorded project, or None if it was deleted."""
        return _find(self.client, recorded)


def connect(
    corpus: Path,
    url: str | None = None,
    token_file: str | None = None,
    consent: Consent = NO_CONSENT,
) -> Connection:
    """Connect to the server at a URL, or to the one that the corpus knows.

    A server is identified by its projects, not by its URL: it may have moved, or its database may
    have been replaced. The default is the corpus's own server if it runs, else the one pushed to,
    else the last URL of the corpus's own server, else :data:`DEFAULT_URL`. The caller must hold the
    corpus's lock.

    Raises:
        ConfigurationError: if there is no token, it may not be sent there, or there are several
            servers and no URL.
        DataError: if there are links in the corpus's annotations.
        CorpusError: if the server doesn't answer or rejects the token.
    """
    address, token = address_and_token(corpus, url, token_file, consent)
    clear_partials(corpus / "annotations")
    file = ServerFile.read(corpus)
    client = Client(address, token)
    client.check_login()
    remember_token(address, token)
    known_here = [name for name, server in file.current().items() if server.url == address]
    for name in known_here + [name for name in file.current() if name not in known_here]:
        server = file.servers[name]
        if any(_find(client, project) for project in server.projects.values()):
            return Connection(corpus, client, file, name, None)
        if name in known_here and not server.projects:
            return Connection(corpus, client, file, name, None)
    return Connection(corpus, client, file, None, known_here[0] if known_here else None)


def address_and_token(
    corpus: Path, url: str | None, token_file: str | None, consent: Consent
) -> tuple[str, str]:
    """Return where :func:`connect` would send which token, without a request; raises as it does."""
    refuse_links(corpus / "annotations", skip=ServerFolder(corpus).document_root)
    address = checked_url(url or choose_url(corpus, ServerFile.read(corpus)))
    return address, permitted_token(corpus, address, token_file, consent)


def choose_url(corpus: Path, file: ServerFile) -> str:
    """Return the URL of the default server; raise ConfigurationError if tasks are on several."""
    own = running_server(ServerFolder(corpus))
    if own is not None:
        return own.url
    urls = sorted({server.url for server in file.current().values()})
    if len(urls) > 1:
        raise ConfigurationError(
            f"this corpus has tasks on several servers; name one with --server-url: "
            f"{', '.join(urls)}"
        )
    return urls[0] if urls else last_url(ServerFolder(corpus)) or DEFAULT_URL


def _find(client: Client, recorded: KnownProject) -> Project | None:
    try:
        project = client.project(recorded.project_id)
    except NotFoundError:
        return None
    return project if recorded.created_at in (None, project.created_at) else None
