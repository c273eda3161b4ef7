"""What may follow what while a file is brought in, and what the command line is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ui.upload_state import ASKS, KINDS, Draft, checked_plan, plan_of, with_measure, with_source
from warehouse.cli import import_options
from warehouse.report import QueryError
from warehouse.sources.table_plan import Plan, propose_measure, source_id_of
from warehouse.uploads import MAPPING, REPORT, SUFFIXES

TITLE = "นักเรียน 2563"


def plan() -> Plan:
    measures = tuple(propose_measure(name, "", TITLE) for name in ("นักเรียน", "ประชากร", "ร้อยละเรียน"))
    from dataclasses import replace

    rate = replace(measures[2], of=measures[0].id, per=measures[1].id)
    return Plan(
        source_id_of(TITLE), TITLE, TITLE, "สพฐ.", "", "", 2563, "title", {"จังหวัด": "name", "ร้อยละเรียน": "value"},
        (*measures[:2], rate),
    )  # fmt: skip


def found(refused=False, **more):
    return {"done": {"refused": refused, "report": {}, **more}}


def test_only_what_was_checked_as_it_stands_can_be_published():
    draft = Draft("table")
    assert draft.stage == "look"
    draft = draft.answered("check", found(plan=plan().to_json()))
    assert draft.stage == "ready" and draft.plan == plan()
    changed = draft.saying(cells="protected")
    assert changed.stage == "changed"
    assert changed.saying(cells=None).stage == "ready"
    from dataclasses import replace

    assert replace(draft, plan=with_measure(plan(), 0, name_en="Pupils")).stage == "changed"
    refused = changed.answered("check", found(True))
    assert refused.stage == "refused"
    assert refused.answered("check", found()).stage == "ready"


def test_a_publication_refused_after_all_and_one_that_fails_go_back_to_the_check():
    draft = Draft("tpmap").answered("check", found())
    assert draft.answered("publish", found(True)).stage == "refused"
    busy = draft.answered("publish", {"failed": {"th": "รอ", "en": "wait"}})
    assert busy.stage == "ready" and busy.failed == {"th": "รอ", "en": "wait"}
    done = busy.answered("publish", found())
    assert done.stage == "published" and done.failed is None


def test_a_plan_comes_back_from_plain_values():
    assert plan_of(plan().to_json()) == plan()
    assert checked_plan(plan()) == plan()


def test_another_title_is_another_source_with_ids_of_its_own():
    new = with_source(plan(), title_th="โรงเรียน", publisher="ศธ.")
    assert new.source_id == source_id_of("โรงเรียน") != plan().source_id
    assert not {m.id for m in new.measures} & {m.id for m in plan().measures}
    # A rate still names the counts it is made of.
    assert (new.measures[2].of, new.measures[2].per) == (new.measures[0].id, new.measures[1].id)
    same = with_source(plan(), publisher="ศธ.", year_be=2564)
    assert same.source_id == plan().source_id and (same.year_be, same.year_from) == (2564, "mapping")


@pytest.mark.parametrize(
    "changes",
    [{"name_th": " "}, {"name_en": "<b>x</b>"}, {"unit": "percent", "additive": True}, {"scale": 100}],
)
def test_a_column_that_cannot_be_so_is_refused_in_both_languages(changes):
    with pytest.raises(QueryError) as refused:
        with_measure(plan(), 0, **changes)
    assert refused.value.th and refused.value.en


def test_every_kind_and_option_is_understood_by_the_command_line():
    assert set(KINDS) == set(ASKS) == set(SUFFIXES)
    values = {
        "year_be": 2563, "title": "--odd title", "sheet": "-1", "cells": "protected", "replace": True, "definition": "counted",
        "kind": "school", "level": "district", "product": "vnl-v21",
    }  # fmt: skip
    for kind in KINDS:
        draft = Draft(kind).saying(**{name: values[name] for name in ASKS[kind]})
        options = import_options(draft.arguments([Path("/x/a.csv")], Path("/x")))
        assert (options.kind, options.paths) == (kind, ["/x/a.csv"])
        for name in ASKS[kind]:
            said = getattr(options, {"kind": "place_kind"}.get(name, name))
            assert said == ([values[name]] if name == "sheet" else values[name])


def test_a_table_is_told_its_plan_and_where_the_report_goes():
    draft = Draft("table", plan=plan()).saying(year_be=2560, title="x", replace=True)
    options = import_options(draft.arguments([Path("/x/a.csv")], Path("/x")))
    assert (options.mapping, options.report) == (f"/x/{MAPPING}", f"/x/{REPORT}")
    # Title and year stand in the plan.
    assert options.year_be is None and options.title is None and options.replace
