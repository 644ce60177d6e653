"""The guestbook's front end: shows the entries of the cache and adds new ones.

GET /          the page               POST /         adds the form's "entry"
GET /entries   the entries as JSON    POST /entries  adds the body as an entry
GET /alive     200                    GET /ready     200 when the cache answers
"""

import html
import json
import os
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

MAX_ENTRY_BYTES = 1000
SHOWN_ENTRIES = 100
CACHE_TIMEOUT_SECONDS = 2
KEY = "entries"


def cache(*words):
    """Sends one command to the cache (RESP2) on a connection of its own and returns the answer."""
    host, port = os.environ["CACHE_ADDRESS"].rsplit(":", 1)
    with socket.create_connection((host, int(port)), CACHE_TIMEOUT_SECONDS) as connection:
        reader = connection.makefile("rb")
        for command in (("AUTH", os.environ["CACHE_PASSWORD"]), words):
            parts = [str(word).encode() for word in command]
            connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
            answer = read_answer(reader)
    return answer


def read_answer(reader):
    line = reader.readline()
    if not line.endswith(b"\r\n"):
        raise OSError("the cache closed the connection")
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise OSError("the cache refused: " + rest.decode())
    if kind == b"$":
        return None if rest == b"-1" else reader.read(int(rest) + 2)[:-2].decode(errors="replace")
    if kind == b"*":
        return [read_answer(reader) for _ in range(int(rest))]
    return rest.decode()


class Guestbook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/alive":
            self.answer(200, "text/plain", "alive\n")
        elif self.path == "/ready":
            self.from_cache(lambda: self.answer(200, "text/plain", cache("PING") + "\n"))
        elif self.path == "/entries":
            self.from_cache(lambda: self.answer(200, "application/json", json.dumps(self.entries()) + "\n"))
        elif self.path == "/":
            self.from_cache(lambda: self.answer(200, "text/html; charset=utf-8", self.page()))
        else:
            self.answer(404, "text/plain", "there is nothing here\n")

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MAX_ENTRY_BYTES:
            self.close_connection = True
            return self.answer(413, "text/plain", f"an entry has 1 to {MAX_ENTRY_BYTES} bytes\n")
        body = self.rfile.read(length).decode(errors="replace")
        entry = parse_qs(body).get("entry", [""])[0] if self.path == "/" else body
        self.from_cache(lambda: self.add(entry))

    def add(self, entry):
        cache("LPUSH", KEY, entry)
        if self.path == "/":
            self.answer(303, "text/plain", "", {"Location": "/"})
        else:
            self.answer(201, "text/plain", "added\n")

    def entries(self):
        return cache("LRANGE", KEY, 0, SHOWN_ENTRIES - 1)

    def page(self):
        title = html.escape(os.environ.get("TITLE", "Guestbook"))
        items = "".join(f"<li>{html.escape(entry)}</li>" for entry in self.entries())
        return (
            f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{html.escape(greeting())}</p>"
            f'<form method="post"><input name="entry" autofocus maxlength="500"> <button>Sign</button></form>'
            f"<ul>{items}</ul><small>served by {html.escape(os.environ.get('POD_NAME', '?'))}</small>\n"
        )

    def from_cache(self, respond):
        try:
            respond()
        except OSError as error:
            self.answer(503, "text/plain", f"the cache does not answer: {error}\n")

    def answer(self, status, content_type, text, headers=None):
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": len(body), "X-Served-By": os.environ.get("POD_NAME", "?"), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


def greeting():
    try:
        with open("/settings/greeting.txt", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("0.0.0.0", 8080), Guestbook).serve_forever()
