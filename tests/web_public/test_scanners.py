"""What is done to the links of a mail by those it was not meant for: scanners, and people who guess."""

from __future__ import annotations

import random
import re
import string
import time
from urllib.parse import urlsplit

import pytest
from django.test import Client

from digest import pipeline
from digest.config import Config, Keys
from digest.deliver.links import MailingList, MemberLinks, Verb, sign, verify
from digest.deliver.models import Edition, Notice
from digest.members import join
from digest.members.models import JoinRequest, JoinState, Member
from digest.render.models import MergeTags
from tests.rows import every_row
from tests.web_public.conftest import NOW, TAG

pytestmark = pytest.mark.django_db
SCANNERS = (
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1) SafeLinks",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Edg/120.0",
    "Mozilla/5.0 (Windows NT 10.0) Proofpoint URL Defense",
    "Barracuda Sentinel (EE)",
    "BarracudaCentral/1.0",
    "Mimecast-Scanner/1.0",
    "Symantec.cloud/4.1 (MessageLabs LinkFollower)",
    "TrendMicro WRS/5.0 (ClickTime)",
    "FireEye-URLAnalysis/2.0",
    "Cisco-IronPort-SBRS/1.0",
    "Sophos-UTM-LinkScan",
    "Forcepoint-LinkInspect/3",
    "Vade-Secure-Crawler/1.2",
    "Mozilla/5.0 (compatible; GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com",
    "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "python-requests/2.31",
    "curl/8.0",
    "",
)
HREF = re.compile(r'href="(http://127\.0\.0\.1:8000/[^"]*)"')


@pytest.fixture
def addresses(
    ada: Member, links: MemberLinks, sent: Edition, published: Config, config: Config, keys: Keys
) -> list[str]:
    """Every link of ours in an issue, a confirmation, a welcome, and the mail to somebody who is on the list."""
    issue = MergeTags.of(TAG).replace(
        sent.html,
        view_in_browser=config.web.base_url + links.view_in_browser,
        unsubscribe=config.web.base_url + links.unsubscribe,
        preferences=config.web.base_url + links.preferences,
    )
    for address in ("new@example.org", "ada@example.org", "welcome@example.org"):
        join.ask(config, keys, address, client="192.0.2.1", wording="Yes.", now=NOW)
    pipeline.joining.answer_requests(config, keys, now=NOW)
    confirmed = JoinRequest.objects.get(email="welcome@example.org")
    join.confirm(confirmed.public_id, keys=keys, wording="Pressed.", now=NOW)
    pipeline.joining.answer_requests(config, keys, now=NOW)
    assert set(Notice.objects.values_list("kind", flat=True)) == {"confirm", "known", "welcome"}
    mails = [issue, *Notice.objects.values_list("html", flat=True)]
    found = sorted({match.replace("&amp;", "&") for mail in mails for match in HREF.findall(mail)})
    paths = [f"{urlsplit(url).path}?{urlsplit(url).query}".rstrip("?") for url in found]
    assert {path.split("/")[1] for path in paths} == {*Verb, "issues"}
    return paths


@pytest.mark.parametrize("agent", SCANNERS)
def test_scanners_follow_every_link_and_change_nothing(client: Client, addresses: list[str], agent: str) -> None:
    before = every_row()
    for _ in range(3):
        for path in addresses:
            for method in ("get", "head", "options"):
                response = getattr(client, method)(path, headers={"User-Agent": agent})
                assert response.status_code == (405 if method == "options" else 200), path
                assert not response.cookies
    assert every_row() == before


def test_twenty_of_them() -> None:
    assert len(set(SCANNERS)) == 20


def forged(draw: random.Random, token: str, others: list[str]) -> str:
    """A token that was shortened, changed in a few places, put together from several, or made up."""
    letters = string.ascii_letters + string.digits + "_-."
    match draw.randrange(6):
        case 0:
            return token[: draw.randrange(len(token))]
        case 1:
            return token[draw.randrange(1, len(token)) :]
        case 2:
            out = list(token)
            for _ in range(draw.randrange(1, 4)):
                out[draw.randrange(len(out))] = draw.choice(letters)
            return "".join(out)
        case 3:
            mine, theirs = token.split("."), draw.choice(others).split(".")
            return ".".join(draw.choice(pair) for pair in zip(mine, theirs, strict=True))
        case 4:
            return "".join(draw.choices(letters, k=draw.randrange(1, 90)))
        case _:
            public_id, key_id, _mac = token.split(".")
            return f"{public_id}.{key_id}.{''.join(draw.choices(letters[:-1], k=22))}"


def test_ten_thousand_forged_links_and_none_accepted(keys: Keys) -> None:
    draw = random.Random(8058)
    people = ["".join(draw.choices("0123456789abcdef", k=32)) for _ in range(20)]
    genuine = {verb: [sign(keys, verb, MailingList.DIGEST, person) for person in people] for verb in Verb}
    every = [token for tokens in genuine.values() for token in tokens]
    accepted, tried, began = [], 0, time.process_time()
    while tried < 10_000:
        verb = draw.choice(list(Verb))
        candidate = forged(draw, draw.choice(every), every)
        if candidate in genuine[verb]:
            continue
        tried += 1
        if verify(keys, verb, MailingList.DIGEST, candidate) is not None:
            accepted.append(candidate)
    assert accepted == []
    assert time.process_time() - began < 30, "of the processor's time: a forged link must cost next to nothing"


@pytest.mark.parametrize("verb", [Verb.UNSUBSCRIBE, Verb.PREFERENCES, Verb.CONFIRM])
def test_forged_links_at_the_door(client: Client, ada: Member, keys: Keys, verb: Verb) -> None:
    draw = random.Random(2369)
    token = sign(keys, verb, MailingList.DIGEST, ada.public_id)
    others = [sign(keys, other, MailingList.DIGEST, ada.public_id) for other in Verb if other is not verb]
    before = every_row()
    for _ in range(150):
        candidate = forged(draw, token, others).replace("/", "")
        if candidate in ("", ".", "..", token):
            continue
        response = client.post(f"/{verb}/{candidate}", {"do": "leave", "List-Unsubscribe": "One-Click"})
        assert response.status_code == 404
    assert every_row() == before


def test_no_address_and_nothing_to_count_stands_in_a_link(client: Client, config: Config, keys: Keys) -> None:
    for number in range(3):
        join.ask(config, keys, f"m{number}@example.org", client="192.0.2.1", wording="x", now=NOW)
    JoinRequest.objects.update(state=JoinState.MAILED)
    ids = list(JoinRequest.objects.values_list("public_id", flat=True))
    for request in JoinRequest.objects.all():
        join.confirm(request.public_id, keys=keys, wording="x", now=NOW)
    ids += Member.objects.values_list("public_id", flat=True)
    assert len(set(ids)) == 6
    assert all(re.fullmatch("[0-9a-f]{32}", public_id) for public_id in ids)
