"""A small OpenID provider on 127.0.0.1 (OpenID Connect Core 1.0, Discovery 1.0; RFC 6749, RFC 7636).

`signed_in` is whoever sits at the browser there: `{"sub": "7", "email": ..., "email_verified": True}`; None turns back.
It is strict where the standards are: the client's secret, the redirect address, a code once, the PKCE verifier.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "newsroom", "s3cret"


class OpenIdProvider:
    """What it is told, what it was asked, and what it answers."""

    def __init__(self) -> None:
        self.base = ""
        self.signed_in: dict[str, Any] | None = None
        self.asked: list[dict[str, str]] = []  # the queries with which browsers came
        self.refused: list[str] = []  # why a request was refused
        self.out_of_order = False
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "userinfo_endpoint": f"{self.base}/me",
            "jwks_uri": f"{self.base}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorise(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        self.asked.append(query)
        if self.signed_in is None:
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = secrets.token_urlsafe(12)
        self._codes[code] = (query, self.signed_in)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form: dict[str, str]) -> dict[str, Any] | None:
        query, claims = self._codes.pop(form.get("code", ""), ({}, {}))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        for wrong, why in (
            (not query, "no such code"),
            (form.get("client_id") != CLIENT or form.get("client_secret") != SECRET, "not this client"),
            (form.get("redirect_uri") != query.get("redirect_uri"), "another address to go back to"),
            (
                query.get("code_challenge_method") != "S256" or challenge != query.get("code_challenge"),
                "no proof key",
            ),
        ):
            if wrong:
                self.refused.append(why)
                return None
        token = secrets.token_urlsafe(12)
        self._tokens[token] = claims
        now = int(time.time())
        about = {"iss": self.base, "aud": CLIENT, "iat": now, "exp": now + 300, **claims}
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": jwt.encode(about, self._key, algorithm="RS256", headers={"kid": "1"}),
        }

    def keys(self) -> dict[str, Any]:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**key, "kid": "1", "use": "sig", "alg": "RS256"}]}

    def about(self, token: str) -> dict[str, Any] | None:
        return self._tokens.get(token)


@contextmanager
def serving() -> Iterator[OpenIdProvider]:
    provider = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            match parts.path:
                case _ if provider.out_of_order:
                    self._answer(503, {"error": "temporarily_unavailable"})
                case "/.well-known/openid-configuration":
                    self._answer(200, provider.configuration())
                case "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorise(query))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                case "/keys":
                    self._answer(200, provider.keys())
                case "/me":
                    found = provider.about(self.headers.get("Authorization", "").removeprefix("Bearer "))
                    self._answer(200 if found else 401, found or {"error": "invalid_token"})
                case _:
                    self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            tokens = provider.exchange({name: values[0] for name, values in parse_qs(body).items()})
            self._answer(200 if tokens else 400, tokens or {"error": "invalid_grant"})

        def _answer(self, status: int, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
