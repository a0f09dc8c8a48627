"""Takes mail as fast as it can, in a process of its own: `python -m bench.mail_server [SECONDS]` prints its port.

It answers each request with 202 (one for the sandbox with 200) after SECONDS and keeps nothing but counts: GET
/counts gives requests and recipients, any other GET the rights of a key. That what it takes is right is for the
tests' strict fake to say (tests/fakes/sendgrid.py).
"""

from __future__ import annotations

import asyncio
import sys

_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: bench\r\nContent-Length: 0\r\n\r\n"
_TRIED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_SANDBOX = b'"sandbox_mode":{"enable":true'


class Mail(asyncio.BufferedProtocol):
    """One connection. A request's body is counted and forgotten piece by piece."""

    requests = recipients = 0

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._buffer = bytearray(1 << 18)
        self._head = bytearray()
        self._left = -1  # bytes of the body still to come; -1 while reading a head
        self._carry = b""
        self._sandbox = False
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(memoryview(self._buffer)[:nbytes])
        while data:
            if self._left < 0:
                self._head += data
                end = self._head.find(b"\r\n\r\n")
                if end < 0:
                    return
                data = bytes(self._head[end + 4 :])
                head = bytes(self._head[:end]).lower()
                self._head.clear()
                if head.startswith(b"get"):
                    self._tell(counts=head.startswith(b"get /counts "))
                    continue
                self._left = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            part, data = data[: self._left], data[self._left :]
            self._left -= len(part)
            # A mark that the cut between two pieces tore apart is found with the next.
            whole = self._carry + part
            Mail.recipients += whole.count(b'"to":[{')
            self._carry = whole[-6:]
            if Mail.requests == 0:  # trying out comes before the first; the others need no looking at
                self._sandbox |= _SANDBOX in self._tail + part
                self._tail = part[-len(_SANDBOX) :]
            if self._left == 0:
                answer = _TRIED if self._sandbox else _ACCEPTED
                Mail.requests += not self._sandbox
                self._left, self._carry, self._sandbox = -1, b"", False
                if self._latency:
                    asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer)
                else:
                    self._transport.write(answer)

    def _tell(self, *, counts: bool) -> None:
        body = b'{"scopes": ["mail.send"]}'
        if counts:
            body = f"{Mail.requests} {Mail.recipients}".encode()
            Mail.requests = Mail.recipients = 0
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def serve(latency: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Mail(latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
