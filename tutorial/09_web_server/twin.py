"""Lesson 09 in Python: a small JSON service. Prints output.txt, as main.rs does.

The standard library has no HTTP server for asyncio, so here are a few lines of one, enough for this program and
no other. The other framework is WSGI, on threads.
"""

import asyncio
import json
import re
import threading
from http import HTTPStatus
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer


class Refused(Exception):
    def __init__(self, status, text):
        self.status = status
        self.json = {"error": text}


class Notes:
    def __init__(self):
        self.last = 0
        self.notes = {}
        self.reports = 0
        self.lock = threading.Lock()

    def list(self, containing):
        return [note for note in self.notes.values() if containing in note["text"]]

    def add(self, new):
        if not new["text"].strip():
            raise Refused(422, "a note needs a text")
        with self.lock:
            self.last += 1
            note = {"id": self.last, "text": new["text"]}
            self.notes[self.last] = note
        return note

    def get(self, id):
        if id not in self.notes:
            raise Refused(404, f"there is no note {id}")
        return self.notes[id]

    def remove(self, id):
        self.get(id)
        del self.notes[id]

    async def report(self):
        self.reports += 1
        texts = [note["text"] for note in self.list("")]
        await asyncio.sleep(0.5)
        return {"notes": len(texts), "letters": sum(map(len, texts))}


# Ours: asyncio.start_server and a few lines of HTTP.


async def respond(notes, method, target, body):
    """What a router does. Gives a status and a value for JSON."""
    url = urlsplit(target)
    try:
        match method, url.path.split("/")[1:]:
            case "GET", ["notes"]:
                return 200, notes.list(parse_qs(url.query).get("contains", [""])[0])
            case "POST", ["notes"]:
                return 201, notes.add(json.loads(body))
            case "GET", ["notes", id]:
                return 200, notes.get(int(id))
            case "DELETE", ["notes", id]:
                notes.remove(int(id))
                return 204, None
            case "GET", ["report"]:
                return 200, await notes.report()
            case _, ["notes"] | ["notes", _] | ["report"]:
                return 405, None
        return 404, None
    except Refused as refused:
        return refused.status, refused.json
    except (ValueError, KeyError):
        return 400, None


class Server:
    @classmethod
    async def serve(cls, notes):
        server = cls()
        server.notes = notes
        server.busy = set()
        server.listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
        server.address = server.listening.sockets[0].getsockname()
        return server

    async def handle(self, reader, writer):
        self.busy.add(asyncio.current_task())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(maxsplit=2)
            length = re.search(r"(?i)content-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            status, value = await respond(self.notes, method, target, body)
            text = "" if value is None else json.dumps(value, separators=(",", ":"))
            kind = "text/plain" if value is None else "application/json"
            writer.write(
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode()
            )
            await writer.drain()
        finally:
            writer.close()
            self.busy.discard(asyncio.current_task())

    async def shut_down(self):
        self.listening.close()
        if self.busy:
            await asyncio.wait(self.busy, timeout=5)


# Another framework: WSGI, with a thread for each request.


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class ThreadingServer(ThreadingMixIn, WSGIServer):
    pass


class OtherServer:
    @classmethod
    async def serve(cls, notes):
        server = cls()
        server.notes = notes
        server.loop = asyncio.get_running_loop()
        server.listening = ThreadingServer(("127.0.0.1", 0), Quiet)
        server.listening.set_app(server.application)
        server.address = server.listening.server_address
        server.thread = threading.Thread(target=server.listening.serve_forever, args=(0.01,))
        server.thread.start()
        return server

    def application(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        target = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        answer = respond(self.notes, environ["REQUEST_METHOD"], target, body)
        # On another thread: the loop makes a task of it, and the thread waits.
        status, value = asyncio.run_coroutine_threadsafe(answer, self.loop).result()
        kind = "text/plain" if value is None else "application/json"
        start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", kind)])
        return [b"" if value is None else json.dumps(value, separators=(",", ":")).encode()]

    async def shut_down(self):
        await asyncio.to_thread(self.listening.shutdown)
        # Waits for the threads that answer.
        await asyncio.to_thread(self.listening.server_close)
        self.thread.join()


REQUESTS = [
    ("POST", "/notes", '{"text":"milk"}'),
    ("POST", "/notes", '{"text":"bread"}'),
    ("GET", "/notes", ""),
    ("GET", "/notes?contains=re", ""),
    ("DELETE", "/notes/1", ""),
    ("GET", "/notes/1", ""),
    ("POST", "/notes", '{"text":" "}'),
    ("POST", "/notes", '{"text"'),
    ("PUT", "/notes", '{"text":"jam"}'),
]


async def main():
    answers = await try_out(await Server.serve(Notes()))
    print("\n".join(answers))
    others = await try_out(await OtherServer.serve(Notes()))
    same = "true" if others == answers else f"false: {others}"
    print(f"another framework, the same answers: {same}")


async def try_out(server):
    """What a server answers, to its end."""
    answers = [await ask(server, *request) for request in REQUESTS]
    report = asyncio.create_task(ask(server, "GET", "/report", ""))
    while not server.notes.reports:
        await asyncio.sleep(0)
    answers.append(await ask(server, "GET", "/notes/2", ""))
    answers.append(f"closing; the report is there: {str(report.done()).lower()}")
    await server.shut_down()
    answers.append(await report)
    try:
        answers.append(await ask(server, "GET", "/notes/2", ""))
    except ConnectionRefusedError:
        answers.append("closed")
    return answers


async def ask(server, method, path, body):
    """A request and its answer on one line. A body that is no JSON is left out."""
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
    )
    head, _, text = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    status = head.split(maxsplit=2)[1]
    if "application/json" not in head:
        text = ""
    return " ".join(f"{method} {path} {body} -> {status} {text}".split())


asyncio.run(main())
