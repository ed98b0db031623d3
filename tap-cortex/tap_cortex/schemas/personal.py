"""Which columns can hold personal data: names, addresses and accounts of people.

Looked for in the vendor's documents, and in what a server of the sandbox answers. Texts that people
write, such as descriptions and reasons, may name somebody too; they are not listed.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tap_cortex.schemas.common import OTHER_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEPLOYER = ("deployerEmail", "deployerName", "deployer")
_ENTITY = ("owners", "members")
_OWNER = ("owner_key", "email")

PERSONAL: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        stream: frozenset((*columns, OTHER_FIELDS.name))
        for stream, columns in {
            "audit_logs": ("actorIdentifier", "ipAddress"),
            "catalog_entity": ("ownersV2", "ownership", "definition"),
            "departments": ("members",),
            "deploys": _DEPLOYER,
            "deploys_search": (*_DEPLOYER, "raw"),
            "entities": _ENTITY,
            "entity_descriptors": ("descriptor", "descriptor_text"),
            "entity_owners": _OWNER,
            "entity_owners_daily": _OWNER,
            "initiatives": ("notificationSchedule",),
            "integration_configurations": ("username",),
            "notification_logs": ("recipientEmail",),
            "oncall_current": ("current",),
            "oncall_daily": ("person_key", "name", "email"),
            "plugins": ("createdBy",),
            "scim_users": (
                "userName",
                "name",
                "displayName",
                "nickName",
                "emails",
                "phoneNumbers",
                "addresses",
                "profileUrl",
                "title",
            ),
            "scorecard_rule_exemptions": ("exemptionStatus", "requestedBy"),
            "scorecard_scores": ("service", "ruleExemptions"),
            "team_members": ("member_key", "email", "name", "description"),
            "teams": ("cortexTeam", "idpGroup"),
            "user_roles": ("email", "name"),
            "users": ("email", "name"),
            "verifications": ("verifiedBy",),
            "workflow_runs": ("raw",),
            "workflows": ("actions", "runRestrictionPolicies"),
        }.items()
    }
)
"""By stream. What has no column of its own is kept in ``other_fields``, and counts as personal."""
OR_AN_ID = frozenset({"owner_key"})
"""Columns that hold an e-mail address or the id of a team; only the address is personal."""
