"""Everything a provider may do, and how often. Seeded."""

from __future__ import annotations

import random
from collections.abc import Callable
from email.utils import format_datetime

from tests.fakes.sendgrid import Answer, Behaviour, Drip, Late, Reset, Stall, Take
from tests.faults.clock import SharedClock

# Each costs a whole time-out. What comes late comes within the two minutes in which it is still reckoned with.
SLOW: list[Behaviour] = [Stall(), Drip(), Late(0.5), Late(5), Late(50), Late(100)]


def resets(clock: SharedClock) -> list[dict[str, str]]:
    """Every form in which a limit's end is told: epoch seconds, seconds to wait, a date, nothing, nonsense."""
    epoch = int(clock.now.timestamp())
    return [
        {"X-RateLimit-Reset": str(epoch + 40)},
        {"X-RateLimit-Reset": str(epoch - 4000)},
        {"X-RateLimit-Reset": str(epoch * 1000)},
        {"X-RateLimit-Reset": "30"},
        {"X-RateLimit-Reset": "-1e300"},
        {"Retry-After": "7"},
        {"Retry-After": format_datetime(clock.now, usegmt=True)},
        {"X-RateLimit-Reset": "Mon, 99 Foo 2024"},
        {"X-RateLimit-Reset": "nan"},
        {"X-RateLimit-Reset": "soon"},
        {},
    ]


def of_sends(clock: SharedClock, rng: random.Random) -> Behaviour:
    """What may become of a request with mail."""
    taken: list[Behaviour] = [
        *[Take(status) for status in (200, 201, 302, 408, 500, 503)],
        Take(202, b"x", promised=9),
        Take(202, b"\xff<html>"),
        Take(202, b"not gzip", headers={"Content-Encoding": "gzip"}),
        Reset(take=True),
    ]
    left: list[Behaviour] = [
        *[Answer(status) for status in (200, 302, 400, 408, 413, 500, 502, 503)],
        Answer(302, headers={"Location": "/elsewhere"}),
        Answer(400, b'{"errors":[{"message":"Bad Request","field":null}]}'),
        Answer(429, headers=rng.choice(resets(clock))),
        Reset(),
        Reset(after_body=False),
    ]
    # A batch of which nobody can say whether it was taken is what all this is about: most are taken after all.
    return rng.choice(rng.choices([taken, left, SLOW], [10, 9, 1])[0])


def of_control(clock: SharedClock, rng: random.Random) -> Behaviour:
    """What may become of a request about ids and cancellations."""
    if rng.random() < 0.1:
        return rng.choice(SLOW)
    return rng.choice(
        [
            *[Answer(status) for status in (400, 404, 408, 500, 503)],
            Answer(429, headers=rng.choice(resets(clock))),
            Answer(200, b"<html>"),
            *[Take(status) for status in (200, 408, 500, 503)],
            Take(201, b"{", promised=9),
            Reset(),
            Reset(take=True),
        ]
    )


def weather(clock: SharedClock, seed: int, *, sends: float, control: float) -> Callable[[str], Behaviour | None]:
    """So often something happens to a request with mail, and to one about ids and cancellations."""
    rng = random.Random(seed)

    def draw(kind: str) -> Behaviour | None:
        if rng.random() >= {"send": sends, "sandbox": control / 8}.get(kind, control):
            return None
        if kind == "send":
            return of_sends(clock, rng)
        if kind == "sandbox":
            return Answer(rng.choice((500, 429, 503)))
        return of_control(clock, rng)

    return draw
