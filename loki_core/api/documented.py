"""The refusals that an endpoint documents, by status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from loki_core.api.bodies import ProblemForm
from loki_core.api.problems import MEDIA_TYPE

ALWAYS = (400, 401, 403, 408, 413, 415, 429, 503)


def document_refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of an endpoint: what any of them may answer, and these statuses."""
    schema = {"schema": {"$ref": f"#/components/schemas/{ProblemForm.__name__}"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}}
        for status in sorted({*ALWAYS, *statuses})
    }
