"""What real tools export: who comes onto the roll, who never does, and what it says it understood."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from digest.config import Keys
from digest.errors import UsageError
from digest.members.address import address_key
from digest.members.difference import Verdict
from digest.members.leave import leave
from digest.members.models import Consent, Member, Suppression
from digest.members.roll import ImportReport, compare, import_bytes
from digest.members.spreadsheet import export_csv, harmless
from digest.members.suppress import suppressed_keys
from tests.members import exports

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)


def bring(keys: Keys, data: bytes, name: str = "list.csv", **how: str) -> ImportReport:
    with compare(io.BytesIO(data), name=name, keys=keys, **how) as comparison:
        comparison.apply(now=NOW, actor="test", yes_drop=True)
        return comparison.report()


def roll() -> dict[str, str]:
    """Name by address of those who receive the digest."""
    return {str(m.email): m.name for m in Member.objects.filter(status="active")}


def stopped(keys: Keys, address: str) -> str:
    """The source of what stands against an address, or ""."""
    return (
        Suppression.objects.filter(address_key=address_key(keys, address)).values_list("source", flat=True).first()
        or ""
    )


def test_mailchimp_subscribed(keys: Keys) -> None:
    people = [("ada@example.org", "Ada", "Lovelace"), ("zoe@example.org", "Zoë", "Müller")]
    report = bring(keys, exports.mailchimp(*people), "subscribed_email_audience_export_0a1b.csv")
    assert roll() == {"ada@example.org": "Ada Lovelace", "zoe@example.org": "Zoë Müller"}
    assert "an export of Mailchimp" in report.understood
    assert "'First Name' and 'Last Name'" in report.understood


def test_mailchimp_unsubscribed_become_nobodys_members(keys: Keys) -> None:
    import_bytes(b"email\nada@example.org\n", name="m.csv", keys=keys, now=NOW)
    data = exports.mailchimp(
        ("ada@example.org", "Ada", "L"), ("ben@example.org", "Ben", "B"),
        more=("UNSUB_TIME", "UNSUB_CAMPAIGN_TITLE", "UNSUB_CAMPAIGN_ID", "UNSUB_REASON", "UNSUB_REASON_OTHER"),
    )  # fmt: skip
    report = bring(keys, data, "members.csv")
    assert report.counts[Verdict.LEAVES] == 1
    assert report.counts[Verdict.SUPPRESSED] == 1
    assert "everybody in it left" in report.understood
    ada = Member.objects.get(email="ada@example.org")
    assert (ada.status, ada.left_at) == ("left", NOW)
    assert Consent.objects.filter(member=ada, action="leave").count() == 1
    assert not Member.objects.filter(email="ben@example.org").exists()
    assert stopped(keys, "ben@example.org") == "unsubscribed"
    again = bring(keys, b"email\nada@example.org\nben@example.org\n")
    assert [note.row for note in again.kept_out] == [2, 3]
    assert roll() == {}
    assert bring(keys, data, "members.csv").counts[Verdict.KNOWN] == 2


def test_mailchimp_cleaned_bounced(keys: Keys) -> None:
    data = exports.mailchimp(
        ("gone@example.org", "Gone", "Away"), more=("CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID")
    )
    bring(keys, data, "cleaned_email_audience_export_0a1b.csv")
    assert stopped(keys, "gone@example.org") == "bounce"
    assert roll() == {}


def test_mailchimp_combined_with_states(keys: Keys) -> None:
    report = bring(
        keys,
        exports.mailchimp_combined(
            ("a@example.org", "Subscribed"), ("b@example.org", "Unsubscribed"), ("c@example.org", "Cleaned"),
            ("d@example.org", "Non-Subscribed"), ("e@example.org", "Pending"), ("B@example.org", "Subscribed"),
        ),
    )  # fmt: skip
    assert list(roll()) == ["a@example.org"]
    assert (stopped(keys, "b@example.org"), stopped(keys, "c@example.org")) == ("unsubscribed", "bounce")
    assert [note.row for note in report.kept_out] == [5, 6]
    assert [(note.row, note.reason) for note in report.repeated] == [(7, "The address stands in row 3 already.")]
    assert report.rows == 6


def test_a_no_counts_more_than_an_earlier_yes(keys: Keys) -> None:
    bring(keys, exports.mailchimp_combined(("b@example.org", "Subscribed"), ("B@example.org", "Unsubscribed")))
    assert roll() == {}
    assert stopped(keys, "b@example.org") == "unsubscribed"


def test_mailchimp_never_subscribed(keys: Keys) -> None:
    report = bring(
        keys, exports.mailchimp(("shop@example.org", "S", "H")), "nonsubscribed_email_audience_export_0.csv"
    )
    assert "never subscribed" in report.kept_out[0].reason
    assert roll() == {}


def test_sendgrid_contacts(keys: Keys) -> None:
    report = bring(keys, exports.sendgrid_contacts(("ada@example.org", "Ada", "Lovelace")))
    assert roll() == {"ada@example.org": "Ada Lovelace"}
    assert "SendGrid's contacts" in report.understood


@pytest.mark.parametrize(
    ("data", "name", "source"),
    [
        (exports.sendgrid_bounces("x@example.org"), "suppression_bounces.csv", "bounce"),
        (exports.sendgrid_unsubscribes("x@example.org"), "suppression_unsubscribes.csv", "unsubscribed"),
        (exports.sendgrid_spam("x@example.org"), "suppression_spam_reports.csv", "complaint"),
        (exports.sendgrid_bounces("x@example.org"), "suppression_invalid_emails.csv", "bounce"),
    ],
)
def test_sendgrids_suppressions(keys: Keys, data: bytes, name: str, source: str) -> None:
    import_bytes(b"email\nada@example.org\n", name="m.csv", keys=keys, now=NOW)
    bring(keys, data, name)
    assert stopped(keys, "x@example.org") == source
    assert list(roll()) == ["ada@example.org"]


def test_a_member_who_bounced_there_is_suppressed_and_stays_a_member(keys: Keys) -> None:
    import_bytes(b"email\nx@example.org\n", name="m.csv", keys=keys, now=NOW)
    bring(keys, exports.sendgrid_bounces("X@example.org"), "bounces.csv")
    assert Member.objects.get().status == "active"
    assert suppressed_keys([Member.objects.get().address_key])


def test_blocks_pass_and_suppress_nobody(keys: Keys) -> None:
    report = bring(keys, exports.sendgrid_bounces("x@example.org"), "suppression_blocks.csv")
    assert len(report.kept_out) == 1
    assert not Suppression.objects.exists()
    assert roll() == {}


@pytest.mark.parametrize(
    "data", [exports.sendgrid_bounces("x@example.org"), exports.sendgrid_unsubscribes("x@example.org")]
)
def test_a_list_of_suppressions_of_unknown_kind_is_asked_about(keys: Keys, data: bytes) -> None:
    with pytest.raises(UsageError, match="--as"):
        bring(keys, data, "download.csv")
    bring(keys, data, "download.csv", as_="complaints")
    assert stopped(keys, "x@example.org") == "complaint"


def test_listmonk(keys: Keys) -> None:
    report = bring(
        keys,
        exports.listmonk(
            ("a@example.org", "Ada", "enabled"),
            ("b@example.org", "Ben", "disabled"),
            ("c@example.org", "Cleo", "blocklisted"),
        ),
    )
    assert roll() == {"a@example.org": "Ada"}
    assert (stopped(keys, "b@example.org"), stopped(keys, "c@example.org")) == ("unsubscribed", "provider")
    assert "an export of listmonk" in report.understood


def test_googles_contacts_take_the_first_address_there_is(keys: Keys) -> None:
    report = bring(
        keys,
        exports.google(
            ("Ada", "Lovelace", "ada@example.org", "ada.work@example.org"),
            ("Ben", "Builder", "", "ben@example.org"),
            ("Cleo", "Cook", "cleo@example.org ::: cleo2@example.org", ""),
            ("No", "Address", "", ""),
        ),
    )
    assert roll() == {
        "ada@example.org": "Ada Lovelace",
        "ben@example.org": "Ben Builder",
        "cleo@example.org": "Cleo Cook",
    }
    assert [(note.row, note.reason) for note in report.refused] == [(5, "There is no address.")]
    assert "Google's contacts" in report.understood


@pytest.mark.parametrize("heading", [(), exports.OUTLOOK_GERMAN])
def test_outlooks_contacts(keys: Keys, heading: list[str]) -> None:
    data = exports.outlook(("Zoë", "Müller", "zoe@example.org", ""), ("Jo", "X", "/o=Org/cn=jo", ""), heading=heading)
    report = bring(keys, data)
    assert roll() == {"zoe@example.org": "Zoë Müller"}
    assert [note.row for note in report.refused] == [3]
    assert "Outlook's contacts" in report.understood


def test_listserv_review(keys: Keys) -> None:
    report = bring(
        keys,
        exports.listserv(("ada@EXAMPLE.ORG", "Ada Lovelace"), ("ben@example.org", ""), ("z@example.org", "Zoë M")),
        "review.txt",
    )
    assert roll() == {"ada@example.org": "Ada Lovelace", "ben@example.org": "", "z@example.org": "Zoë M"}
    assert "REVIEW" in report.understood
    assert report.rows == 3


def test_a_review_without_its_comments(keys: Keys) -> None:
    bring(keys, b"ada@example.org   Ada Lovelace\nben@example.org\tBen B\n")
    assert roll() == {"ada@example.org": "Ada Lovelace", "ben@example.org": "Ben B"}


def test_addresses_as_people_write_them(keys: Keys) -> None:
    text = (
        'Ada Lovelace <ada@example.org>\n"Builder, Ben" <ben@example.org>; cleo@example.org, Dan <dan@example.org>\n'
        "\n<eve@example.org>\nO'Neill, Fay <fay@example.org>,\nnobody in particular\n"
    )
    report = bring(keys, text.encode(), "list.txt")
    people = roll()
    assert people["ada@example.org"] == "Ada Lovelace"
    assert people["ben@example.org"] == "Builder, Ben"
    assert set(people) >= {"dan@example.org", "eve@example.org", "fay@example.org"}
    assert {note.row for note in report.refused} <= {2, 6}


def test_addresses_pasted_from_a_mails_head(keys: Keys) -> None:
    bring(keys, b"ada@example.org, ben@example.org; cleo@example.org\n")
    assert set(roll()) == {"ada@example.org", "ben@example.org", "cleo@example.org"}


def test_a_status_that_no_tool_uses_is_another_kind_of_status(keys: Keys) -> None:
    bring(
        keys, b"email,status\nada@example.org,Full member\nben@example.org,Student\ncleo@example.org,Unsubscribed\n"
    )
    assert set(roll()) == {"ada@example.org", "ben@example.org"}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Имя;Электронная почта\nИван Петров;ivan@example.org\nАнна Смирнова;anna@example.org\n", "cp1251"),
        ("氏名,メールアドレス\n山田太郎,yamada@example.org\n佐藤花子,sato@example.org\n", "cp932"),
        ("氏名,メール\n山田太郎,yamada@example.org\n", "utf-8"),
        ("姓名,电子邮件\n王小明,wang@example.org\n", "utf-16"),
        ("Prénom;Nom;Adresse e-mail\nZoé;Lefèvre;zoe@example.org\n", "cp1252"),
        ("Nombre;Apellidos;Correo electrónico\nJosé;Núñez;jose@example.org\n", "utf-8-sig"),
        ("Imię;Nazwisko;Adres e-mail\nŁukasz;Wiśniewski;lukasz@example.org\n", "utf-16-le"),
        ("الاسم,البريد الإلكتروني\nليلى,layla@example.org\n", "utf-8"),
    ],
)
def test_headings_in_other_languages(keys: Keys, text: str, encoding: str) -> None:
    report = bring(keys, text.encode(encoding))
    assert report.new == text.count("\n") - 1
    first = text.splitlines()[1].replace(";", ",").split(",")
    assert next(iter(roll().values())) == " ".join(first[:-1])


def test_an_encoding_can_be_said(keys: Keys) -> None:
    bring(keys, "Jméno;E-mail\nAntonín Dvořák;a@example.org\n".encode("cp1250"), encoding="cp1250")
    assert roll() == {"a@example.org": "Antonín Dvořák"}
    with pytest.raises(UsageError, match="no encoding"):
        bring(keys, b"email\na@example.org\n", encoding="rot13")


def test_a_column_can_be_said(keys: Keys) -> None:
    data = b"E-mail,Work e-mail,Name\nhome@example.org,work@example.org,Ada\n"
    bring(keys, b"email,mail\nhome@example.org,work@example.org\n", column="Mail")
    assert list(roll()) == ["work@example.org"]
    with pytest.raises(UsageError, match="no column 'Town'"):
        bring(keys, data, column="Town")


def test_our_own_export_comes_back_as_it_was(keys: Keys) -> None:
    rows = b'email,name\n=x@example.org,"=1+1"\nada@example.org,+Ada\nben@example.org,"Ben, B"\n'
    import_bytes(rows, name="m.csv", keys=keys, now=NOW)
    leave(Member.objects.get(email="ben@example.org").public_id, how="page", now=NOW)
    out = io.StringIO(newline="")
    assert export_csv(out) == 3
    written = out.getvalue()
    assert "'=1+1" in written
    assert "'=x@example.org" in written
    Member.objects.all().delete()
    report = bring(keys, written.encode())
    assert "an export of this digest" in report.understood
    assert roll() == {"=x@example.org": "=1+1", "ada@example.org": "+Ada"}
    assert stopped(keys, "ben@example.org") == "unsubscribed"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_cells_that_spreadsheets_would_run_are_made_harmless(cell: str) -> None:
    assert harmless(cell) == "'" + cell
    assert harmless("Ada") == "Ada"
