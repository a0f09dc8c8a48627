"""The public pages as `digest serve` gives them, asked by wrk from this machine: `python -m bench web`.

BENCH_SITE names a folder that `python -m bench.seed` made; without it a new one is made first, which takes minutes.
Beside wrk's figures stands what a request costs the server in processor time, which says the same on a machine that
is busy with other things.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

PORT = 8737
SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "16"))
WORDS = (
    "funding",
    "students",
    "workshop",
    "open",
    "report",
    "university",
    "digital",
    "learning",
    "policy",
    "research",
)
_LIST = """
import datetime as dt, django
django.setup()
from django.conf import settings
from digest.pipeline.river_index import list_in_river
print(list_in_river(settings.DIGEST, now=dt.datetime.now(dt.UTC)))
"""
_LUA = """
local paths = {%s}
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", paths[(n - 1) %% #paths + 1])
end
done = function(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.read + summary.errors.timeout
  io.write(string.format("FIGURES %%d %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration, bad,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one run: requests a second, milliseconds at three percentiles, processor milliseconds a request."""

    per_second: float
    p50: float
    p95: float
    p99: float
    cost: float
    bad: int


def main() -> None:
    if shutil.which("wrk") is None:
        print("web       wrk is not installed (apt-get install wrk)")
        return
    folder = Path(os.environ["BENCH_SITE"]) if "BENCH_SITE" in os.environ else _seeded()
    load = os.getloadavg()[0]
    print(f"web       {CONNECTIONS} connections, {SECONDS:g} s each; load before: {load:.1f}")
    with served(folder) as server:
        number = max(int(path.name) for path in (folder / "issues").iterdir() if path.name.isdigit())
        issue = f"/issues/{number}/"
        warm(issue, "/river/", "/river/feed.atom", "/issues/", "/")
        full = say("issue page (500/s, p99 100 ms)", run(server, issue))
        say("  gzipped", run(server, issue, "Accept-Encoding: gzip"))
        confirmed = say("  confirmed (304)", run(server, issue, f"If-None-Match: {etag(issue)}"))
        print(f"web         a 304 costs {confirmed.cost / full.cost:.2f} of the page from memory (at most 0.33)")
        rendered = say("  rendered", run(server, *(f"/issues/{n}/?{k}" for k in range(2) for n in range(1, number))))
        print(f"web         a 304 costs {confirmed.cost / rendered.cost:.2f} of the page rendered")
        full = say("river (p95 100 ms)", run(server, "/river/"))
        confirmed = say("  confirmed (304)", run(server, "/river/", f"If-None-Match: {etag('/river/')}"))
        print(f"web         a 304 costs {confirmed.cost / full.cost:.2f} of the page from memory (at most 0.33)")
        older = chain("/river/", 1200)
        say("  feed", run(server, "/river/feed.atom"))
        say("all issues, gzipped", run(server, "/issues/", "Accept-Encoding: gzip"))
        if status("/issues/search/?q=funding") == 200:
            pairs = [f"/issues/search/?q={a}+{b}" for a in WORDS for b in WORDS]
            words = [f"/issues/search/?q={word}" for word in WORDS]
            say("search, one word, by four (p95 80 ms)", run(server, *words, connections=4))
            say("search, two words, by four (p95 80 ms)", run(server, *pairs, connections=4))
    with served(folder) as server:  # anew: nothing is in memory
        rendered = say("every older page of the river (p95 100 ms)", run(server, *older, seconds=2))
        print(f"web         a 304 costs {confirmed.cost / rendered.cost:.2f} of the page rendered")


def _seeded() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="digest-bench-")) / "site"
    subprocess.run([sys.executable, "-m", "bench.seed", str(folder)], check=True)
    return folder


@contextmanager
def served(folder: Path) -> Iterator[psutil.Process]:
    """`digest serve` for the installation in `folder`, until the block ends. The river is listed first."""
    environment = {**os.environ, "DIGEST_CONFIG": str(folder / "config.toml")}
    command = [str(Path(sys.executable).with_name("digest")), "--config", str(folder / "config.toml")]
    environment["DJANGO_SETTINGS_MODULE"] = "digest.site.settings"
    subprocess.run([*command, "manage", "migrate", "-v0"], env=environment, check=True)
    began = time.perf_counter()
    listed = subprocess.run([sys.executable, "-c", _LIST], env=environment, check=True, stdout=subprocess.PIPE)
    took = time.perf_counter() - began
    print(f"web       {listed.stdout.decode().strip()} entries listed in the river in {took:.1f} s")
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            [*command, "serve", "--port", str(PORT)], env=environment, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            until = time.monotonic() + 60
            while status("/healthz") != 200:
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    raise SystemExit(f"digest serve does not answer:\n{log.read().decode()[-2000:]}")
                time.sleep(0.2)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def run(
    server: psutil.Process, *paths_and_headers: str, seconds: float = SECONDS, connections: int = CONNECTIONS
) -> Figures:
    """Ask for the paths in turn, with the headers."""
    paths = [one for one in paths_and_headers if one.startswith("/")]
    headers = [part for one in paths_and_headers if not one.startswith("/") for part in ("-H", one)]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_LUA % ", ".join(json.dumps(path) for path in paths))
        script.flush()
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{SECONDS:g}s",
            "--timeout",
            "10s",
            "-s",
            script.name,
            *headers,
        ]
        before = sum(server.cpu_times()[:2])
        out = subprocess.run(
            [*command, f"http://127.0.0.1:{PORT}"], check=True, capture_output=True, text=True
        ).stdout
        spent = sum(server.cpu_times()[:2]) - before
    found = re.search(r"FIGURES (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out)
    assert found is not None, out
    requests, duration, bad, p50, p95, p99 = (int(figure) for figure in found.groups())
    return Figures(
        per_second=requests / (duration / 1e6),
        p50=p50 / 1000,
        p95=p95 / 1000,
        p99=p99 / 1000,
        cost=spent * 1000 / max(requests, 1),
        bad=bad,
    )


def say(name: str, found: Figures) -> Figures:
    bad = f"   {found.bad} went wrong" if found.bad else ""
    print(
        f"web       {name:42} {found.per_second:6.0f}/s   p50 {found.p50:6.1f}   p95 {found.p95:6.1f}   "
        f"p99 {found.p99:6.1f} ms   {found.cost:5.2f} ms of processor{bad}"
    )
    return found


def warm(*paths: str) -> None:
    for path in paths:
        status(path)


def status(path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=30) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def etag(path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=30) as answer:
        return str(answer.headers["ETag"])


def chain(path: str, most: int) -> list[str]:
    """The page and those that its "Older" leads to, one after the other."""
    found = [path]
    while len(found) < most:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{found[-1]}", timeout=30) as answer:
            link = re.search(r'href="([^"]*before=[^"]*)"', answer.read().decode())
        if link is None:
            break
        found.append(link[1].replace("&amp;", "&"))
    return found


if __name__ == "__main__":
    main()
