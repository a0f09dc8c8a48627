"""Calls for proposals: like jobs, they close on a day."""

from __future__ import annotations

from digest.compose.sections.base import SectionKind
from digest.compose.sections.jobs import expired

KIND = SectionKind(name="calls", leave_out=expired)
