"""What a person has said of a file that is being brought in, and what may be done next; nothing of a screen, nothing of a disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from warehouse.sources.table_plan import Measure, Plan, measure_id, plan_toml, read_plan, source_id_of
from warehouse.uploads import MAPPING, REPORT

KINDS: Final = ("table", "tpmap", "neet", "places", "villages", "boundaries", "nightlight")
SEVERAL: Final = frozenset({"tpmap", "neet", "places", "villages", "boundaries", "nightlight"})
"""Kinds whose files come in together."""
ASKS: Final[Mapping[str, tuple[str, ...]]] = {
    "table": ("year_be", "title", "sheet", "cells", "replace"),
    "tpmap": ("year_be", "cells"),
    "neet": ("year_be", "title", "definition", "cells"),
    "places": ("title", "kind", "replace"),
    "villages": ("year_be", "title"),
    "boundaries": ("level",),
    "nightlight": ("year_be", "product"),
}
"""What a kind may be asked for, each an option of the command line."""
_FLAGS: Final = {
    "year_be": "--year-be", "title": "--title", "sheet": "--sheet", "definition": "--definition", "kind": "--kind",
    "level": "--level", "product": "--product",
}  # fmt: skip

Stage = Literal["look", "refused", "changed", "ready", "published"]


@dataclass(frozen=True, slots=True)
class Draft:
    """One file, or files that belong together, on their way in.

    Attributes
    ----------
    kind : str
        Of `KINDS`.
    options : mapping
        Of `ASKS`, without what is not said.
    plan : Plan or None
        What the columns of a table become.
    checked : mapping or None
        The ``done`` of the last check.
    checked_as : str
        `fingerprint` of what was checked.
    published : mapping or None
        The ``done`` of the publication.
    failed : mapping or None
        Why the last work did not end well, in ``th`` and ``en``.
    """

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    plan: Plan | None = None
    checked: Mapping[str, Any] | None = None
    checked_as: str = ""
    published: Mapping[str, Any] | None = None
    failed: Mapping[str, Any] | None = None

    @property
    def fingerprint(self) -> str:
        """Hash of everything a person said."""
        said = [self.kind, dict(self.options), self.plan.identity() if self.plan is not None else ""]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def stage(self) -> Stage:
        """What comes next: only what was checked as it stands now, and not refused, can be published."""
        if self.published is not None and not self.published["refused"]:
            return "published"
        if self.checked is None:
            return "look"
        if self.checked_as != self.fingerprint:
            return "changed"
        return "refused" if self.checked["refused"] else "ready"

    def saying(self, **options: Any) -> Draft:
        """With these options; an empty one is not said."""
        merged = {k: v for k, v in {**self.options, **options}.items() if v not in (None, "", False)}
        return replace(self, options=merged)

    def arguments(self, paths: Sequence[Path], folder: Path) -> list[str]:
        """Of ``daomap import`` for this draft; a table's mapping and report lie in the folder."""
        said = [self.kind, *map(str, paths)]
        for name in ASKS[self.kind]:
            value = self.options.get(name)
            # Once there is a plan, title and year stand in it.
            if value is None or (self.plan is not None and name in ("year_be", "title")):
                continue
            if name == "cells":
                said.append(f"--{value}")
            elif name == "replace":
                said.append("--replace")
            else:
                said.append(f"{_FLAGS[name]}={value}")
        if self.kind == "table":
            said.append(f"--report={folder / REPORT}")
            if self.plan is not None:
                said.append(f"--mapping={folder / MAPPING}")
        return said

    def answered(self, action: str, answer: Mapping[str, Any]) -> Draft:
        """After a work has ended: what it found, or why it did not end well."""
        if "failed" in answer:
            return replace(self, failed=answer["failed"])
        done = answer["done"]
        if action == "publish":
            # Refused after all: something else was published meanwhile, and the reasons are those of a check.
            if done["refused"]:
                checked = {**(self.checked or {}), **done}
                return replace(self, checked=checked, failed=None)
            return replace(self, published=done, failed=None)
        plan = self.plan
        if plan is None and done.get("plan"):
            plan = plan_of(done["plan"])
        after = replace(self, plan=plan, checked=done, failed=None)
        return replace(after, checked_as=after.fingerprint)


def plan_of(row: Mapping[str, Any]) -> Plan:
    """A plan from the plain values of `Plan.to_json`."""
    return Plan(**{**row, "measures": tuple(Measure(**m) for m in row["measures"])})


def checked_plan(plan: Plan) -> Plan:
    """The plan as a mapping file would give it back.

    Raises
    ------
    QueryError
        Naming the first value that cannot be.
    """
    read = read_plan(plan_toml(plan))
    return replace(read, year_from=plan.year_from)


def with_source(plan: Plan, **changes: Any) -> Plan:
    """With other words on the source. Another Thai title is another source, with indicators of its own.

    Raises
    ------
    QueryError
    """
    new = replace(plan, **changes)
    if new.year_be != plan.year_be:
        new = replace(new, year_from="mapping" if new.year_be is not None else "")
    if new.title_th.strip() != plan.title_th:
        title = new.title_th.strip()
        ids = {m.id: measure_id(title, m.measure or "value") for m in plan.measures}
        measures = tuple(
            replace(m, id=ids[m.id], of=ids.get(m.of, m.of), per=ids.get(m.per, m.per)) for m in plan.measures
        )
        new = replace(new, source_id=source_id_of(title), measures=measures)
    return checked_plan(new)


def with_measure(plan: Plan, number: int, **changes: Any) -> Plan:
    """With other words on one of its columns.

    Raises
    ------
    QueryError
    """
    measures = list(plan.measures)
    measures[number] = replace(measures[number], **changes)
    return checked_plan(replace(plan, measures=tuple(measures)))


def plan_rows(plan: Plan) -> list[dict[str, Any]]:
    """Every column of a plan as plain values, in order."""
    return [asdict(m) for m in plan.measures]
