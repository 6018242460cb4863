"""What can be told from the configuration alone, before any provider is asked: what is wrong, and what it means."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from loki_core.errors import ConfigurationError
from loki_core.interfaces import Finding, sort_findings
from loki_core.oidc.expectation import Expectation
from loki_core.oidc.issuer import has_many_tenants, is_microsoft
from loki_core.oidc.role_mapping import RoleMapping
from loki_core.text import safe_text

_KEY = "enterprise.auth.oidc."
_BRACES = re.compile(r"\{[^{}]*\}?|\}")


def check_configuration(expected: Expectation, mapping: RoleMapping) -> None:
    """Return when a sign-in can work with this configuration and is safe.

    Raises:
        ConfigurationError: it cannot, or would let strangers in; the message names the key.
    """
    for finding in judge_configuration(expected, mapping):
        if finding.severity == "error":
            raise ConfigurationError(finding.message, remedy=finding.remedy)


def judge_configuration(expected: Expectation, mapping: RoleMapping) -> tuple[Finding, ...]:
    """Return what is to be said about a configuration, errors first."""
    findings = [*_judge_issuer(expected.issuer), *_judge_audience(expected), *_judge_people(expected.issuer, mapping)]
    return sort_findings(findings)


def _judge_issuer(issuer: str) -> list[Finding]:
    found = _BRACES.search(issuer)
    if found:
        return [
            Finding(
                code="issuer_placeholder",
                severity="error",
                message=f"{_KEY}issuer still has {safe_text(found.group(), limit=40)} in it",
                remedy="put your directory's (tenant's) id in its place: Entra admin center, Overview, Tenant ID",
            )
        ]
    parts = urlsplit(issuer)
    host, path = parts.hostname or "", parts.path
    tenant = path.split("/")[1] if path.count("/") else ""
    if host.startswith("login.microsoftonline.") and not is_microsoft(issuer):
        hint = "Entra's issuer ends with the tenant's id and /v2.0"
    elif is_microsoft(issuer) and "." in tenant:
        hint = "Entra writes the tenant's id into its tokens: put that instead of the domain"
    elif host.endswith(".auth0.com") and not path:
        hint = "Auth0's issuer ends with a slash"
    else:
        return []
    return [
        Finding(
            code="issuer_form",
            severity="warning",
            message=f"{_KEY}issuer is {safe_text(issuer, limit=120)}: its tokens will probably name another",
            remedy=hint,
        )
    ]


def _judge_audience(expected: Expectation) -> list[Finding]:
    if not expected.takes_access_tokens:
        return []
    parts = urlsplit(expected.issuer)
    if re.search(r"\.okta(?:preview|-emea)?\.com$", parts.hostname or "") and not parts.path.startswith("/oauth2/"):
        return [
            Finding(
                code="okta_organisation",
                severity="error",
                message="access tokens of Okta's organisation server can be validated by Okta alone",
                remedy=f"use a custom server ({_KEY}issuer with /oauth2/default), or leave {_KEY}audience out",
            )
        ]
    return [
        Finding(
            code="access_tokens",
            severity="info",
            message="access tokens are taken and ID tokens are not, because the audience is not the client id",
        )
    ]


def _judge_people(issuer: str, mapping: RoleMapping) -> list[Finding]:
    findings = []
    place = safe_text(issuer, limit=120)
    if mapping.takes_strangers:
        findings.append(
            Finding(
                code="strangers",
                severity="error",
                message=f"anybody can have an account at {place}, and nothing says who may sign in",
                remedy=f"set {_KEY}allowed_domains, {_KEY}allowed_subjects or {_KEY}role_mapping",
            )
        )
    elif mapping.gives_full_access:
        findings.append(
            Finding(
                code="full_access",
                severity="warning",
                message="whoever may sign in has full access: no mapping and no default role is configured",
                remedy=f"set {_KEY}role_mapping or {_KEY}default_role",
            )
        )
    elif mapping.gives_strangers_default:
        findings.append(
            Finding(
                code="strangers_default",
                severity="warning",
                message=f"anybody with an account at {place} gets the default role",
                remedy=f"set {_KEY}allowed_domains, or leave {_KEY}default_role out",
            )
        )
    if mapping.uses_domains and is_microsoft(issuer):
        findings.append(
            Finding(
                code="entra_domains",
                severity="info" if not has_many_tenants(issuer) else "warning",
                message="Entra's e-mail addresses count only with the optional claim xms_edov",
                remedy="add it to the app's ID token in Entra, under Token configuration",
            )
        )
    return findings
