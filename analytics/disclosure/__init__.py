"""What of a protected source may be shown: small counts are hidden, with enough others, and an attacker tries."""

from analytics.disclosure.attack import AuditResult, Finding
from analytics.disclosure.protection import DisclosureError, Protected, audit, find_primary, protect
from analytics.disclosure.structure import (
    RESTS,
    DependentError,
    Relation,
    Structure,
    counts_table,
    found_structure,
    is_offered,
    known_structure,
    neet_structure,
    target_group_structure,
    tpmap_structure,
)
from analytics.disclosure.system import NotWholeError, Snapshot

__all__ = (
    "RESTS",
    "AuditResult",
    "DependentError",
    "DisclosureError",
    "Finding",
    "NotWholeError",
    "Protected",
    "Relation",
    "Snapshot",
    "Structure",
    "audit",
    "counts_table",
    "find_primary",
    "found_structure",
    "is_offered",
    "known_structure",
    "neet_structure",
    "protect",
    "target_group_structure",
    "tpmap_structure",
)
