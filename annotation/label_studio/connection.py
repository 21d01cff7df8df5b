"""Which server is meant, and whether it is the one whose projects the corpus knows."""

from pathlib import Path

from annotation.judgements import read_judgements
from annotation.label_studio.address import last_url, running_server
from annotation.label_studio.client import Client, Project, checked_url
from annotation.label_studio.folders import ServerFolder
from annotation.label_studio.refusals import NotFoundError
from annotation.label_studio.server_file import KnownProject, KnownServer, ServerFile
from annotation.label_studio.token import find_token
from manifests.errors import ConfigurationError

__all__ = ["DEFAULT_URL", "Connection", "choose_url", "connect"]

DEFAULT_URL = "http://127.0.0.1:8090"


class Connection:
    """A server that answers and knows the token, beside what the corpus knows about it.

    Args:
        corpus: the corpus folder.
        client: for the server.
        file: annotations/server.json.
        server_id: of the server there; null if none of its projects is known.
        gone: id of a server that was at this address and has no project of ours any more.
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
        """What the corpus knows about the server; empty for a stranger."""
        return self.file.servers.get(self.server_id or "", KnownServer(url=self.client.url))

    def register(self) -> str:
        """Give the server an id if it has none, note its address, and return the id."""
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
        """Write down a project, before anything is done in it."""
        self.known.projects[key] = project
        self.file.write(self.corpus)

    def find(self, recorded: KnownProject) -> Project | None:
        """Return a project that was noted, or None if it isn't there any more."""
        return _find(self.client, recorded)


def connect(corpus: Path, url: str | None = None, token_file: str | None = None) -> Connection:
    """Speak to the server at an address, or to the one that the corpus knows.

    A server is known by its projects, not by its address: it may have moved, and another database
    may have taken its place.

    Args:
        corpus: the corpus folder.
        url: the server's address; default: that of the corpus's own if it runs, else of the one
            pushed to, else where the corpus's own ran last, else :data:`DEFAULT_URL`.
        token_file: ``[label_studio] token_file`` of corpus.toml.

    Raises:
        ConfigurationError: if no token is known, or several servers are and none is named.
        CorpusError: if the server doesn't answer, or doesn't know the token.
    """
    file = ServerFile.read(corpus)
    address = checked_url(url) if url is not None else choose_url(corpus, file)
    client = Client(address, find_token(corpus, token_file))
    client.check_login()
    known_here = [name for name, server in file.current().items() if server.url == address]
    for name in known_here + [name for name in file.current() if name not in known_here]:
        server = file.servers[name]
        if any(_find(client, project) for project in server.projects.values()):
            return Connection(corpus, client, file, name, None)
        if name in known_here and not server.projects:
            return Connection(corpus, client, file, name, None)
    return Connection(corpus, client, file, None, known_here[0] if known_here else None)


def choose_url(corpus: Path, file: ServerFile) -> str:
    """Return the address of the server that is meant where none is named.

    Raises:
        ConfigurationError: if the corpus has tasks on several.
    """
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
