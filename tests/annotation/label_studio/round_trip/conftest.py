"""Fake Label Studio: the endpoints that push and pull use, with injectable faults."""

import json
import re
import threading
from collections import deque
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from annotation.batches.batches import Plan, batch_path, write_assigned, write_batch
from annotation.label_studio import client
from annotation.scheme.label_config import template

TOKEN = "0123456789abcdef" * 2 + "01234567"
COOKIE = "sessionid=not-for-logs"
MOMENT = "2026-11-22T14:00:52.043371Z"


class FakeLabelStudio:
    """Data of a server; each import consumes one of `faults`.

    A fault is a status, `reset` (the connection breaks before anything is done) or `lost` (it
    breaks when all is done).
    """

    def __init__(self):
        self.users = {1: "admin@localhost", 2: "li@lab.example", 3: "wang@lab.example"}
        self.projects, self.tasks, self.storages, self.snapshots = {}, {}, {}, {}
        self.served = None
        self.faults = deque()
        self.requests = []
        self.last = 0

    def number(self):
        self.last += 1
        return self.last

    def make_project(self, title="by hand", **fields):
        number = self.number()
        self.projects[number] = {
            "id": number,
            "title": title,
            "label_config": "<View/>",
            "created_at": MOMENT,
            "show_collab_predictions": True,
            **fields,
        }
        self.tasks[number] = []
        return number

    def add_task(self, project, data, **fields):
        task = {
            "id": self.number(),
            "data": data,
            "annotations": [],
            "drafts": [],
            "predictions": [],
            "project": project,
            **fields,
        }
        self.tasks[project].append(task)
        return task

    def answer(self, task, emotion="happy", by=2, **changes):
        item = {"from_name": "emotion", "to_name": "audio", "type": "choices"}
        annotation = {
            "id": self.number(),
            "completed_by": by,
            "result": [{**item, "value": {"choices": [emotion]}}],
            "was_cancelled": False,
            "ground_truth": False,
            "created_at": MOMENT,
            "updated_at": MOMENT,
            "lead_time": 3.5,
            "project": task["project"],
            **changes,
        }
        task["annotations"].append(annotation)
        return annotation

    def project_row(self, number):
        annotations = [one for task in self.tasks[number] for one in task["annotations"]]
        skipped = sum(one["was_cancelled"] for one in annotations)
        counts = {
            "total_annotations_number": len(annotations) - skipped,
            "skipped_annotations_number": skipped,
        }
        return self.projects[number] | counts


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        server = self.server.fake
        server.requests.append((self.command, parts.path))
        if parts.path == "/health":
            return self.send(200, {})
        if self.headers.get("Authorization") != f"Token {TOKEN}":
            return self.send(401, {"detail": "Invalid token.", "got": COOKIE})
        for method, pattern, do in ROUTES:
            match = re.fullmatch(pattern, parts.path.rstrip("/"))
            if match and method == self.command:
                numbers = [int(group) for group in match.groups()]
                return do(self, server, query, body, *numbers)
        return self.send(404, {"detail": "Not found."})

    def send(self, status, value):
        data = b"" if status == 204 else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Set-Cookie", COOKIE)
        self.end_headers()
        self.wfile.write(data)

    def break_off(self):
        self.close_connection = True
        self.connection.close()


for _verb in ("GET", "POST", "PATCH", "DELETE"):
    setattr(Handler, f"do_{_verb}", Handler.handle_any)


def whoami(handler, server, query, body):
    return handler.send(200, {"id": 1, "email": server.users[1]})


def users(handler, server, query, body):
    return handler.send(
        200, [{"id": number, "email": email} for number, email in server.users.items()]
    )


def list_projects(handler, server, query, body):
    if query.get("page", "1") != "1":
        return handler.send(404, {"detail": "Invalid page."})
    rows = [server.project_row(number) for number in server.projects]
    found = [row for row in rows if query.get("title", "") in row["title"]]
    return handler.send(
        200, {"count": len(found), "next": None, "previous": None, "results": found}
    )


def make_project(handler, server, query, body):
    return handler.send(201, server.project_row(server.make_project(**body)))


def get_project(handler, server, query, body, number):
    if number not in server.projects:
        return handler.send(404, {"detail": "No Project matches the given query."})
    return handler.send(200, server.project_row(number))


def change_project(handler, server, query, body, number):
    server.projects[number] |= body
    return handler.send(200, server.project_row(number))


def import_tasks(handler, server, query, body, number):
    fault = server.faults.popleft() if server.faults else None
    if fault == "reset":
        return handler.break_off()
    if isinstance(fault, int):
        return handler.send(fault, {"detail": "Bad gateway"})
    for row in body:
        server.add_task(number, row["data"], predictions=row.get("predictions", []))
    if fault == "lost":
        return handler.break_off()
    return handler.send(201, {"task_count": len(body)})


def list_tasks(handler, server, query, body):
    page, size = int(query["page"]), 3
    tasks = server.tasks[int(query["project"])]
    rows = [{"id": one["id"], "data": one["data"]} for one in tasks]
    counts = {"total": len(rows), "total_annotations": 0, "total_predictions": 0}
    return handler.send(200, {"tasks": rows[(page - 1) * size : page * size], **counts})


def list_storages(handler, server, query, body):
    return handler.send(200, server.storages.get(int(query["project"]), []))


def add_storage(handler, server, query, body):
    if server.served is not None and body["path"] != server.served:
        wrong = {"non_field_errors": [f'path "{body["path"]}" does not exist']}
        return handler.send(400, {"detail": "Validation error", "validation_errors": wrong})
    row = {"id": server.number(), **body}
    server.storages.setdefault(body["project"], []).append(row)
    return handler.send(201, row)


def snapshot(handler, server, query, body, project):
    number = server.number()
    server.snapshots[number] = project
    return handler.send(201, {"id": number, "status": "completed"})


def download(handler, server, query, body, project, number):
    return handler.send(200, server.tasks[server.snapshots[number]])


def forget(handler, server, query, body, project, number):
    del server.snapshots[number]
    return handler.send(204, None)


ROUTES = [
    ("GET", "/api/current-user/whoami", whoami),
    ("GET", "/api/users", users),
    ("GET", "/api/projects", list_projects),
    ("POST", "/api/projects", make_project),
    ("GET", r"/api/projects/(\d+)", get_project),
    ("PATCH", r"/api/projects/(\d+)", change_project),
    ("POST", r"/api/projects/(\d+)/import", import_tasks),
    ("GET", "/api/tasks", list_tasks),
    ("GET", "/api/storages/localfiles", list_storages),
    ("POST", "/api/storages/localfiles", add_storage),
    ("POST", r"/api/projects/(\d+)/exports", snapshot),
    ("GET", r"/api/projects/(\d+)/exports/(\d+)/download", download),
    ("DELETE", r"/api/projects/(\d+)/exports/(\d+)", forget),
]


@contextmanager
def serving(handler, fake=None):
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    http.fake, http.daemon_threads = fake, True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@pytest.fixture
def server(monkeypatch):
    """Run a fake Label Studio, with its token in the environment."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", TOKEN)
    monkeypatch.setattr(client, "_PATIENCE", (0.01, 0.01))
    fake = FakeLabelStudio()
    with serving(Handler, fake) as fake.url:
        yield fake


@pytest.fixture
def web_page():
    """Run another web server that answers every request with one status."""
    with ExitStack() as stack:

        def run(status):
            class Page(Handler):
                def handle_any(self):
                    data = b"<html>hello</html>"
                    self.send_response(status)
                    self.send_header("Location", "https://lab.example/")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            Page.do_GET = Page.handle_any
            return stack.enter_context(serving(Page))

        yield run


@pytest.fixture
def campaign(corpus):
    """Corpus with three annotators, and batches of its clips on demand."""
    root = corpus.root
    (root / "annotations").mkdir(exist_ok=True)
    (root / "annotations" / "annotators.csv").write_text(
        "annotator,server,number,email\n"
        "a01,,,li@lab.example\na02,,,wang@lab.example\na03,,,zhao@lab.example\n"
    )
    ids = corpus.ids()

    def rows(batch, clips):
        return [
            {"data": {"clip_id": ids[n], "audio": f"/data/local-files/?d={n}", "batch": batch}}
            for n in clips
        ]

    def assign(batch, kind="label", **lists):
        plan = Plan(kind=kind, batch=batch, seed=0, per_clip=1, annotators=sorted(lists))
        tasks = {name: rows(batch, clips) for name, clips in lists.items()}
        return write_assigned(root, plan, tasks, template())

    def share(batch, clips):
        write_batch(batch_path(root, batch), rows(batch, clips))
        (root / "annotations" / "tasks" / "label_config.xml").write_text(template())

    return SimpleNamespace(root=root, ids=ids, assign=assign, share=share, corpus=corpus)
