"""What the desk shows: filters, the masked lists in their order with reasons, and one record after a reason was given.

Nothing here goes through a cache, a download, an image, the address or a log. Lists never ask the store for names: what stands
in their place is the same for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analytics.catalogue import DIMENSIONS, load_dimensions, load_mpi_indicators
from analytics.survey_columns import DEPRIVATIONS
from analytics.vulnerability import (
    NO_LEVEL,
    READING,
    Filters,
    IncomeRule,
    by_priority,
    failed_dimensions,
    housing_problem,
    levels,
    low_income,
    reasons,
)
from desk import guard
from geo.codes import official_areas
from ui.markdown import escape_markdown, markdown_table
from ui.texts import Words
from warehouse.desk.audit import REASONS, reference_fits
from warehouse.desk.citizen import read_citizen
from warehouse.desk.errors import DeskError
from warehouse.desk.store import About

MASK = "•••"
PAGE = 50
"""Households on one page of the list."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    year: int
    filters: Filters


def language_switch() -> None:
    names = {"th": "ไทย", "en": "English"}
    st.segmented_control(
        "ภาษา / Language", list(names), key="language", format_func=names.__getitem__, required=True,
        label_visibility="collapsed",
    )  # fmt: skip


def locked(w: Words) -> None:
    """Ask for the code that the command printed."""
    st.title(w("desk.name"), anchor=False)
    if st.session_state.get("paused"):
        st.info(w("desk.paused", minutes=guard.settings().desk.minutes), icon=":material/lock_clock:")
    with st.form("unlock", width=420, clear_on_submit=True):
        typed = st.text_input(w("desk.code"), type="password", autocomplete="off", help=w("desk.code_help"))
        if st.form_submit_button(w("desk.unlock"), type="primary"):
            if guard.unlock(typed):
                st.rerun()
            st.error(w("desk.wrong_code"))


def households(w: Words) -> None:
    """Filters, lists and the record."""
    about = guard.about()
    head, button = st.columns([5, 1], vertical_alignment="bottom")
    head.title(w("desk.title"), anchor=False)
    button.button(w("desk.lock"), icon=":material/lock:", on_click=guard.lock, width="stretch")
    if about.synthetic:
        st.info(w("desk.synthetic"), icon=":material/science:")
    else:
        st.warning(w("desk.single_user"), icon=":material/warning:")
    chosen = _filters(w, about)
    table = _listed(chosen)
    with st.expander(w("desk.reading_title")):
        st.markdown(_reading(w))
    _search(w, about)
    homes, people = st.tabs([w("desk.households"), w("desk.persons")])
    with homes:
        shown = _household_list(w, table)
    with people:
        _person_list(w, chosen.year, shown)
    _record(w, chosen.year, shown)


def _rule() -> IncomeRule:
    desk = guard.settings().desk
    return IncomeRule(float(desk.low_income), desk.low_income_inclusive)


def _reading(w: Words) -> str:
    """The reading of the ambiguous rule, as the list uses it."""
    rule = _rule()
    line = w("rule.at_most" if rule.inclusive else "rule.less_than", baht=f"{rule.baht:,.0f}")
    rows = [[str(level), w(f"rule.{a}"), w(f"rule.{b}")] for level, a, b in READING]
    rows.append(["–", w("rule.not_low_income"), w("rule.nothing")])
    headings = [w("list.level"), w("rule.income"), w("rule.and")]
    return "\n\n".join(
        [w("rule.intro", line=line), markdown_table(headings, rows, text=(0, 1, 2)), w("rule.order")]
    )


def _filters(w: Words, about: About) -> _Chosen:
    with st.container(border=True, key="filters"):
        first = st.columns(4)
        year = first[0].selectbox(
            w("filter.year"), about.years, format_func=lambda y: str(y + 543 if w.language == "th" else y)
        )
        codes = guard.store().areas(year)["area_code"].tolist()
        area = "TH"
        for column, width, name in zip(
            first[1:], (2, 4, 6), ("province", "district", "subdistrict"), strict=True
        ):
            inside = sorted({c[:width] for c in codes if area == "TH" or c.startswith(area)})
            if width > 2 and area == "TH":
                inside = []
            picked = column.selectbox(
                w(f"filter.{name}"), inside, index=None, placeholder=w("filter.all"), key=f"f_{name}_{year}_{area}",
                format_func=lambda code: _area(code, w), disabled=not inside,
            )  # fmt: skip
            if picked is None:
                break
            area = picked
        dimensions, numbered = load_dimensions(), load_mpi_indicators()
        second = st.columns(2)
        failed = second[0].multiselect(
            w("filter.dimensions"), DIMENSIONS, placeholder=w("filter.all"),
            format_func=lambda d: w.pick(dimensions[d].name_th, dimensions[d].name_en),
        )  # fmt: skip
        indicators = second[1].multiselect(
            w("filter.indicators"), DEPRIVATIONS, placeholder=w("filter.all"),
            format_func=lambda n: f"{int(n)} {w.pick(numbered[n].short_th, numbered[n].short_en)}",
        )  # fmt: skip
        third = st.columns(6)
        card = third[0].selectbox(
            w("filter.card"), ("all", "held", "none"), format_func=lambda c: w(f"card.{c}")
        )
        numbers = third[1].multiselect(w("filter.numbers"), range(6), placeholder=w("filter.all"))
        level = third[2].multiselect(
            w("filter.levels"),
            (3, 2, 1, 0, NO_LEVEL),
            placeholder=w("filter.all"),
            format_func=lambda n: _level(n, w),
        )
        either = []
        for column, name in zip(third[3:], ("poor", "recorded", "added"), strict=True):
            picked = column.selectbox(
                w(f"filter.{name}"), ("all", "yes", "no"), format_func=lambda c: w(f"either.{c}")
            )
            either.append({"all": None, "yes": True, "no": False}[picked])
    return _Chosen(
        year,
        Filters(area, tuple(failed), tuple(indicators), card, tuple(numbers), tuple(level), *either),
    )


def _listed(chosen: _Chosen) -> pd.DataFrame:
    """The households that pass, in their order."""
    table = guard.store().households(chosen.year, chosen.filters.area)
    table = pd.concat([table, failed_dimensions(table)], axis=1)
    table["level"] = levels(
        low_income(table, table["members"], _rule()),
        housing_problem(table),
        table["dependants"],
        table["dependants_most"],
    )
    return by_priority(table[chosen.filters.passes(table)])


def _search(w: Words, about: About) -> None:
    """Find a household by the number of one of its members, for a reason; the number is turned into its code and forgotten."""
    with (
        st.expander(w("search.title")),
        st.form("search", clear_on_submit=True, border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        typed = st.text_input(w("search.number"), type="password", autocomplete="off", width=300)
        reason = st.selectbox(
            w("search.reason"),
            REASONS,
            index=None,
            format_func=lambda r: w(f"reason.{r}"),
            placeholder=w("record.choose"),
            width=260,
        )
        asked = st.form_submit_button(w("search.find"))
    if not asked:
        return
    st.session_state.pop("found", None)
    if reason is None:
        st.warning(w("search.no_reason"))
        return
    digits, fault = read_citizen(typed, synthetic=about.synthetic)
    if digits is None or fault is not None:
        st.warning(w("search.wrong"))
        return
    found = guard.store().household_of(digits)
    try:
        # Before anything is told: that somebody is in the store, or is not, is an answer too.
        guard.audit().searched(found, reason)
    except DeskError as error:
        st.error(escape_markdown(error.text(w.language)))
        return
    if found is None:
        st.info(w("search.nobody"))
    else:
        year, household = found
        st.session_state["found"] = found
        st.success(w("search.found", code=short(household), year=year + 543 if w.language == "th" else year))


def short(household: str) -> str:
    """The first eight signs of a household's code, as people read them out.

    >>> short("a1b2c3d4e5f6")
    'A1B2-C3D4'
    """
    return f"{household[:4]}-{household[4:8]}".upper()


def _household_list(w: Words, table: pd.DataFrame) -> pd.DataFrame:
    """One page of the list; the rows shown."""
    st.markdown(w("list.count", n=f"{len(table):,}"))
    if table.empty:
        return table
    pages = -(-len(table) // PAGE)
    page = 1
    if pages > 1:
        page = st.number_input(w("list.page", pages=f"{pages:,}"), 1, pages, 1, width=180)
    shown = table.iloc[(page - 1) * PAGE : page * PAGE]
    rows = [
        {
            w("list.rank"): row["rank"],
            w("list.household"): short(row["household_id"]),
            w("list.head"): MASK,
            w("list.house_no"): MASK,
            w("list.area"): _area(row["area_code"], w),
            w("list.members"): row["members"],
            w("list.dimensions"): row["dimensions"],
            w("list.level"): _level(row["level"], w),
            w("list.cards"): row["cards"],
            w("list.recorded"): _truth(row["recorded"], w),
            w("list.reason"): _why(row, w),
        }
        for row in shown.to_dict("records")
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="homes")
    st.caption(w("list.masked"))
    return shown


def _person_list(w: Words, year: int, shown: pd.DataFrame) -> None:
    if shown.empty:
        st.markdown(w("list.count", n="0"))
        return
    people = guard.store().persons(year, shown["household_id"].tolist())
    rows = [
        {
            w("list.household"): short(row["household"]),
            w("list.name"): MASK,
            w("list.citizen"): MASK,
            # Ten years are enough to plan a visit; the age stands in the record.
            w("list.age"): f"{row['age'] // 10 * 10}-{row['age'] // 10 * 10 + 9}",
            w("list.sex"): _sex(row["sex"], w),
            w("list.card"): _truth(row["welfare_card"], w),
        }
        for row in people.to_dict("records")
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="people")
    st.caption(w("list.masked"))


def _record(w: Words, year: int, shown: pd.DataFrame) -> None:
    """Open one record, after a reason was given and written down."""
    st.subheader(w("record.title"), anchor=False)
    opened = st.session_state.get("opened")
    if opened is not None:
        _opened(w, *opened)
        return
    # A household found by number may be of another year, or on no page of the list.
    found = st.session_state.get("found")
    offered = {code: (year, code) for code in shown["household_id"].tolist()}
    if found is not None and found not in offered.values():
        offered = {f"{found[0]}/{found[1]}": found} | offered
    with st.form("open", width=620):
        picked = st.selectbox(
            w("record.which"),
            list(offered),
            index=list(offered.values()).index(found) if found is not None else None,
            format_func=lambda key: _which(offered[key], year, w),
            placeholder=w("record.choose"),
        )
        reason = st.selectbox(
            w("record.reason"),
            REASONS,
            index=None,
            format_func=lambda r: w(f"reason.{r}"),
            placeholder=w("record.choose"),
        )
        reference = st.text_input(w("record.reference"), max_chars=12, help=w("record.reference_help"))
        asked = st.form_submit_button(w("record.open"), type="primary")
    st.caption(w("record.audited"))
    if not asked:
        return
    if picked is None or reason is None or not reference_fits(reference):
        st.error(w("record.incomplete"))
        return
    year, household = offered[picked]
    try:
        guard.audit().opened(household, year, reason, reference)
    except DeskError as error:
        st.error(escape_markdown(error.text(w.language)))
        return
    st.session_state["opened"] = (year, household)
    st.session_state.pop("found", None)
    st.rerun()


def _which(record: tuple[int, str], year: int, w: Words) -> str:
    """Code of a household, with its year where that is not the one that is looked at."""
    own, household = record
    return (
        short(household)
        if own == year
        else f"{short(household)} ({own + 543 if w.language == 'th' else own})"
    )


def _close() -> None:
    st.session_state.pop("opened", None)


def _opened(w: Words, year: int, household: str) -> None:
    address, members = guard.store().record(year, household)
    place = " ".join(
        w(f"record.{name}", value=address[name]) for name in ("house_no", "moo", "road") if name in address
    )
    st.markdown(
        f"**{escape_markdown(short(household))}** · {escape_markdown(place or w('record.no_address'))}"
    )
    rows = []
    for row in members.to_dict("records"):
        name = " ".join(str(row[k]) for k in ("title", "first_name", "last_name") if isinstance(row[k], str))
        states = [w(f"state.{k}") for k in ("disabled", "bedridden", "chronically_ill") if row[k] is True]
        rows.append(
            [
                name or w("record.no_name"),
                w("state.head") if row["head"] is True else "",
                str(row["age"]),
                _sex(row["sex"], w),
                _truth(row["welfare_card"], w),
                ", ".join(states) or "–",
            ]
        )
    headings = [w(f"list.{k}") for k in ("name", "head_mark", "age", "sex", "card", "states")]
    st.markdown(markdown_table(headings, rows, text=range(6)))
    st.button(w("record.close"), icon=":material/close:", on_click=_close)


def _why(row: dict[str, object], w: Words) -> str:
    said = reasons(
        poor=row["poor"], dimensions=int(row["dimensions"]), level=row["level"], dependants=int(row["dependants"]),
        cards=int(row["cards"]), recorded=row["recorded"],
    )  # fmt: skip
    return " · ".join(w(f"why.{key}", n=number) for key, number in said)


def _level(level: object, w: Words) -> str:
    if pd.isna(level):
        return w("level.unknown")
    return w("level.none") if level == NO_LEVEL else w("level.some", n=level)


def _sex(sex: object, w: Words) -> str:
    return w(f"sex.{sex}") if sex in ("m", "f") else "–"


def _truth(value: object, w: Words) -> str:
    return "–" if pd.isna(value) else w("either.yes" if value else "either.no")


def _area(code: str, w: Words) -> str:
    """Name of an area; of a village its subdistrict and number."""
    area = official_areas().get(code[:6])
    if area is None:
        return code
    name = w.pick(area.name_th, area.name_en)
    return w("list.village", name=name, n=int(code[6:8])) if len(code) == 8 else name
