"""From an IssueDocument to what people read: HTML mail, plain text, web page. Pure: values in, values out.

renderer.py      Renderer: a document and its links in, a RenderedIssue out
view.py          what the templates see: everything cleaned, dated and worded, once, for all three forms
environment.py   templates/email/, the association's own files over the built-in ones
mjml.py -> inline.py -> wire.py    the HTML part: MJML, its CSS inlined, lines that mail servers take
text.py, wrap.py the plain-text edition
page.py          the issue's page on the web
calendar.py      its events as iCalendar files
markdown.py      an editor's Markdown, as HTML and as text
plain.py         what may pass from a feed: visible text and web addresses
theme.py, colour.py, dates.py, words.py    colours and fonts, contrast, dates, fixed words
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digest.render.renderer import Renderer

__all__ = ["Renderer"]


def __getattr__(name: str) -> Any:
    # lxml, premailer and Babel take a while to import; digest.render.models is needed without them.
    if name == "Renderer":
        from digest.render.renderer import Renderer

        return Renderer
    raise AttributeError(name)
