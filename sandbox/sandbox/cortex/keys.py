"""API keys: tokens that look like Cortex's, and what each of them may do."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import time

DAY = 86_400

VIEW_AUDIT_LOGS = "View audit logs"
EDIT_API_KEYS = "Edit API keys"
VIEW_ENG_INTELLIGENCE = "View Eng Intelligence"
VIEW_GITOPS_LOGS = "View GitOps logs"
VIEW_INITIATIVES = "View Initiatives"
VIEW_NOTIFICATION_LOGS = "View Notification logs"
CREATE_SECRETS = "Create secrets"
VIEW_WORKFLOWS = "View workflows"
VIEW_WORKFLOW_RUNS = "View workflow runs"
VIEW_CATALOGS = "View catalogs"
VIEW_ROLES = "View Roles"
VIEW_SCORECARDS = "View Scorecards"
CONFIGURE_VERIFICATION_PERIODS = "Configure Verification Periods"
EDIT_ENTITIES = "Edit entities"
CONFIGURE_INTEGRATIONS = "Configure integrations"
CONFIGURE_SETTINGS = "Configure settings"
VIEW_DEV_METRICS = "View Dev Metrics"
CONFIGURE_CUSTOM_METRICS = "Configure Eng Intelligence custom metrics"

PERMISSIONS = frozenset(
    {
        VIEW_AUDIT_LOGS,
        EDIT_API_KEYS,
        VIEW_ENG_INTELLIGENCE,
        VIEW_GITOPS_LOGS,
        VIEW_INITIATIVES,
        VIEW_NOTIFICATION_LOGS,
        CREATE_SECRETS,
        VIEW_WORKFLOWS,
        VIEW_WORKFLOW_RUNS,
        VIEW_CATALOGS,
        VIEW_ROLES,
        VIEW_SCORECARDS,
        CONFIGURE_VERIFICATION_PERIODS,
        EDIT_ENTITIES,
        CONFIGURE_INTEGRATIONS,
        CONFIGURE_SETTINGS,
        VIEW_DEV_METRICS,
        CONFIGURE_CUSTOM_METRICS,
    }
)
"""Everything a route may ask for. Reading the catalog needs nothing but a valid key."""

ROLES: dict[str, frozenset[str]] = {
    "ADMIN": PERMISSIONS,
    "USER": PERMISSIONS
    - {
        EDIT_API_KEYS,
        CREATE_SECRETS,
        VIEW_ROLES,
        VIEW_AUDIT_LOGS,
        CONFIGURE_INTEGRATIONS,
        CONFIGURE_SETTINGS,
        CONFIGURE_VERIFICATION_PERIODS,
    },
    "READ_ONLY": frozenset(
        {
            VIEW_ENG_INTELLIGENCE,
            VIEW_DEV_METRICS,
            VIEW_GITOPS_LOGS,
            VIEW_INITIATIVES,
            VIEW_WORKFLOWS,
            VIEW_WORKFLOW_RUNS,
            VIEW_CATALOGS,
            VIEW_SCORECARDS,
        }
    ),
    "CUSTOM": frozenset(),
}
"""What the roles of a workspace key include. The vendor publishes no table; this one keeps what
is documented: lists of keys and secrets need a permission that writes, and View Roles is in no
built-in role but the administrator's."""


@dataclasses.dataclass(kw_only=True)
class ApiKey:
    """One key that the server knows.

    Attributes:
        token: What clients send as bearer.
        role: READ_ONLY, USER, ADMIN, or CUSTOM for a role of one's own, which may do nothing but
            read the catalog and what ``grants`` adds.
        grants: Permissions beyond those of the role.
        without: Permissions that the role would have and this key has not.
        refused: Patterns of routes that answer 403 whatever the permissions, such as
            ``/api/v1/catalog/definitions``.
        expires: Unix seconds; later requests are answered 401.
        revoked_after: How many requests it is good for before it is revoked.
        used: How many requests it was good for so far.
    """

    token: str
    role: str = "ADMIN"
    grants: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    expires: float | None = None
    revoked_after: int | None = None
    used: int = 0

    def may(self, permission: str) -> bool:
        """Whether the key has a permission."""
        return permission in (ROLES[self.role] | self.grants) - self.without

    def accept(self) -> bool:
        """Count one request; return whether the key was still good."""
        if self.expires is not None and time.time() >= self.expires:
            return False
        if self.revoked_after is not None and self.used >= self.revoked_after:
            return False
        self.used += 1
        return True


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_token(*, expires: float | None = None, zipped: bool = False, name: str = "sandbox") -> str:
    """Return a token in the form of a Cortex key: a JWT, signed by nobody.

    Args:
        expires: ``exp``, Unix seconds; by default a day from now.
        zipped: Whether the payload is compressed, as the header then says (``zip: GZIP``).
        name: Makes tokens differ.
    """
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT"} | ({"zip": "GZIP"} if zipped else {})
    payload = json.dumps(
        {
            "tenant-id": 77,
            "sub": name,
            "type": "API_KEY",
            "iat": now,
            "exp": int(now + DAY if expires is None else expires),
        }
    ).encode()
    if zipped:
        payload = gzip.compress(payload)
    return f"{_part(json.dumps(header).encode())}.{_part(payload)}.{_part(b'sandbox-signature')}"


def make_key(
    *,
    expires: float | None = None,
    zipped: bool = False,
    name: str = "sandbox",
    role: str = "ADMIN",
) -> ApiKey:
    """Return a key whose token tells its own expiry."""
    token = make_token(expires=expires, zipped=zipped, name=name)
    return ApiKey(token=token, role=role, expires=expires)
