"""The JSON Schema of issue.json, made from the model that writes it. It stands in docs/issue.schema.json."""

from __future__ import annotations

import json
from typing import Any

from digest.compose.document import IssueDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def issue_schema() -> dict[str, Any]:
    """The schema of what a record may hold: older records lack fields that were added since, so few are required."""
    return {"$schema": DIALECT, **IssueDocument.model_json_schema(mode="validation")}


def schema_text() -> str:
    """The schema as it is written to a file."""
    return json.dumps(issue_schema(), indent=2, ensure_ascii=False) + "\n"
