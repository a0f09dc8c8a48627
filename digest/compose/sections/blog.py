"""Blog posts with their authors, newest first."""

from __future__ import annotations

from digest.compose.sections.base import SectionKind

KIND = SectionKind(name="blog")
