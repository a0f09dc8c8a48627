"""Frame, colours and mail bodies: what keeps one page's look and rights from another's."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import Brand
from digest.render.colour import contrast
from digest.web.mailbody import POLICY, mail_response
from digest.web.public.brand import DARK_GROUNDS, LIGHT_GROUNDS, brand_css, favicon_svg, text_on
from digest.web.public.frame import draw_around, policy_for


def test_the_policy_names_each_style_by_its_hash() -> None:
    page = "<head><style>a{}</style><STYLE media=print>\nb { }\n</STYLE></head>"
    for text in ("a{}", "\nb { }\n"):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy_for(page)
    assert "unsafe-inline" not in policy_for(page)


def test_the_frame_stands_in_its_places() -> None:
    page = '<html><HEAD><meta charset="utf-8"><style>x</style></HEAD ><body class="a">in</body> </body></html>'
    assert draw_around(page, head="[h]", before="[b]", after="[a]") == (
        '<html><HEAD><meta charset="utf-8">[h]<style>x</style></HEAD ><body class="a">[b]in</body> [a]</body></html>'
    )


@pytest.mark.parametrize(
    "page", ["", "plain", "<body>x</body>", "<head></head><body>x", "</body><body><head></head>"]
)
def test_a_page_without_those_places_is_left_as_it_is(page: str) -> None:
    assert draw_around(page, head="[h]", before="[b]", after="[a]") == page


@given(st.text(alphabet="<>/ bodyhea\"'", max_size=60))
def test_no_page_breaks_the_frame(page: str) -> None:
    framed = draw_around(page, head="[h]", before="[b]", after="[a]")
    assert re.sub(r"\[[hba]\]", "", framed) == page


colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


@given(colours, colours)
def test_every_brand_can_be_read_in_both_schemes(primary: str, accent: str) -> None:
    css = brand_css(Brand(primary=primary, accent=accent))
    light, dark = css.split("@media")
    for part, grounds in ((light, LIGHT_GROUNDS), (dark, DARK_GROUNDS)):
        values = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part))
        for name in ("brand-ink", "accent-ink"):
            for ground in (*grounds, values["brand-wash"]):
                assert contrast(values[name], ground) >= 4.5
        assert contrast(values["on-brand"], values["brand"]) >= 4.5
        assert values["frame-brand-ink"] == values["brand-ink"]


def test_a_font_cannot_leave_its_declaration() -> None:
    assert "Source Sans 3" in brand_css(Brand(font="Source Sans 3, Verdana"))
    assert "evil" not in brand_css(Brand(font="x; } body { background: url(//evil)"))


def test_the_icon_holds_a_letter_and_no_markup() -> None:
    assert ">A</text>" in favicon_svg(Brand(), "<Association")
    assert text_on("#ffffff") == "#15181b"


def test_a_mail_body_has_a_policy_of_its_own() -> None:
    response = mail_response("<html><head><title>x</title></head></html>", links_in_new_window=True)
    assert response["Content-Security-Policy"] == POLICY
    assert b'<head><base target="_blank"><title>' in response.content
    assert mail_response("<p style='a'>x</p>").content == b"<p style='a'>x</p>"
    assert response["Referrer-Policy"] == "no-referrer"
