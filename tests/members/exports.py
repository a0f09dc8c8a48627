"""Rolls as real tools export them, with invented people. Each function gives the bytes of one file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence


def table(heading: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = ",", end: str = "\n") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(heading)
    writer.writerows(rows)
    return out.getvalue()


MAILCHIMP = [
    "Email Address", "First Name", "Last Name", "Address", "Phone Number", "MEMBER_RATING", "OPTIN_TIME", "OPTIN_IP",
    "CONFIRM_TIME", "CONFIRM_IP", "LATITUDE", "LONGITUDE", "GMTOFF", "DSTOFF", "TIMEZONE", "CC", "REGION",
    "LAST_CHANGED", "LEID", "EUID", "NOTES", "TAGS",
]  # fmt: skip


def mailchimp(*people: tuple[str, str, str], more: Sequence[str] = ()) -> bytes:
    """One of the three files of its archive. `more`: the columns that the unsubscribed and cleaned parts add."""
    rows = [
        [address, first, last, "1 High St  Testford  TE1 1ST  GB", "", "2", "2021-03-01 10:00:00", "192.0.2.1",
         "2021-03-01 10:00:00", "192.0.2.1", *["x"] * len(more), *[""] * 6, "GB", "2023-01-01 00:00:00", "481516", "4a8b15c16d", "Met at a fair,\nasked for news", '"Member","London"']
        for address, first, last in people
    ]  # fmt: skip
    heading = [*MAILCHIMP[:10], *more, *MAILCHIMP[10:]]
    width = len(heading)
    return table(heading, [[*row, *[""] * width][:width] for row in rows]).encode()


def mailchimp_combined(*people: tuple[str, str]) -> bytes:
    """(address, state) under the newer export's column of states."""
    rows = [[address, "Given", "Family", state, "2", "2021-03-01 10:00:00", "1", "e"] for address, state in people]
    heading = [
        "Email Address",
        "First Name",
        "Last Name",
        "Email Marketing Status",
        "MEMBER_RATING",
        "OPTIN_TIME",
        "LEID",
        "EUID",
    ]
    return table(heading, rows).encode()


def sendgrid_contacts(*people: tuple[str, str, str]) -> bytes:
    heading = [
        "EMAIL", "FIRST_NAME", "LAST_NAME", "ADDRESS_LINE_1", "ADDRESS_LINE_2", "CITY", "STATE_PROVINCE_REGION",
        "POSTAL_CODE", "COUNTRY", "ALTERNATE_EMAILS", "PHONE_NUMBER", "UNIQUE_NAME", "CREATED_AT", "UPDATED_AT", "CONTACT_ID",
    ]  # fmt: skip
    rows = [
        [a, f, s, "", "", "", "", "", "", "other@example.org", "", "", "2024-01-01", "2024-01-01", "9b"]
        for a, f, s in people
    ]
    return table(heading, rows).encode()


def sendgrid_bounces(*addresses: str) -> bytes:
    rows = [["5.1.1", f"550 5.1.1 <{a}>: user unknown, sorry", a, "1700000000"] for a in addresses]
    return table(["status", "reason", "email", "created"], rows).encode()


def sendgrid_unsubscribes(*addresses: str) -> bytes:
    return table(["email", "created"], [[a, "1700000000"] for a in addresses]).encode()


def sendgrid_spam(*addresses: str) -> bytes:
    return table(["email", "ip", "created"], [[a, "192.0.2.1", "1700000000"] for a in addresses]).encode()


def listmonk(*people: tuple[str, str, str]) -> bytes:
    """(address, name, state)"""
    rows = [
        [
            "0b2a7c54-0000-4000-8000-000000000000",
            a,
            n,
            '{"city": "Testford"}',
            s,
            "2023-05-01 10:00:00+00",
            "2023-05-01 10:00:00+00",
        ]
        for a, n, s in people
    ]
    return table(["uuid", "email", "name", "attributes", "status", "created_at", "updated_at"], rows).encode()


GOOGLE = [
    "First Name", "Middle Name", "Last Name", "Phonetic First Name", "Nickname", "File As", "Organization Name", "Birthday",
    "Notes", "Photo", "Labels", "E-mail 1 - Label", "E-mail 1 - Value", "E-mail 2 - Label", "E-mail 2 - Value", "Phone 1 - Value",
]  # fmt: skip


def google(*people: tuple[str, str, str, str]) -> bytes:
    """(first, last, first address, second address)"""
    rows = [
        [f, "", s, "", "", "", "Org", "", "", "", "* myContacts", "Home", one, "Work", two, ""]
        for f, s, one, two in people
    ]
    return table(GOOGLE, rows).encode()


def outlook(*people: tuple[str, str, str, str], heading: Sequence[str] = ()) -> bytes:
    """(first, last, first address, second address); cp1252 as Outlook for Windows writes it."""
    english = [
        "Title",
        "First Name",
        "Middle Name",
        "Last Name",
        "Company",
        "E-mail Address",
        "E-mail Type",
        "E-mail Display Name",
        "E-mail 2 Address",
    ]
    rows = [["", f, "", s, "Org", one, "SMTP", f"{f} {s} ({one})", two] for f, s, one, two in people]
    return table(heading or english, rows, end="\r\n").encode("cp1252")


OUTLOOK_GERMAN = [
    "Anrede",
    "Vorname",
    "Weitere Vornamen",
    "Nachname",
    "Firma",
    "E-Mail-Adresse",
    "E-Mail-Typ",
    "E-Mail: Angezeigter Name",
    "E-Mail 2: Adresse",
]


def listserv(*people: tuple[str, str]) -> bytes:
    """(address, name) as LISTSERV answers REVIEW."""
    lines = [
        "*",
        "*  Weekly news of the Test Association",
        "*",
        "*  Review= Owners",
        "*  Owner= someone@EXAMPLE.ORG (Some One)",
        "*",
        *(f"{address:<40} {name}" for address, name in people),
        "*",
        f"* Total number of users subscribed to the list:    {len(people)}",
        "* Total number of local host users on the list:    0",
        "*",
    ]
    return "\n".join(lines).encode()
