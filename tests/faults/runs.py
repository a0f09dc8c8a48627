"""Mondays drawn at random from a seed: `mixed` with one sender that is killed, `rivals` with several at once."""

from __future__ import annotations

import random
import signal
import time

from tests.faults.clock import MINUTE, SEND_AT
from tests.faults.monday import Counts, Installations, Monday

# How an issue goes out: ahead of its time, taken back where nobody can say; ahead, and that was never proven to work; by
# a key that may not schedule, so at its time; at its time, because the clock was off before.
WAYS = ("proven", "proven", "unproven", "no rights", "at its time")

# One that was put to sleep may hold the database: the others shall not wait half a minute for it.
IMPATIENT = {"busy": 0.3, "write_again": [0.1, 0.2, 0.3]}


def _monday(installations: Installations, rng: random.Random, way: str, members: int, batch_size: int) -> Monday:
    return Monday(
        installations,
        members=members,
        batch_size=batch_size,
        proven=way == "proven",
        start=SEND_AT if way == "at its time" else SEND_AT - 30 * MINUTE,
        latency=rng.choice([0.005, 0.02, 0.05]),
    )


def _weather(monday: Monday, rng: random.Random, way: str, members: int) -> None:
    monday.ask("weather", seed=rng.random(), sends=rng.choice([0.03, 0.1, 0.3]), control=rng.choice([0, 0.1, 0.4]))
    refused = [f"m{n}@example.ac.uk" for n in range(members) if rng.random() < 0.001]
    monday.ask(
        "set",
        values={
            "refused": refused,
            "names_culprits": rng.random() < 0.5,
            "late_cancels_hold": rng.random() < 0.5,
            "may_schedule": way != "no rights",
        },
    )


def _pass_time(monday: Monday, rng: random.Random) -> None:
    """Some minutes; now and then to the last seconds before cancelling or releasing is over."""
    at = monday.clock.now + rng.choice([0, 0, 0, 0, 1, 1, 2, 5]) * MINUTE + rng.random() * MINUTE
    for edge in (SEND_AT - 11 * MINUTE, SEND_AT - 10 * MINUTE, SEND_AT):
        if monday.clock.now < edge - MINUTE / 30 < at and rng.random() < 0.5:
            at = edge - MINUTE / 60 * rng.random()
    monday.clock.turn_to(at)


def _leave(monday: Monday, rng: random.Random, members: int) -> None:
    if rng.random() < 0.2:
        monday.senders.run("leave", members=[f"m{rng.randrange(members)}@example.ac.uk" for _ in range(3)])


def mixed(installations: Installations, seed: int, *, members: int, batch_size: int, kills: int) -> Counts:
    """One sender after another, each killed at a random instant, until so many were or it is over."""
    rng = random.Random(seed)
    way = WAYS[seed % len(WAYS)]
    stop = rng.random() < 0.1
    with _monday(installations, rng, way, members, batch_size) as monday:
        _weather(monday, rng, way, members)
        for _ in range(80):
            if monday.clock.now > SEND_AT + 5 * MINUTE and (
                monday.counts.kills >= kills or not monday.is_under_way()
            ):
                break
            away = rng.random() < 0.05
            if away:
                monday.ask("shut")
                monday.counts.refused += 1
            do = "stop" if stop and monday.counts.kills > kills // 2 else "ring"
            stop = stop and (do == "ring" or rng.random() < 0.5)
            # One that lives now and then comes as far as taking back what the dead have left behind.
            often = 1 if monday.counts.kills < kills // 2 else 0.6
            if monday.counts.kills < kills and rng.random() < often and monday.is_under_way():
                # At any time at all, or at a random place in its work.
                exchanges = rng.randrange(1, members // batch_size // 8) if rng.random() < 0.85 else 0
                monday.ring_and_kill(do, exchanges=exchanges, seconds=rng.random() * (0.02 if exchanges else 0.5))
            else:
                monday.ring(do)
            if away:
                monday.ask("reopen")
            _leave(monday, rng, members)
            _pass_time(monday, rng)
        return end(monday)


def rivals(installations: Installations, seed: int, *, members: int, batch_size: int) -> Counts:
    """Two to four senders at once; some are killed, some sleep until others have taken their turn, and wake up."""
    rng = random.Random(seed)
    way = WAYS[seed % len(WAYS)]
    with _monday(installations, rng, way, members, batch_size) as monday:
        _weather(monday, rng, way, members)
        for _ in range(rng.choice([2, 3, 4])):
            count = rng.choice([2, 3, 4])
            # `send` before its time would let it go at once: a person's wish, and another Monday than this.
            choices = ["ring", "advance", "advance", "send" if monday.clock.now >= SEND_AT else "ring"]
            orders = rng.choices(choices, k=count) + (["stop"] if rng.random() < 0.03 else [])
            numbers = [monday.senders.start(order, **IMPATIENT) for order in orders]
            time.sleep(rng.random() * 0.3)
            asleep = [number for number in numbers if rng.random() < 0.4]
            for number in asleep:
                monday.senders.signal(number, signal.SIGSTOP)
            if asleep:
                monday.clock.turn_to(monday.clock.now + rng.choice([2, 2, 2, 31]) * MINUTE)  # their leases run out
                monday.counts.sleeps += len(asleep)
                numbers.append(monday.senders.start(rng.choice(["ring", "advance"]), **IMPATIENT))
                time.sleep(rng.random() * 0.3)
            for number in asleep:
                monday.senders.signal(number, rng.choice([signal.SIGCONT, signal.SIGCONT, signal.SIGKILL]))
            for number in numbers:
                status, _ = monday.senders.wait(number)
                monday.counts.kills += status == -signal.SIGKILL
            _leave(monday, rng, members)
            _pass_time(monday, rng)
        return end(monday)


def end(monday: Monday) -> Counts:
    ledger = monday.settle()
    # Stopped before its list was closed, there is no list.
    return monday.judge(ledger, frozen=bool(ledger["members"]) or ledger["issue"] != "stopped")
