"""Journal articles as citations, newest first."""

from __future__ import annotations

from digest.compose.sections.base import SectionKind

KIND = SectionKind(name="publications")
