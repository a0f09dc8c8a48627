"""The newsroom's pages as `digest serve` gives them, one person after another: `python -m bench newsroom`.

BENCH_SITE names a folder that `python -m bench.seed` made; without it a new one is made first, which takes minutes.
Staff are few, so there is one connection; every page is asked for whole, as nothing behind the door may be cached.
"""

from __future__ import annotations

import http.cookiejar
import os
import re
import time
import urllib.parse
import urllib.request
from pathlib import Path

import psutil

from bench import web
from bench.seed import APPROVER, PASSWORD

PORT = 8738
LIMIT = 150  # milliseconds, at the 95th percentile
TIMES = int(os.environ.get("BENCH_TIMES", "20"))
BASE = f"http://127.0.0.1:{PORT}"


def pages(number: int) -> dict[str, str]:
    return {
        "desk": "/newsroom/",
        "editor": "/newsroom/issue/",
        "everything the week brought": "/newsroom/issue/week/",
        "preview": "/newsroom/preview/",
        "preview, the mail": "/newsroom/preview/mail.html",
        "preview, plain text": "/newsroom/preview/text/",
        "approve": "/newsroom/approve/",
        "sources": "/newsroom/sources/",
        "one source": "/newsroom/sources/s1/",
        "audit": "/newsroom/audit/",
        "deliveries": f"/newsroom/deliveries/{number}/",
        "reports": "/newsroom/reports/",
        "report": f"/newsroom/reports/{number}/",
        "announcements": "/newsroom/announcements/",
    }


class Person:
    """Somebody signed in, with a browser's cookies."""

    def __init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(jar)

    def ask(self, path: str, **form: str) -> tuple[str, str]:
        """The page, and where it led."""
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(BASE + path, data, {"Origin": BASE, "Referer": BASE + path})
        with self._browser.open(request, timeout=60) as answer:
            return answer.read().decode("utf-8", "replace"), answer.geturl()

    def sign_in(self) -> None:
        page, _ = self.ask("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        _, where = self.ask("/accounts/login/", login=APPROVER, password=PASSWORD, csrfmiddlewaretoken=token[1])
        assert where.startswith(f"{BASE}/newsroom/"), where


def main() -> None:
    folder = Path(os.environ["BENCH_SITE"]) if "BENCH_SITE" in os.environ else web._seeded()
    web.PORT = PORT
    with web.served(folder) as server:
        number = max(int(path.name) for path in (folder / "issues").iterdir() if path.name.isdigit())
        person = Person()
        person.sign_in()
        print(f"newsroom  {TIMES} times each, load before: {os.getloadavg()[0]:.1f}; at most {LIMIT} ms at p95")
        for name, path in pages(number).items():
            say(name, path, person, server)


def say(name: str, path: str, person: Person, server: psutil.Process) -> None:
    try:
        person.ask(path)
    except urllib.error.HTTPError as error:
        print(f"newsroom  {name:28} answers {error.code}")
        return
    taken = []
    before = sum(server.cpu_times()[:2])
    for _ in range(TIMES):
        began = time.perf_counter()
        page, _ = person.ask(path)
        taken.append((time.perf_counter() - began) * 1000)
    cost = (sum(server.cpu_times()[:2]) - before) * 1000 / TIMES
    taken.sort()
    print(
        f"newsroom  {name:28} p50 {taken[len(taken) // 2]:6.0f}   p95 {taken[int(len(taken) * 0.95) - 1]:6.0f} ms"
        f"   {cost:5.0f} ms of processor   {len(page) // 1024:4} kB"
    )


if __name__ == "__main__":
    main()
