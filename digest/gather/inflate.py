"""Undoing Content-Encoding without ever holding more than was allowed: a bomb stops at the cap, not after it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import brotli

ACCEPTED = "gzip, deflate, br"
_STEP = 65_536  # bytes that are inflated at a time


class TooLarge(Exception):
    """More bytes than allowed."""


class Damaged(Exception):
    """The bytes are not what their encoding says."""


def inflate(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The body of `chunks`. Raises TooLarge past `limit` bytes, and Damaged."""
    names = [name for name in (part.strip().lower() for part in encoding.split(",")) if name not in ("", "identity")]
    if len(names) > 1:
        raise Damaged(f"it is packed {len(names)} times")
    body = bytearray()
    received = 0
    step: _Identity | _Zlib | _Brotli | None = None
    for chunk in chunks:
        if not chunk:
            continue
        received += len(chunk)
        if received > limit:  # packed bytes that come to nothing are no smaller
            raise TooLarge
        if step is None:
            step = _step(names[0] if names else "", chunk)
        for piece in step.feed(chunk):
            body += piece
            if len(body) > limit:
                raise TooLarge
    if step is not None and not step.complete:
        raise Damaged("it ends before its end")
    return bytes(body)


def _step(name: str, first: bytes) -> _Identity | _Zlib | _Brotli:
    if name in ("gzip", "x-gzip"):
        # Some servers say gzip and send it plain.
        return _Zlib(zlib.MAX_WBITS | 16) if first[:1] == b"\x1f" else _Identity()
    if name == "deflate":
        # RFC 9110 means zlib; some servers send raw deflate.
        is_zlib = len(first) > 1 and first[0] & 0x0F == 8 and (first[0] * 256 + first[1]) % 31 == 0
        return _Zlib(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
    if name == "br":
        return _Brotli()
    if name:
        raise Damaged(f"it is packed as {name[:30]}, which was not asked for")
    return _Identity()


class _Identity:
    complete = True

    def feed(self, chunk: bytes) -> Iterable[bytes]:
        yield chunk


class _Zlib:
    def __init__(self, window: int) -> None:
        self._window = window
        self._decoder = zlib.decompressobj(window)

    @property
    def complete(self) -> bool:
        return self._decoder.eof

    def feed(self, chunk: bytes) -> Iterable[bytes]:
        try:
            while chunk:
                if self._decoder.eof:
                    # A gzip file may be several, one after another (RFC 1952, 2.2); other bytes are padding.
                    if chunk[:1] != b"\x1f" or self._window <= zlib.MAX_WBITS:
                        return
                    self._decoder = zlib.decompressobj(self._window)
                yield self._decoder.decompress(chunk, _STEP)
                chunk = self._decoder.unconsumed_tail or self._decoder.unused_data
        except zlib.error as error:
            raise Damaged(str(error)) from None


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._decoder.is_finished())

    def feed(self, chunk: bytes) -> Iterable[bytes]:
        try:
            yield self._decoder.process(chunk, output_buffer_limit=_STEP)
            while not self._decoder.can_accept_more_data():
                yield self._decoder.process(b"", output_buffer_limit=_STEP)
        except brotli.error as error:
            raise Damaged(str(error)) from None
