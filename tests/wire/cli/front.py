"""A way to the organization that can turn hostile, and a host that no token may ever reach.

Both speak HTTP on 127.0.0.1, on ports of their own, and remember what they were asked."""

import http.client
import http.server
import threading
import zlib


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """The other side hung up, as it should when it has had enough."""


class _Listener:
    """An HTTP server on a thread of its own; `reply(handler)` answers each request."""

    def __init__(self):
        self.seen = []  # (method, path, authorization)
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # One write an answer: two would wait for each other's acknowledgement.

            def _any(self):
                owner.seen.append((self.command, self.path, self.headers.get("Authorization", "")))
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    owner.reply(self)
                except OSError:  # The other side had enough.
                    self.close_connection = True

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any

            def log_message(self, *_):
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Trap(_Listener):
    """Another host. Whatever comes here is a leak; it answers as if all were well."""

    def reply(self, handler):
        send(handler, 200, b'{"value":[]}', "application/json")


class Front(_Listener):
    """Hands everything to the organization behind it, except what `hostile` answers itself.

    `hostile(handler)` returns True when it has answered. It is None while all is well."""

    def __init__(self, behind):
        self.behind = behind.removeprefix("http://").rstrip("/")
        self.hostile = None
        super().__init__()

    def reply(self, handler):
        if self.hostile and self.hostile(handler):
            return
        onward = http.client.HTTPConnection(self.behind, timeout=30)
        try:
            onward.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                onward.putheader(name, value)
            onward.endheaders(handler.body)
            answer = onward.getresponse()
            body = answer.read()
        finally:
            onward.close()
        handler.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                handler.send_header(name, value)
        if answer.status != 204:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def send(handler, status, body, kind, headers=None):
    handler.send_response_only(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def stream(handler, pieces, headers=None):
    """A body without a length, until the pieces end or the other side hangs up."""
    handler.send_response_only(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Connection", "close")
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.close_connection = True
    for piece in pieces:
        handler.wfile.write(piece)


def endless_spaces():
    yield b'{"value":['
    while True:
        yield b" " * 1_000_000


def gzip_bomb():
    """One megabyte on the wire is a gigabyte in memory, and it never ends."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(b'{"value":[') + packer.flush(zlib.Z_FULL_FLUSH)
    megabytes = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = megabytes.compress(b" " * (16 << 20)) + megabytes.flush(zlib.Z_FULL_FLUSH)
    while True:
        yield block
