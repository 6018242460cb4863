"""Issuers: which are shared by strangers, how Microsoft writes a tenant into them, and what a wrong one tells."""

from __future__ import annotations

import re

from loki_core.oidc.refusal import quote

GOOGLE = "https://accounts.google.com"
_MICROSOFT = re.compile(r"(https://login\.microsoftonline\.(?:com|us|cn)/)([^/]+)(/v2\.0/?)")
_TENANT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of everybody's personal Microsoft account."""
TENANT_ID = "{tenantid}"
"""What stands for a token's own tenant in what Microsoft publishes."""
_MANY_TENANTS = ("common", "organizations", "consumers")


def is_shared(issuer: str) -> bool:
    """Tell whether anybody can get an account there, so that being signed in proves nothing by itself."""
    tenant = _find_tenant(issuer)
    return issuer.rstrip("/") == GOOGLE or tenant in _MANY_TENANTS or tenant == _CONSUMERS


def is_google(issuer: str) -> bool:
    """Tell whether this is Google."""
    return issuer.rstrip("/") == GOOGLE


def is_microsoft(issuer: str) -> bool:
    """Tell whether this is Microsoft Entra."""
    return bool(_find_tenant(issuer))


def has_many_tenants(issuer: str) -> bool:
    """Tell whether tokens of many Microsoft tenants come from there, each naming its own."""
    return _find_tenant(issuer) in _MANY_TENANTS


def _find_tenant(issuer: str) -> str:
    found = _MICROSOFT.fullmatch(issuer)
    return found.group(2).lower() if found else ""


def fill_tenant(issuer: str, tenant: object) -> str:
    """Return what `iss` must be where many tenants share an issuer: the same with the token's own tenant.

    Args:
        issuer: as configured, one that many tenants share.
        tenant: the token's `tid`, whatever that is. One that does not fit gives "", which is nobody's name.
    """
    if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
        return ""
    shared = _find_tenant(issuer)
    if (tenant == _CONSUMERS) != (shared == "consumers") and shared != "common":
        return ""  # a personal account where only companies' are meant, or the reverse
    return _put_tenant(issuer, tenant)


def get_published_name(issuer: str) -> str:
    """Return what a provider's own document calls an issuer: itself, but where many Microsoft tenants share it."""
    if not has_many_tenants(issuer):
        return issuer
    return _put_tenant(issuer, _CONSUMERS if _find_tenant(issuer) == "consumers" else TENANT_ID)


def _put_tenant(issuer: str, tenant: str) -> str:
    return _MICROSOFT.sub(lambda found: found.group(1) + tenant + found.group(3), issuer)


def explain_foreign(found: str, wanted: str) -> str:
    """Return why one issuer is not the other, with what most probably happened."""
    says = f"iss is {quote(found)}, not {quote(wanted)}"
    if "{" in wanted:
        return f"{says}: the configured issuer still has a placeholder in braces"
    if found.rstrip("/") == wanted.rstrip("/"):
        return f"{says}: they differ in the slash at the end, which counts (Auth0 has one)"
    if f"https://{found}" == wanted:
        return f"{says}: they differ in https://, which counts"
    if found.startswith("https://sts.windows.net/") and is_microsoft(wanted):
        return f"{says}: it is a version 1 token; set accessTokenAcceptedVersion to 2 in the app's manifest"
    if found.lower() == wanted.lower():
        return f"{says}: they differ in upper and lower case, which counts"
    return says
