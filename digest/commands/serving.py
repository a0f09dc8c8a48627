"""serve, clock: the processes that stay."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from digest.commands.common import start
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.config import Config, Keys


LARGEST_BODY = 10_000_000  # bytes; the server would else take a gigabyte from anybody before a page is asked


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(clock)


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on; else [web] host.")] = "",
    port: Annotated[int, typer.Option("--port", help="Port to listen on; else [web] port.")] = 0,
) -> None:
    """Serve the pages and run the clock, in one process."""
    config, keys = start()
    serve_pages(config, keys, host=host or config.web.host, port=port or config.web.port)


def clock() -> None:
    """Run the clock alone: gather, send and publish when the plan says so."""
    config, keys = start()
    from digest.schedule import build_scheduler

    stop = threading.Event()
    _on_stop(stop.set)
    scheduler = build_scheduler(config, keys)
    scheduler.start()
    print("The clock runs. Stop it with Ctrl-C.", flush=True)
    stop.wait()
    scheduler.shutdown(wait=True)


def serve_pages(config: Config, keys: Keys, *, host: str, port: int, greeting: str = "") -> None:
    """Listen until told to stop. DigestError when the port is taken; the greeting is printed once it is not."""
    from waitress.server import create_server

    from digest.schedule import build_scheduler
    from digest.site.wsgi import application

    try:
        server = create_server(
            application,
            host=host,
            port=port,
            threads=config.web.threads,
            max_request_body_size=LARGEST_BODY,
            clear_untrusted_proxy_headers=False,  # digest/web/proxies.py says which are believed
            ident="",
        )
    except OSError as error:
        raise DigestError(
            f"Port {port} on {host} cannot be used: {error.strerror or error}.",
            hint="Another program may be listening there; choose another with --port, or in [web] port.",
        ) from None
    scheduler = build_scheduler(config, keys)
    scheduler.start()
    _on_stop(_raise_exit)
    print(greeting or f"Serving on http://{host}:{port} - stop with Ctrl-C.", flush=True)
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        server.close()
        scheduler.shutdown(wait=True)


def _on_stop(action: Callable[[], None]) -> None:
    """At the first signal nothing new is begun and what is under way is waited for; at the second it ends at once."""
    from digest.installation import halt

    def handle(number: int, _frame: FrameType | None) -> None:
        if halt.asked():
            os._exit(128 + number)
        halt.ask()
        action()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _raise_exit() -> None:
    sys.exit(0)
