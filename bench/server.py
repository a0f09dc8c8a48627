"""A web server with a delay, in a process of its own: `python -m bench.server` prints its port.

/feed/N is a feed of 20 entries of about 3 KB, with an ETag; /hostile/N is one that hurts; /hang/N never answers.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import re

LATENCY = 0.1
ENTRIES = 20
_SENTENCES = (
    "The pilot ran from October to March in four departments and reached eleven hundred students. ",
    "Staff were offered two short workshops and a handbook, and most of them came to both. ",
    'Its <a href="https://news.example/report?utm_source=rss">report</a> says what each part cost. ',
    "Nobody expected the captions to matter most, and yet they were named in every interview. ",
    "A second round begins in the autumn with <em>two more</em> universities and a museum. ",
)


def feed(number: int) -> bytes:
    items = []
    for n in range(ENTRIES):
        text = "".join(f"<p>{_SENTENCES[(n + k) % 5]}{_SENTENCES[(n + k + 2) % 5]}</p>" for k in range(13))
        day = dt.datetime(2024, 2, 12, 9, tzinfo=dt.UTC) - dt.timedelta(days=n)
        items.append(
            f"<item><title>Story {n} of source {number}: what four departments learned</title>"
            f"<link>https://source{number}.example/story/{n}?utm_source=rss</link>"
            f"<guid>https://source{number}.example/?p={n}</guid><pubDate>{day:%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
            f"<category>Pilots</category><description><![CDATA[{text[:300]} [&#8230;]]]></description>"
            f"<content:encoded><![CDATA[{text}]]></content:encoded></item>"
        )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Source {number}</title><link>https://source{number}.example/</link>"
    )
    return f"{head}{''.join(items)}</channel></rss>".encode()


def hostile(number: int) -> bytes:
    """Stalls of several kinds, as the body of an answer."""
    item = '<rss version="2.0"><channel><title>H</title><item><title>A</title>{}</item></channel></rss>'
    kinds = (
        "<description><![CDATA[" + "<div>" * 100_000 + "]]></description>",
        "".join(f"<category>c{n}</category>" for n in range(50_000)),
        "<description><![CDATA[" + "<!--" * 60_000 + "]]></description>",
        "<description><![CDATA[<p " + "a=b " * 250_000 + ">x</p>]]></description>",
        "<a>" + "<b>" * 60_000,
    )
    return item.format(kinds[number % len(kinds)]).encode()


def _head(status: str, body: bytes, more: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n{more}\r\n"
    ).encode() + body


def answers() -> dict[str, bytes]:
    made = {f"/feed/{n}": _head("200 OK", feed(n), f'ETag: "{n}"\r\n') for n in range(200)}
    made |= {f"/hostile/{n}": _head("200 OK", hostile(n)) for n in range(5)}
    bomb = gzip.compress(b"<rss>" + b" " * 100_000_000)
    made["/hostile/5"] = _head("200 OK", bomb, "Content-Encoding: gzip\r\n")
    return made


async def serve() -> None:
    made = answers()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = request.split(" ", 2)[1]
            if path.startswith("/hang"):
                await asyncio.sleep(600)
            await asyncio.sleep(LATENCY)
            tag = re.search(r'(?i)if-none-match: ("\d+")', request)
            body = made.get(path, _head("404 Not Found", b""))
            if tag and f"ETag: {tag[1]}".encode() in body[:300]:
                body = f"HTTP/1.1 304 Not Modified\r\nETag: {tag[1]}\r\nConnection: close\r\n\r\n".encode()
            writer.write(body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    # A backlog as a public server has it; each source is given a loopback address of its own.
    server = await asyncio.start_server(handle, "0.0.0.0", 0, backlog=500)  # all of 127.0.0.0/8
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
