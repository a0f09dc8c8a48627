"""A letter in the association's dress: HTML and text, as an issue looks."""

from __future__ import annotations

from pathlib import Path

from digest.config import Config
from digest.render.dates import locale_of
from digest.render.environment import load_templates
from digest.render.inline import inline_css
from digest.render.letters import Letter, RenderedNotice
from digest.render.mjml import compile_mjml
from digest.render.renderer import sender_of
from digest.render.text import written
from digest.render.theme import in_the_dark, theme_of
from digest.render.wire import to_lines
from digest.render.words import words_of


def render_notice(config: Config, letter: Letter, *, built_in: Path) -> RenderedNotice:
    """`letter` in its forms. `built_in` is the folder that holds email/. Raises TemplateError and ConfigError."""
    templates = load_templates(config.templates_dir / "email", built_in / "email", config.brand.theme)
    theme, words = theme_of(config), words_of(letter.language)
    way = locale_of(letter.language).text_direction
    rtl = way == "rtl"
    values = {
        "letter": letter,
        "issue": {"language": letter.language, "direction": way, "subject": letter.subject},
        "association": sender_of(config),
        "theme": theme,
        "light": theme.light,
        "dark": theme.dark,
        "_": words.gettext,
        "ngettext": words.ngettext,
        "in_the_dark": in_the_dark,
        "start": "right" if rtl else "left",
        "end": "left" if rtl else "right",
    }
    compiled = compile_mjml(templates.render("notice.mjml.j2", values), own=templates.own)
    return RenderedNotice(
        subject=letter.subject,
        html=to_lines(inline_css(compiled.html, compiled.css)),
        text=written(templates, "notice.txt.j2", values, direction=way),
    )
