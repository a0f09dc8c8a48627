"""Gathering over a loopback server with 100 ms latency: fifty good feeds, the same unchanged, and hostile company."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

HEAD = """
[association]
name = "Bench"
[gather]
allow_private_networks = true
[[sections]]
id = "news"
title = "News"
"""
GATHER = """
import datetime as dt, sys, time
from pathlib import Path
from digest.site.boot import boot
config, _ = boot(Path(sys.argv[1]))
from digest.gather.store import gather_sources
for _ in range(2):
    started = time.perf_counter()
    reports = gather_sources(config, now=dt.datetime(2024, 2, 12, 12, tzinfo=dt.UTC))
    print(time.perf_counter() - started, sum(r.new for r in reports), sum(r.failed for r in reports), flush=True)
"""
PLAIN = """
import concurrent.futures, io, sys, time
import feedparser, httpx
urls = sys.argv[1:]
client = httpx.Client(trust_env=False)
def one(url):
    return len(feedparser.parse(io.BytesIO(client.get(url).content)).entries)
started = time.perf_counter()
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    found = sum(pool.map(one, urls))
print(time.perf_counter() - started, found, 0)
"""


@contextlib.contextmanager
def server() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-m", "bench.server"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def addresses(port: int, paths: list[str]) -> list[str]:
    """Each on a host of its own, as the feeds of a real association nearly are."""
    return [f"http://127.0.{n // 200 + 1}.{n % 200 + 1}:{port}{path}" for n, path in enumerate(paths)]


def write_config(folder: Path, urls: list[str]) -> Path:
    tables = (
        f'[[sources]]\nid = "s{n}"\ntitle = "Source {n}"\nsection = "news"\nurl = "{url}"\n'
        for n, url in enumerate(urls)
    )
    path = folder / "config.toml"
    path.write_text(HEAD + "".join(tables), encoding="utf-8")
    return path


def run(code: str, *arguments: str) -> list[tuple[float, int, int]]:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    rows = [line.split() for line in done.stdout.splitlines()]
    return [(float(a), int(b), int(c)) for a, b, c in rows]


def with_peak(work: Callable[[], None]) -> tuple[float, int]:
    """Seconds, and the most memory (USS, bytes) that all child processes of this one held together."""
    peak, done = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.2):
            total = 0
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if "bench.server" not in process.cmdline():
                        total += process.memory_full_info().uss
            peak = max(peak, total)

    started = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        watching = pool.submit(watch)
        try:
            work()
        finally:
            done.set()
        watching.result()
    return time.perf_counter() - started, peak


def main() -> None:
    """Print the figures, each beside its target."""
    with server() as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Compiled once, as every installation is, whatever the environment here says.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        urls = addresses(port, [f"/feed/{n}" for n in range(50)])
        print("gather: 50 feeds of 20 entries of 3 KB, 100 ms away")
        plain, found, _ = min(run(PLAIN, *urls)[0] for _ in range(3))
        print(f"  plain httpx + feedparser, 8 threads   {plain:6.2f} s  ({found} entries)")
        firsts, agains, wholes = [], [], []
        for n in range(3):
            (folder / str(n)).mkdir()
            first, again = run(GATHER, str(write_config(folder / str(n), urls)))
            firsts.append(first[0])
            agains.append(again[0])
            assert (first[1], first[2], again[1], again[2]) == (1000, 0, 0, 0), (first, again)
        for n in range(3, 6):
            (folder / str(n)).mkdir()
            path = write_config(folder / str(n), urls)
            command = [sys.executable, "-m", "digest", "doctor", "--config", str(path)]
            subprocess.run(command, capture_output=True, check=False)  # makes the database
            started = time.perf_counter()
            command = [sys.executable, "-m", "digest", "gather", "--config", str(path)]
            subprocess.run(command, capture_output=True, check=True)
            wholes.append(time.perf_counter() - started)
        print(
            f"  gathering, after imports              {min(firsts):6.2f} s  (at most 1.0; ratio to plain "
            f"{min(firsts) / plain:.2f}, at most 1)"
        )
        print(f"  unchanged, after imports              {min(agains):6.2f} s  (at most 0.4)")
        print(f"  digest gather, the whole process      {min(wholes):6.2f} s  (at most 1.6)")

        bad = [f"/hostile/{n % 6}" for n in range(10)] + [f"/hang/{n}" for n in range(10)]
        urls = addresses(port, [f"/feed/{n}" for n in range(90)] + bad + [f"/feed/{n}" for n in range(90, 180)])
        (folder / "hostile").mkdir()
        path = write_config(folder / "hostile", urls)
        command = [sys.executable, "-m", "digest", "gather", "--config", str(path)]
        seconds, peak = with_peak(lambda: subprocess.run(command, capture_output=True, check=True) and None)
        print("gather: 200 feeds, of which 10 are hostile and 10 never answer")
        print(f"  digest gather, the whole process      {seconds:6.2f} s  (at most 60)")
        print(f"  peak memory of its processes          {peak / 1e6:6.0f} MB (at most 512)")


if __name__ == "__main__":
    main()
