"""From the claims of a person to a role, with the reasons.

Rules, in the order in which they are looked at:
    whoever is not in `allowed_subjects` or not of `allowed_domains` is refused; where both are set, both must hold;
    an issuer that strangers share needs one of these two or a mapping;
    with a mapping, or a claim that holds roles, the strongest role that it gives wins; without one the default role
    counts, and without that the person is refused;
    with neither claim, mapping nor default role, whoever signs in has full access.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from loki_core.frozen import dataclass, field
from loki_core.oidc.claims import SignedClaims
from loki_core.oidc.email import get_domain, get_verified_email
from loki_core.oidc.issuer import is_shared
from loki_core.oidc.refusal import Broken, Refusal, quote
from loki_core.oidc.role_claim import RoleClaim, find_role_claim
from loki_core.oidc.rules import Rule
from loki_core.roles import Role, RoleCatalog
from loki_core.scopes import ALL, ScopeCatalog

USUAL_CLAIM = "groups"
"""Where a mapping looks when no claim is configured."""
FULL_ACCESS = "admin"
_KEY = "enterprise.auth.oidc."

SUBJECT_ALLOWED = Rule(
    name="subject_allowed", section=f"{_KEY}allowed_subjects", says="the subject is one of those allowed, if any are"
)
DOMAIN_ALLOWED = Rule(
    name="domain_allowed", section=f"{_KEY}allowed_domains", says="the domain is one of those allowed, if any are"
)
STRANGERS = Rule(
    name="strangers",
    section=f"{_KEY}issuer",
    says="an issuer that strangers share has a mapping, or allowed domains or subjects",
)
OVERAGE = Rule(name="overage", section="OpenID Connect Core 5.6.2", says="the provider sends the groups themselves")
ROLE = Rule(name="role", section=f"{_KEY}role_mapping", says="the claims give a role")
ROLE_RULES = (SUBJECT_ALLOWED, DOMAIN_ALLOWED, STRANGERS, OVERAGE, ROLE)
"""The rules about people. Whoever breaks one has proved who he is, and may be told which."""


class SignInSettings(Protocol):
    """What is configured about people (`OidcSettings` fulfils it)."""

    @property
    def issuer(self) -> str | None:
        """The provider."""

    @property
    def roles_claim(self) -> str | None:
        """The dotted path of the claim that holds groups or roles."""

    @property
    def role_mapping(self) -> Mapping[str, str]:
        """From a value of that claim to the name of a role."""

    @property
    def default_role(self) -> str | None:
        """The role of whoever gets none by the mapping."""

    @property
    def allowed_domains(self) -> tuple[str, ...]:
        """The domains whose people may sign in, in lower case."""

    @property
    def allowed_subjects(self) -> tuple[str, ...]:
        """The subjects that may sign in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDecision:
    """Which role somebody gets, and why.

    Attributes:
        claim, value: what gave the role, or "" when the default role or full access did.
        is_full_access: nothing is configured, so that everybody has every right.
        explain: returns the reasons; most decisions are never explained.
    """

    role: Role
    claim: str = ""
    value: str = ""
    is_full_access: bool = False
    explain: Callable[[], tuple[str, ...]] = field(repr=False, compare=False)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of the role."""
        return self.role.scopes

    @property
    def steps(self) -> tuple[str, ...]:
        """The reasons, each one printable line, and what the role allows."""
        return (*self.explain(), f"{self.role.name}: {', '.join(self.role.scopes)}")


class RoleMapping:
    """The rules about people, as configured."""

    def __init__(self, settings: SignInSettings, roles: RoleCatalog, scopes: ScopeCatalog) -> None:
        self._settings = settings
        self._issuer = settings.issuer or ""
        self._roles = roles
        self._strength = {
            role.name: (ALL in role.scopes, len(scopes.expand(role.scopes)), -position)
            for position, role in enumerate(roles)
        }

    @property
    def claim(self) -> str:
        """The dotted path of the claim that gives roles, or "" when none does."""
        return self._settings.roles_claim or (USUAL_CLAIM if self._settings.role_mapping else "")

    @property
    def gives_full_access(self) -> bool:
        """Whether whoever may sign in has every right, because nothing says otherwise."""
        return not self.claim and self._settings.default_role is None

    @property
    def takes_strangers(self) -> bool:
        """Whether anybody in the world could sign in: such a configuration is refused."""
        settings = self._settings
        return is_shared(self._issuer) and not (
            settings.allowed_domains or settings.allowed_subjects or settings.role_mapping
        )

    @property
    def gives_strangers_default(self) -> bool:
        """Whether anybody in the world gets the default role: the mapping alone keeps nobody out."""
        settings = self._settings
        return (
            is_shared(self._issuer)
            and settings.default_role is not None
            and not (settings.allowed_domains or settings.allowed_subjects)
        )

    @property
    def uses_domains(self) -> bool:
        """Whether people are told apart by their domain."""
        return bool(self._settings.allowed_domains)

    def decide(self, claims: SignedClaims) -> RoleDecision:
        """Return the role that somebody gets.

        Raises:
            Refusal: none, by one of `ROLE_RULES`.
        """
        return self.suppose(claims.values)

    def suppose(self, claims: Mapping[str, Any]) -> RoleDecision:
        """Return the role that these claims would give if they were proved.

        Raises:
            Refusal: none.
        """
        self._check_allowed(claims)
        if self.takes_strangers:
            raise Refusal(STRANGERS, f"anybody can have an account at {self._issuer}, and nothing says who may sign in")
        if self.gives_full_access:
            step = "no mapping and no default role is configured: whoever signs in has full access"
            return RoleDecision(role=self._roles.get_role(FULL_ACCESS), is_full_access=True, explain=lambda: (step,))
        if not self.claim:
            return self._take_default(lambda: "no claim gives roles")
        return self._decide_by_claim(claims)

    def _check_allowed(self, claims: Mapping[str, Any]) -> None:
        subjects, domains = self._settings.allowed_subjects, self._settings.allowed_domains
        if subjects and claims.get("sub") not in subjects:
            raise Refusal(SUBJECT_ALLOWED, f"{quote(claims.get('sub'))} is not in allowed_subjects")
        if not domains:
            return
        try:
            domain = get_domain(claims, self._issuer)
        except Broken as broken:
            raise Refusal(DOMAIN_ALLOWED, str(broken)) from None
        if domain not in domains:
            raise Refusal(DOMAIN_ALLOWED, f"{quote(domain)} is not in allowed_domains")

    def _decide_by_claim(self, claims: Mapping[str, Any]) -> RoleDecision:
        found = find_role_claim(claims, self.claim)
        if found.is_left_out:
            raise Refusal(
                OVERAGE,
                f"there are too many {self.claim} to fit into the token, so the provider left all of them out: "
                "let it send only the groups assigned to the application, or use app roles (the claim roles)",
            )
        if self.claim == "email" and found.values:
            try:
                get_verified_email(claims, self._issuer)
            except Broken as broken:
                raise Refusal(ROLE, str(broken)) from None
        roles = self._find_roles(found.values)
        if not roles:
            return self._take_default(lambda: found.describe_unmapped(self._settings.role_mapping))
        value, role = self._pick_strongest(roles)
        return RoleDecision(
            role=role, claim=found.path, value=value, explain=lambda: self._explain(found, value, role, roles.values())
        )

    def _find_roles(self, values: Iterable[str]) -> dict[str, Role]:
        mapping = self._settings.role_mapping
        if mapping:
            return {value: self._roles.get_role(mapping[value]) for value in values if value in mapping}
        return {value: self._roles.get_role(value) for value in values if value in self._roles}

    def _pick_strongest(self, roles: Mapping[str, Role]) -> tuple[str, Role]:
        """Return the role that includes most; of equals the one that was configured first."""
        return max(roles.items(), key=lambda pair: self._strength[pair[1].name])

    def _explain(self, found: RoleClaim, value: str, role: Role, fitting: Iterable[Role]) -> tuple[str, ...]:
        more = f" and {len(found.values) - 1} more" if len(found.values) > 1 else ""
        steps = [f"{found.path} holds {quote(value)}{more}"]
        if self._settings.role_mapping:
            steps.append(f"{quote(value)} is mapped to {role.name}")
        others = sorted({other.name for other in fitting} - {role.name})
        if others:
            steps.append(f"{', '.join(others)} would fit too: {role.name} is the strongest")
        return tuple(steps)

    def _take_default(self, get_reason: Callable[[], str]) -> RoleDecision:
        name = self._settings.default_role
        if name is None:
            raise Refusal(ROLE, f"{get_reason()}, and there is no default role")
        role = self._roles.get_role(name)
        return RoleDecision(role=role, explain=lambda: (get_reason(), f"{name} is the default role"))
