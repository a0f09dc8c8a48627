"""CSS into style attributes, behind one function, because premailer is old and has its traps.

It is handed a parsed tree and one small sheet, and every <style> of the message is marked as not its business:
so media queries, !important and MSO comments come out as they went in, and nothing is inlined twice.
"""

from __future__ import annotations

import logging
import re

from lxml import etree
from premailer import Premailer

DOCTYPE = "<!DOCTYPE html>"
_OPENING = "<!--"
_STAND_IN = "\ufdd0"  # no character: plain.py lets none of them through
_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_SPACE = re.compile(r"\s*([{};,])\s*|(:)\s+|\s+")


def inline_css(html: str, css: str) -> str:
    """`html` with the rules of `css` as style attributes: pure ASCII, a doctype first.

    Classes that no remaining <style> speaks of are taken out: they would only cost bytes.
    """
    root = etree.fromstring(html, etree.HTMLParser())
    kept: set[str] = set()
    for style in root.iter("style"):
        style.text = squeeze(style.text or "")
        kept.update(_CLASS.findall(style.text))
        style.set(Premailer.attribute_name, "ignore")
    Premailer(
        css_text=[css],
        strip_important=False,
        keep_style_tags=False,  # the sheet is not part of the message; the message's own styles are ignored
        remove_classes=False,
        disable_validation=True,
        disable_basic_attributes=["align", "valign", "bgcolor", "width", "height"],
        align_floating_images=False,
        allow_network=False,
        cssutils_logging_level=logging.CRITICAL,
    ).transform(root, pretty_print=False)
    for element in root.iter(etree.Element):
        if element.get(Premailer.attribute_name):  # left on a <style media="...">
            del element.attrib[Premailer.attribute_name]
        # libxml2 writes what looks like a comment in an attribute unescaped (for server-side includes), and
        # its ">" would fool every simple reader of the message, wire.py among them.
        for name, value in element.attrib.items():
            if _OPENING in str(value):
                element.set(name, str(value).replace(_OPENING, _STAND_IN))
        if names := element.get("class"):
            known = [name for name in names.split() if name in kept]
            if known:
                element.set("class", " ".join(known))
            else:
                del element.attrib["class"]
        if style := element.get("style"):
            element.set("style", style.replace("; ", ";").replace(", ", ",").rstrip(";"))
    out = etree.tostring(root, method="html", encoding="us-ascii", doctype=DOCTYPE).decode("ascii")
    return out.replace(f"&#{ord(_STAND_IN)};", "&lt;!--")


def squeeze(css: str) -> str:
    """`css` without comments and needless white space."""
    return _CSS_SPACE.sub(lambda m: m[1] or m[2] or " ", _COMMENT.sub("", css)).replace(";}", "}").strip()
