"""The process that makes one PDF: a question in JSON on its input, the PDF on its output. See pdf.py.

Exit status 3 when WeasyPrint, or what it needs of the system, is missing.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import resource
import sys
from html import escape
from typing import Any

MEMORY_BYTES = 2_000_000_000
CPU_SECONDS = 90

# Over the page's own print style: what a sheet of paper needs.
STYLE = """
@page {
  size: A4; margin: 18mm 20mm 20mm;
  @bottom-left { content: "TITLE"; font: 8pt sans-serif; color: #444 }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #444 }
}
html { font-size: 10pt }
.issue { max-width: none; padding: 0; border: 0 }
.issue h1 { font-size: 24pt !important }
.issue h3 a[href]::after { display: block; font-size: 7.5pt; color: #555 }
.item-image { display: none }
.item-picture { display: block !important }
.item-event.item-picture { display: grid !important; grid-template-columns: 3.75rem minmax(0, 1fr) !important }
.issue-section { margin-top: 6mm !important; padding-top: 3mm !important }
.issue-foot { break-before: avoid !important; margin-top: 6mm !important; font-size: 9pt !important }
.item { margin-top: 4mm !important }
.item + .item { padding-top: 4mm !important }
.pdf-errata { margin: 0 0 8mm; padding: 3mm 4mm; border: 1pt solid #000 }
.pdf-errata p { margin: 0 }
"""


def main() -> int:
    """What make_pdf runs."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.nice(10)  # whoever reads or sends comes first
    question = json.load(sys.stdin)
    try:
        import weasyprint
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # each picture that is left out, each rule for screens

    class Nothing(URLFetcher):  # type: ignore[misc]
        """Pictures that the page brings itself, and nothing else: no network, no file."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.lower().startswith("data:image/"):
                raise ValueError(f"not loaded for a PDF: {url}")
            return super().fetch(url, headers)

    page = weasyprint.HTML(
        string=with_errata(question["page"], question["errata"]), base_url="about:invalid", url_fetcher=Nothing()
    )
    style = weasyprint.CSS(string=STYLE.replace("TITLE", in_css(question["title"])), url_fetcher=Nothing())
    page.write_pdf(sys.stdout.buffer, stylesheets=[style], pdf_tags=True)
    return 0


def with_errata(page: str, errata: list[str]) -> str:
    """`page` with a notice above it. The page's own words are not touched."""
    if not errata:
        return page
    words = "".join(f"<p><strong>Erratum, {escape(text)}</strong></p>" for text in errata)
    body = page.lower().find("<body")
    end = page.find(">", body) + 1 if body >= 0 else 0
    return f'{page[:end]}<div class="pdf-errata">{words}</div>{page[end:]}'


def in_css(text: str) -> str:
    """`text` for between quotation marks in a style sheet (CSS Syntax 3, 4.3.7)."""
    return "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in text)


if __name__ == "__main__":
    sys.exit(main())
