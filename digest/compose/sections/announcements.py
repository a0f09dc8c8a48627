"""The association's own words to its members, newest first."""

from __future__ import annotations

from digest.compose.sections.base import SectionKind

KIND = SectionKind(name="announcements")
