"""What the sending domain's records say (RFC 7208 SPF, RFC 6376 DKIM, RFC 7489 DMARC), as far as a resolver answers.

Gmail, Yahoo and Microsoft want all three of whoever sends in bulk. A record is looked at as a mailbox provider would;
what is amiss is said with the record to set.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from digest.config import Config

RESERVED = (".example", ".test", ".invalid", ".localhost", "example.org", "example.com", "example.net")  # RFC 2606
SELECTORS = {"sendgrid": ("s1", "s2")}  # under which a provider's account publishes its keys
SECONDS = 3.0


class Record(NamedTuple):
    """One line of what was found. `mark` is ok, warn or FAIL, as in the doctor's words."""

    mark: str
    subject: str
    words: str
    todo: str = ""


def look_up(config: Config, *, resolver: Any = None) -> list[Record]:
    """What there is to say of the domain of `delivery.from_email`; asks `resolver`, else the machine's own."""
    domain = config.delivery.from_email.rpartition("@")[2].lower().rstrip(".")
    if domain.endswith(RESERVED):
        return []
    # It takes seconds to load and belongs to this look alone.
    import checkdmarc.utils as dns_lookup
    from dns.exception import DNSException
    from dns.resolver import NXDOMAIN, NoAnswer

    logging.getLogger("checkdmarc").setLevel(logging.ERROR)
    ask: dict[str, Any] = {"resolver": resolver, "timeout": SECONDS}
    try:
        dns_lookup.query_dns(domain, "NS", **ask)
    except NXDOMAIN:
        words = f"there is no domain {domain}, so nobody believes mail from it"
        return [Record("FAIL", "DNS", words, "Mend [delivery] from_email in config.toml.")]
    except NoAnswer:
        pass  # a name within a domain; its zone's servers stand above it
    except (DNSException, OSError) as error:
        words = f"no resolver answered here ({type(error).__name__}), so SPF, DKIM and DMARC were not looked at"
        return [Record("warn", "DNS", words, f"Look from another machine: `dig TXT _dmarc.{domain}`.")]
    try:
        return [_spf(domain, ask), *_dkim(config, domain, ask), _dmarc(domain, ask)]
    except (DNSException, OSError) as error:
        return [Record("warn", "DNS", f"the resolver gave no answer ({type(error).__name__})", "Try again later.")]


def _spf(domain: str, ask: dict[str, Any]) -> Record:
    from checkdmarc.spf import check_spf

    found = check_spf(domain, **ask)
    if found["valid"]:
        return Record("ok", "SPF", f"{domain}: {found['record']} ({found['dns_lookups']} of 10 lookups)")
    words = f"{domain}: {_sentence(found.get('error'))}"
    todo = "Publish one TXT record that names your provider's servers, as the provider's pages say it."
    # With a return path of the provider's own making the record stands there, and DKIM carries DMARC.
    return Record("warn" if not found.get("record") else "FAIL", "SPF", words, todo)


def _dkim(config: Config, domain: str, ask: dict[str, Any]) -> Iterator[Record]:
    from checkdmarc.utils import query_dns
    from dns.exception import DNSException

    selectors: Sequence[str] = config.delivery.dkim_selectors or SELECTORS.get(config.delivery.provider, ())
    if not selectors:
        yield Record(
            "warn",
            "DKIM",
            "the selector is not known here, so the key was not looked at",
            "Name it under [delivery] dkim_selectors; a received mail's DKIM-Signature has it as s=.",
        )
        return
    for selector in selectors:
        name = f"{selector}._domainkey.{domain}"
        try:
            records = query_dns(name, "TXT", **ask)
        except DNSException:
            records = []
        keys = [record for record in records if "p=" in record]
        if any(part.strip().startswith("p=") and part.strip() != "p=" for key in keys for part in key.split(";")):
            yield Record("ok", "DKIM", f"{name} holds a key")
        else:
            words = f"{name} holds no key" if not keys else f"the key at {name} was revoked"
            yield Record("FAIL", "DKIM", words, "Publish the record that your provider shows for this domain.")


def _dmarc(domain: str, ask: dict[str, Any]) -> Record:
    from checkdmarc.dmarc import check_dmarc

    found: Any = check_dmarc(domain, **ask)
    if not found["valid"]:
        todo = f'Publish TXT _dmarc.{domain} "v=DMARC1; p=none; rua=mailto:...", and make it stricter later.'
        return Record("FAIL", "DMARC", f"{domain}: {_sentence(found.get('error'))}", todo)
    return Record("ok", "DMARC", f"{found['location']}: {found['record']}")


def _sentence(error: object) -> str:
    text = " ".join(str(error or "no valid record").split())
    return text[:1].lower() + text[1:].rstrip(".")
