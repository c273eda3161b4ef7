"""The Data screen for everybody: sources, what is missing where, the data dictionary and the snapshots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from analytics.catalogue import Indicator, indicator, load_catalogue
from analytics.definitions import DefinitionError, definition, load_definitions
from analytics.formatting import year_text
from ui import data, export
from ui.classes import OPEN_END
from ui.downloads import download_buttons
from ui.frame import Context, choose, go
from ui.legend import LegendRow, legend_html
from ui.map import MAP_HEIGHT, AreaLayer, deck
from ui.markdown import escape_markdown, markdown_table
from ui.opening import map_opens
from ui.outlines import outline_lines, outline_note, synthetic_lines
from ui.palette import ramp
from ui.panels import (
    about_panel,
    layer_address,
    level_picker,
    source_caption,
    tooltip,
    year_picker,
)
from ui.scene import Scene, compose, page_year, year_choices
from ui.tables import display_name, year_label
from ui.workbook import source_rows
from warehouse.holdings import LEVELS
from warehouse.journal import STATES

_FINDINGS = 100
"""Rows of a table of findings on the screen; the download has all."""


def row_sets(key: str, name: str, values: Sequence[str]) -> Callable[[], None]:
    """Callback of the table `key`: the chosen row's value becomes the field `name` of the view."""
    kept = tuple(values)

    def chosen() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            go(**{name: kept[rows[0]]})

    return chosen


def table(
    c: Context,
    frame: pd.DataFrame,
    alt: str,
    *,
    key: str | None = None,
    select: Callable[[], None] | None = None,
    texts: Sequence[str] = (),
) -> None:
    """A table whose columns are keys of ``data.col_...``; numbers with separators, `texts` as they are."""
    config = {
        name: st.column_config.TextColumn(c.words(f"data.col_{name}"))
        if name in texts or not pd.api.types.is_numeric_dtype(frame[name])
        else st.column_config.NumberColumn(c.words(f"data.col_{name}"), format="localized")
        for name in frame.columns
    }
    more: dict[str, Any] = {"on_select": select, "selection_mode": "single-row"} if select is not None else {}
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        placeholder="–",
        column_config=config,
        height=min(38 + 35 * len(frame), 420),
        alt=alt,
        **more,
    )


# -- sources ----------------------------------------------------------------


def sources_panel(c: Context) -> None:
    """All sources with what became of their rows; the chosen one with files, imports, findings and definitions."""
    w = c.words
    frame = data.held_sources(c.warehouse.snapshot)
    st.subheader(w("data.sources_heading", n=len(frame)), anchor=False)
    ids = [str(s) for s in frame["source_id"]]
    items = frame[["observations", "places", "points", "scores", "rasters"]].sum(axis=1)
    shown = pd.DataFrame(
        {
            "title": frame["title_th" if w.language == "th" else "title_en"],
            "publisher": frame["publisher"],
            "year": ["" if pd.isna(y) else year_text(int(y), w.language) for y in frame["year"]],
            "kind": [_kind(c, str(k)) for k in frame["kind"]],
            "values": items.astype("int64"),
            "rows": frame["rows"],
            "accepted": frame["accepted"],
            "repaired": frame["repaired"],
            "rejected": frame["rejected"],
            "hidden": frame["suppressed"],
        }
    )
    table(c, shown, w("data.sources_alt"), key="data_sources", select=row_sets("data_sources", "source", ids))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(w("data.select_row"), width="content")
        download_buttons(
            c,
            ("sources",),
            lambda: _sources_csv(c, frame),
            lambda: _sources_book(c, ids),
            key="data_sources_all",
        )
    titles = dict(zip(ids, shown["title"], strict=True))
    chosen = choose(
        st.selectbox,
        w("data.choose_source"),
        "source",
        ids,
        lambda s: str(titles[s]),
        value=c.view.source if c.view.source in ids else ids[0],
    )
    _source(c, frame[frame["source_id"] == chosen].iloc[0], chosen)


def _kind(c: Context, kind: str) -> str:
    key = f"data.{kind}"
    known = ("data.official", "data.open", "data.user", "data.modelled", "data.synthetic")
    return c.words(key) if key in known else kind


def _sources_csv(c: Context, frame: pd.DataFrame) -> bytes:
    # A source of places or outlines alone has no level and no count of numbers.
    plain = frame.assign(
        levels=[", ".join(v) if pd.api.types.is_list_like(v) else "" for v in frame["levels"]]
    )
    rows = plain.astype(object).itertuples(index=False)
    return export.csv_bytes(list(plain.columns), rows, synthetic_lines(c))


def _sources_book(c: Context, ids: Sequence[str]) -> bytes:
    facts = [c.warehouse.source(s) for s in ids]
    files = [
        (s["source_id"], f["file_name"], f["bytes"], f["rows"], f["sha256"])
        for s in facts
        for f in s["files"]
    ]
    # Import ids follow from the files' hashes, which are not for readers where cells are hidden.
    findings = c.warehouse.findings().drop(columns="import_id")
    sheets = [
        export.Sheet(
            "sources",
            ("key", "value"),
            source_rows(facts, [*synthetic_lines(c), c.warehouse.snapshot]),
            (16, 110),
        ),
        export.Sheet("files", ("source_id", "file", "bytes", "rows", "sha256"), files, (30, 50, 12, 10, 66)),
        export.Sheet(
            "findings",
            tuple(findings.columns),
            [["" if pd.isna(v) else v for v in row] for row in findings.itertuples(index=False)],
            (10, 24, 40, 8, 20, 40, 40, 60, 60),
        ),
    ]
    return export.xlsx_bytes(sheets, "Daomap: sources")


def _source(c: Context, row: pd.Series, source_id: str) -> None:
    w = c.words
    facts = c.warehouse.source(source_id)
    holdings = c.warehouse.holdings
    st.subheader(escape_markdown(w.pick(str(facts["title_th"]), str(facts["title_en"]))), anchor=False)
    cells = "cells_protected" if facts["cells"] == "protected" else "cells_published"
    facts_shown = [
        (w("data.col_publisher"), str(facts["publisher"])),
        (w("data.col_kind"), _kind(c, str(facts["kind"]))),
        (w("data.licence"), str(facts["licence"] or w("data.licence_none"))),
        (w("data.url"), str(facts["url"] or "–")),
        (w("data.retrieved"), str(facts["retrieved"] or "–")),
        (w("data.cells"), w(f"data.{cells}")),
    ]
    st.markdown("\n".join(f"- **{label}**: {escape_markdown(text)}" for label, text in facts_shown))
    contents = holdings.contents_of(source_id)
    _definitions(c, [str(d) for d in contents["definition"].dropna().unique()])
    st.markdown(f"**{w('data.files_heading')}**")
    files = pd.DataFrame(facts["files"], columns=["file_name", "bytes", "rows", "sha256"])
    if files.empty:
        st.caption(w("data.files_none"))
    else:
        names = {"file_name": "file", "bytes": "size"}
        table(c, files.rename(columns=names), w("data.files_heading"), texts=("sha256",))
    st.markdown(f"**{w('data.imports_heading')}**")
    runs = holdings.imports_of(source_id)
    if runs.empty:
        st.caption(w("data.imports_none"))
    else:
        counts = runs[["imported_at", "read", "accepted", "repaired", "rejected", "warnings"]]
        counts = counts.assign(imported_at=[moment(t, w.language) for t in counts["imported_at"]])
        table(c, counts.rename(columns={"imported_at": "when"}), w("data.imports_heading"))
        for run in runs.itertuples():
            if run.sources > 1:
                st.caption(w("data.imports_shared", n=run.sources))
            if run.repairs:
                repaired = ", ".join(f"{key} × {n:,}" for key, n in sorted(run.repairs.items()))
                st.caption(escape_markdown(w("data.repairs", list=repaired)))
            if run.sentence:
                st.caption(escape_markdown(str(run.sentence[w.language])))
    _findings(c, [str(i) for i in runs["import_id"]], protected=facts["cells"] == "protected")
    if not contents.empty:
        st.markdown(f"**{w('data.contents_heading')}**")
        shown = pd.DataFrame(
            {
                "indicator": [_indicator_name(c, str(i)) for i in contents["indicator"]],
                "level": [w(f"level.{x}") for x in contents["level"]],
                "year": [
                    _span(int(a), int(b), w.language)
                    for a, b in zip(contents["first_year"], contents["last_year"], strict=True)
                ],
                "areas": contents["areas"],
                "hidden": contents["suppressed"],
            }
        )
        table(c, shown, w("data.contents_heading"))


def _indicator_name(c: Context, name: str) -> str:
    entry = load_catalogue().get(name)
    return name if entry is None else c.words.pick(entry.name_th, entry.name_en)


def _span(first: int, last: int, language: str) -> str:
    a, b = year_text(first, language), year_text(last, language)
    return a if a == b else f"{a} – {b}"


def _definitions(c: Context, ids: Sequence[str]) -> None:
    for name in ids:
        try:
            entry = definition(name)
        except DefinitionError:
            text = name  # written by another version; the id alone is known
        else:
            text = c.words.pick(entry.text_th, entry.text_en)
        st.markdown(f"**{c.words('data.definition')}** {escape_markdown(name)}: {escape_markdown(text)}")


def _findings(c: Context, imports: Sequence[str], *, protected: bool) -> None:
    w = c.words
    st.markdown(f"**{w('data.findings_heading')}**")
    if protected:
        st.caption(w("data.findings_hidden"))
    frames = [found for i in imports if not (found := c.warehouse.findings(i)).empty]
    if not frames:
        st.caption(w("data.findings_none"))
        return
    found = pd.concat(frames, ignore_index=True)
    mend = "mend_th" if w.language == "th" else "mend_en"
    columns = {
        "code": "reason",
        "file": "file",
        "row": "row",
        "column": "column",
        "found": "found",
        "expected": "expected",
        mend: "mend",
    }
    table(
        c,
        found.head(_FINDINGS)[list(columns)].rename(columns=columns),
        w("data.findings_heading"),
        texts=("found",),
    )
    if len(found) > _FINDINGS:
        st.caption(w("data.findings_shown", n=_FINDINGS, all=f"{len(found):,}"))
    st.download_button(
        w("ranking.download"),
        lambda: export.csv_bytes(
            list(found.columns), found.astype(object).itertuples(index=False), synthetic_lines(c)
        ),
        file_name=export.file_name("findings", synthetic=c.synthetic),
        mime="text/csv",
        icon=":material/download:",
        key="data_findings_csv",
        on_click="ignore",
    )


# -- coverage ---------------------------------------------------------------


def coverage_panel(c: Context) -> None:
    """How many areas have data of each theme and level."""
    w = c.words
    found = data.coverage(c.warehouse.snapshot)
    newest = found.sort_values("year").groupby(["theme", "level"]).last()
    official = c.warehouse.holdings.official()
    polygons = c.warehouse.holdings.polygons()
    rows = []
    for theme in dict.fromkeys(entry.theme for entry in load_catalogue().values()):
        if theme not in newest.index.get_level_values("theme"):
            continue
        cells = []
        for level in LEVELS:
            if (theme, level) not in newest.index:
                cells.append(w("data.coverage_none"))
                continue
            one = newest.loc[(theme, level)]
            cells.append(
                w(
                    "data.coverage_cell",
                    areas=f"{int(one['areas']):,}",
                    all=f"{int(one['official']):,}",
                    share=_share(int(one["areas"]), int(one["official"])),
                    year=year_text(int(one["year"]), w.language),
                )
            )
        rows.append([w(f"theme.{theme}"), *cells])
    outlines = [
        w(
            "data.coverage_polygons_cell",
            areas=f"{polygons.get(level, 0):,}",
            all=f"{official.get(level, 0):,}",
            share=_share(polygons.get(level, 0), official.get(level, 0)),
        )
        for level in LEVELS
    ]
    rows.append([w("data.coverage_polygons"), *outlines])
    st.subheader(w("data.coverage_heading"), anchor=False)
    st.markdown(
        markdown_table([w("data.coverage_theme"), *(w(f"level.{x}") for x in LEVELS)], rows), width="stretch"
    )
    outline_note(c)
    for kind, n in c.warehouse.holdings.points().items():
        st.markdown(w(f"data.coverage_{kind}", rows=f"{n['rows']:,}", provinces=n["provinces"]))
    st.caption(w("data.coverage_note"))
    st.download_button(
        w("ranking.download"),
        lambda: export.csv_bytes(list(found.columns), found.itertuples(index=False), synthetic_lines(c)),
        file_name=export.file_name("coverage", synthetic=c.synthetic),
        mime="text/csv",
        icon=":material/download:",
        key="data_coverage_csv",
        on_click="ignore",
    )


def _share(part: int, whole: int) -> str:
    """Percent, rounded so that only all is 100 and only none is 0."""
    if not whole or not part:
        return "0"
    return "100" if part == whole else str(min(99, max(1, round(100 * part / whole))))


def missing_panel(c: Context) -> None:
    """Areas without data of one indicator and year, on a map and as a list."""
    w = c.words
    st.subheader(w("data.missing_heading"), anchor=False)
    have = set(c.warehouse.indicators_with_data())
    offered = [name for name, entry in load_catalogue().items() if name in have and entry.map]
    name = c.view.ind if c.view.ind in offered else offered[0]
    year = page_year(c, name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="missing_controls"):
        choose(
            st.selectbox,
            w("indicator.label"),
            "ind",
            offered,
            lambda i: w.pick(indicator(i).name_th, indicator(i).name_en),
            value=name,
            width=460,
        )
        year_picker(c, year_choices(c, name), year)
        level_picker(c, name)
    scene = compose(c, name, year)
    official = scene.listed[scene.listed["kind"] == "official"]
    lacking = official[official["value"].isna() & ~official["suppressed"].fillna(False).astype(bool)]
    hidden = int(official["suppressed"].fillna(False).astype(bool).sum())
    left, right = st.columns(2, gap="medium")
    with left:
        _missing_map(c, scene)
    with right:
        st.markdown(
            w(
                "data.missing_line",
                got=f"{len(official) - len(lacking):,}",
                all=f"{len(official):,}",
                level=w(f"level.{scene.plan.level}"),
                missing=f"{len(lacking):,}",
                hidden=f"{hidden:,}",
            )
        )
        if lacking.empty and len(official):
            st.success(w("data.missing_all_there"), icon=":material/check_circle:")
        elif len(lacking):
            names = [
                display_name(th, en, kind, w)
                for th, en, kind in zip(lacking["name_th"], lacking["name_en"], lacking["kind"], strict=True)
            ]
            shown = pd.DataFrame({"code": lacking["area_code"].to_numpy(), "area": names})
            table(c, shown, w("data.missing_alt"), texts=("code",))
            rows = lacking[["area_code", "name_th", "name_en"]].assign(indicator=name, year=year)
            st.download_button(
                w("ranking.download"),
                lambda: export.csv_bytes(
                    list(rows.columns), rows.itertuples(index=False), synthetic_lines(c)
                ),
                file_name=export.file_name("missing", name, str(year), synthetic=c.synthetic),
                mime="text/csv",
                icon=":material/download:",
                key="data_missing_csv",
                on_click="ignore",
            )
        source_caption(c, scene.drawn, year)


def _missing_map(c: Context, scene: Scene) -> None:
    w, p = c.words, scene.plan
    url = layer_address(c, scene) if p.draw_level is not None else None
    bbox = c.warehouse.bounds(p.fits)
    if url is None or bbox is None:
        st.info(w("map.no_map"), icon=":material/map:")
        return
    there = ramp("population", 5)[3]
    layer = AreaLayer(url, scene.indicator.id, (OPEN_END,), (there,), inside=p.inside, focus=p.focus)
    key = f"missing_map_{c.area.code}_{p.draw_level}"
    official = scene.drawn[scene.drawn["kind"] == "official"]
    got = int(official["value"].notna().sum())
    outline_note(c, p.draw_level)

    st.pydeck_chart(
        deck(layer, bbox, c.theme, tooltip(c, scene), mark=c.view.mark),
        key=key,
        height=MAP_HEIGHT,
        on_select=map_opens(key),
        selection_mode="single-object",
        alt=w(
            "map.alt",
            indicator=w.pick(scene.indicator.name_th, scene.indicator.name_en),
            area=c.name(c.area),
            year=year_text(scene.year, w.language),
        ),
    )
    st.html(
        legend_html(
            w("data.missing_heading"),
            w.pick(scene.indicator.short_th, scene.indicator.short_en),
            [LegendRow(there, w("data.legend_there"), got)],
            LegendRow(c.theme.missing, w("data.legend_not"), len(official) - got),
            [
                *outline_lines(c, p.draw_level),
                w("legend.year", year=year_label(scene.year, w), level=w(f"level.{p.draw_level}")),
            ],
            c.theme,
            w("legend.areas"),
        )
    )


# -- dictionary -------------------------------------------------------------


def matching(text: str, entries: Mapping[str, Indicator]) -> list[Indicator]:
    """Entries of which every word of a search stands in the id, a name or a description.

    >>> [e.id for e in matching("target_poor rate", load_catalogue())][:1]
    ['target_poor_rate']
    """
    wanted = text.casefold().split()

    def fits(entry: Indicator) -> bool:
        where = " ".join(
            (
                entry.id, entry.name_th, entry.name_en, entry.short_th, entry.short_en, entry.description_th,
                entry.description_en,
            )
        ).casefold()  # fmt: skip
        return all(word in where for word in wanted)

    return [entry for entry in entries.values() if fits(entry)]


def dictionary_panel(c: Context) -> None:
    """Every indicator with unit, direction, method and the years it has data of."""
    w = c.words
    text = st.text_input(
        w("data.dictionary_search"), key="dictionary_search", placeholder=w("data.dictionary_hint"), width=420
    )
    # The catalogue of a process also knows what was imported into other snapshots.
    have = set(c.warehouse.indicators_with_data())
    known = {name: entry for name, entry in load_catalogue().items() if not entry.imported or name in have}
    entries = matching(text, known)
    st.caption(w("data.dictionary_count", n=len(entries), all=len(known)))
    if not entries:
        st.info(w("data.dictionary_nothing"), icon=":material/search_off:")
        return
    years = {e.id: c.warehouse.years(e.id) for e in entries}
    shown = pd.DataFrame(
        {
            "indicator": [w.pick(e.name_th, e.name_en) for e in entries],
            "unit": [w.pick(e.unit_th, e.unit_en) for e in entries],
            "years": [
                _span(years[e.id][0], years[e.id][-1], w.language) if years[e.id] else w("data.no_rows")
                for e in entries
            ],
        }
    )
    ids = [e.id for e in entries]
    table(
        c,
        shown,
        w("data.dictionary_alt"),
        key="data_dictionary",
        select=row_sets("data_dictionary", "ind", ids),
    )
    st.caption(w("data.select_row"))
    chosen = indicator(c.view.ind if c.view.ind in ids else ids[0])
    st.subheader(escape_markdown(w.pick(chosen.name_th, chosen.name_en)), anchor=False)
    st.caption(escape_markdown(w("data.dictionary_id", id=chosen.id)))
    about_panel(c, chosen)
    st.markdown(f"**{w('data.worse')}**: {w(f'data.worse_{chosen.worse}')}")
    st.markdown(f"**{w('data.col_unit')}**: {escape_markdown(w.pick(chosen.unit_th, chosen.unit_en))}")
    named = [d for d in load_definitions().values() if d.names(chosen.id)]
    if named:
        st.markdown(f"**{w('data.dictionary_definitions')}**")
        _definitions(c, [d.id for d in named])


# -- snapshots --------------------------------------------------------------


def snapshots_panel(c: Context) -> None:
    """What is in use and what can be gone back to."""
    w = c.words
    infos = data.home_of(c.warehouse.snapshot).list()
    st.subheader(w("data.snapshots_heading", n=len(infos)), anchor=False)
    shown = pd.DataFrame(
        {
            "current": [w("data.current_mark") if i.id == c.warehouse.snapshot else "" for i in infos],
            "snapshot": [i.id for i in infos],
            "created": [moment(i.created, w.language) for i in infos],
            "observations": [int(i.contents.get("observations", 0)) for i in infos],
            "imports": [len(i.contents.get("imports", ())) for i in infos],
            "boundaries": [
                ", ".join(w(f"level.{x}") for x in LEVELS if x in i.contents.get("boundaries", ()))
                for i in infos
            ],
            "lights": [sum(len(years) for years in i.contents.get("lights", {}).values()) for i in infos],
        }
    )
    table(c, shown, w("data.snapshots_alt"), key="data_snapshots")
    st.caption(w("data.snapshots_note"))


def works_table(c: Context) -> None:
    """The last works on the home and how they ended, newest first; hashes and counts only."""
    w = c.words
    word = 0 if w.language == "th" else 1
    runs = data.home_of(c.warehouse.snapshot).runs()[-12:][::-1]
    shown = pd.DataFrame(
        {
            "started": [moment(run.started, w.language) for run in runs],
            "kind": [run.kind for run in runs],
            "state": [STATES.get(run.state, (run.state, run.state))[word] for run in runs],
            "accepted": [run.counts.get("rows_accepted", 0) for run in runs],
            "rejected": [run.counts.get("rows_rejected", 0) for run in runs],
            "snapshot": [run.snapshot[:11] or "–" for run in runs],
        }
    )
    table(c, shown, w("manage.works_heading"))


def moment(text: str, language: str) -> str:
    """Date and minute of an ISO 8601 time in UTC, as the language writes them.

    >>> moment("2026-11-23T06:02:45+00:00", "th"), moment("2026-11-23T06:02:45+00:00", "en")
    ('23/11/2569 06:02', '2026-11-23 06:02')
    """
    at = datetime.fromisoformat(text)
    return f"{at:%d/%m}/{at.year + 543} {at:%H:%M}" if language == "th" else f"{at:%Y-%m-%d %H:%M}"
