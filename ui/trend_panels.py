"""The blocks of the trend screen; changes and ranks come from `analytics.trends` and are not worked on here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.catalogue import Indicator
from analytics.comparability import Standing, Verdict, verdict
from analytics.definitions import BUDDHIST_ERA
from analytics.formatting import value_text, withheld_text, year_text
from analytics.trends import runs, tally, with_versions
from ui import data, export
from ui.choose_indicator import indicator_controls
from ui.compare_words import definition_text, gap_text, reasons, title_of
from ui.downloads import download_buttons
from ui.export import Sheet
from ui.frame import Context, choose
from ui.markdown import escape_markdown, markdown_table
from ui.opening import dot_opens, row_opens
from ui.outlines import synthetic_lines
from ui.side_export import dictionary_rows
from ui.tables import display_name, rows_shown, year_label
from ui.trend_charts import Slopes, slopes, year_lines
from ui.trend_state import Trend
from ui.workbook import source_rows

NAMED = 3
COLUMNS = (
    "area_code", "name_th", "name_en", "level", "indicator", "value", "numerator", "denominator", "unit", "year", "year_be",
    "definition", "source", "suppressed", "made_up", "version",
)  # fmt: skip
MOVE_COLUMNS = (
    "area_code", "name_th", "name_en", "first_year", "second_year", "first", "second", "status", "absolute", "relative",
    "rank_first", "rank_second", "places",
)  # fmt: skip


def controls(c: Context, t: Trend) -> None:
    """Which indicator, of which source, between which years."""
    w = c.words
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="trend_controls"):
        indicator_controls(c, t.indicator.id, t.offered)
        if t.sources:
            titles = data.source_titles(c.warehouse.snapshot)
            choose(
                st.selectbox, w("trend.source"), "source", ("", *t.sources),
                lambda s: w.pick(*titles[s]) if s else w("trend.preferred"), value=t.source, width=340,
            )  # fmt: skip
        if t.pair is not None:
            for name, year in zip(("y0", "y1"), t.pair, strict=True):
                choose(
                    st.selectbox, w(f"compare.{name}"), name, t.years, lambda y: year_label(y, w), value=year, width=140,
                )  # fmt: skip


def letters(t: Trend, language: str) -> dict[str, str]:
    """A letter for each version that a year of the screen stands under, in the order of the years; none for one alone."""
    frames = [t.own, t.inside, *(frame for _, frame in t.above)]
    whole = with_versions(pd.concat(frames, ignore_index=True), t.indicator.id)
    found = whole.dropna(subset=["version"]).sort_values("year")["version"]
    names = "กขคงจฉชซฌญฎฏฐฑฒณดตถทธน" if language == "th" else "ABCDEFGHIJKLMNOPQRSTUV"
    versions = list(dict.fromkeys(found))
    if len(versions) < 2:
        return {}
    return {version: names[i] if i < len(names) else str(i + 1) for i, version in enumerate(versions)}


def pair_verdict(t: Trend) -> Verdict:
    """What stands between the two years, by the rows of the areas listed, else the area's own."""
    for frame in (t.inside, t.own):
        found = []
        for year in t.pair or ():
            rows = frame[(frame["year"] == year) & frame["definition"].notna()]
            if len(rows):
                row = rows.iloc[0]
                found.append(
                    Standing(
                        row["level"], year, row["definition"], str(row["source_id"]), bool(row["made_up"])
                    )
                )
        if len(found) == 2:
            return verdict(t.indicator.id, found[0], found[1])
    return Verdict()


def headline(c: Context, t: Trend) -> list[str]:
    """What became of the area and of those listed, one sentence each, plain text."""
    w, entry = c.words, t.indicator
    title, area = title_of(entry, w), c.name(c.area)
    out = []
    if t.pair is None:
        known = sorted({int(y) for y in t.own["year"]})
        if not known:
            return [w("trend.no_years", indicator=title, area=area)]
        row = t.own[t.own["year"] == known[-1]].iloc[0]
        return [
            w("trend.one_year", indicator=title, area=area, value=_value(row, entry, c), year=year_label(known[-1], w))
        ]  # fmt: skip
    first_year, second_year = (year_label(year, w) for year in t.pair)
    own = t.own_move
    if own is not None and own["status"] in ("both", "apart"):
        told = {
            "indicator": title, "area": area, "first_year": first_year, "second_year": second_year,
            "first": value_text(own["first"], entry, language=w.language),
            "second": value_text(own["second"], entry, language=w.language),
        }  # fmt: skip
        if own["status"] == "apart":
            out.append(w("trend.apart", **told))
        else:
            moved = round(float(own["absolute"]), entry.decimals)
            key = "same" if moved == 0 else "rose" if moved > 0 else "fell"
            out.append(w(f"compare.{key}", **told, gap=gap_text(own["absolute"], entry, w)))
    else:
        out.append(
            w("trend.own_missing", indicator=title, area=area, first_year=first_year, second_year=second_year)
        )
    if len(t.moved):
        count = tally(t.moved, entry.decimals)
        if told_of := count.rose + count.fell + count.same:
            names = t.moved.set_index("area_code")
            said = w("trend.tally", n=told_of, level=w(f"level.{t.level}"), rose=count.rose, fell=count.fell, same=count.same,
                untold=count.untold,
            )  # fmt: skip
            for key, code in (("most_rise", count.largest_rise), ("most_fall", count.largest_fall)):
                if code is not None:
                    row = names.loc[code]
                    gap = gap_text(row["absolute"], entry, w)
                    said += " " + w(f"trend.{key}", name=_name(row, c), gap=gap)
            if t.moved["rank_first"].isna().all():
                said += " " + w("trend.partial", n=told_of)
            out.append(said)
    return out


def headline_panel(c: Context, t: Trend) -> None:
    """The trend in words, and what stands against it."""
    w = c.words
    first, *rest = headline(c, t)
    with st.container(border=True, key="trend_headline"):
        st.markdown(f"#### {escape_markdown(first)}")
        for line in rest:
            st.markdown(escape_markdown(line))
    if t.pair is not None and (against := pair_verdict(t)).against:
        st.warning(w("trend.guard", reasons=escape_markdown(reasons(against, w))), icon=":material/balance:")
    if t.indicator.theme == "neet":
        st.info(w("trend.sample"), icon=":material/info:")


def _name(row: pd.Series, c: Context) -> str:
    return display_name(str(row["name_th"]), str(row["name_en"]), str(row["kind"]), c.words)


def _value(row: pd.Series, entry: Indicator, c: Context) -> str:
    if bool(row["suppressed"]):
        return withheld_text(entry.unit, c.warehouse.minimum)
    if pd.isna(row["value"]):
        return c.words("figures.no_data")
    return value_text(float(row["value"]), entry, language=c.words.language)


def lines_panel(c: Context, t: Trend) -> None:
    """The area's years as a line that ends where the definition does, and the same as a table."""
    w, entry = c.words, t.indicator
    st.subheader(w("trend.heading_lines", area=escape_markdown(c.name(c.area))), anchor=False)
    known = letters(t, w.language)
    series = [(c.name(c.area), t.runs)]
    series += [(c.name(area), runs(frame, entry.id)) for area, frame in t.above]
    series = [(name, its) for name, its in series if its]
    if not series:
        st.info(w("compare.no_value"), icon=":material/info:")
        return
    unit = w.pick(entry.unit_th, entry.unit_en)
    years = sorted({year for _, its in series for run in its for year in run.years})
    in_year = {
        year: known.get(run.version, "") for _, its in series[::-1] for run in its for year in run.years
    }
    texts = tuple(year_text(y, w.language) + (f"<br>({in_year[y]})" if in_year[y] else "") for y in years)
    figure = year_lines(
        tuple((name, tuple((run.years, run.values) for run in its)) for name, its in series),
        (tuple(years), texts),
        unit,
        entry.decimals,
        c.theme,
    )
    st.plotly_chart(
        figure,
        key=f"trend_lines_{c.area.code}",
        theme=None,
        config={"displayModeBar": False},
        alt=w("trend.lines_alt", indicator=w.pick(entry.name_th, entry.name_en), area=c.name(c.area)),
    )
    if known:
        st.caption(w("trend.lines_note"))
    years_table(c, t, known)


def years_table(c: Context, t: Trend, known: dict[str, str]) -> None:
    """Every year of the area: number, definition, change since the year before it of the same version."""
    w, entry = c.words, t.indicator
    rows = with_versions(t.own, entry.id).sort_values("year")
    if rows.empty:
        st.caption(w("trend.no_own", area=escape_markdown(c.name(c.area))))
        return
    before: dict[str, tuple[int, float]] = {}
    lines = []
    for row in rows.to_dict("records"):
        version = row["version"] if isinstance(row["version"], str) else None
        change = "–"
        if version is not None and pd.notna(row["value"]):
            if version in before:
                year, value = before[version]
                amount = float(row["value"]) - value
                sign = "" if round(amount, entry.decimals) == 0 else "+" if amount > 0 else "−"
                change = sign + w(
                    "trend.since", gap=gap_text(amount, entry, w), year=year_text(year, w.language)
                )
            elif before:
                change = w("years.not_comparable")
            before[version] = (int(row["year"]), float(row["value"]))
        letter = [known[version]] if version in known else []
        lines.append([year_label(int(row["year"]), w), _value(pd.Series(row), entry, c), *letter, change])
    headings = [
        w("years.column_year"), w.pick(entry.short_th, entry.short_en), *([w("trend.column_letter")] if known else []),
        w("trend.column_change"),
    ]  # fmt: skip
    lines = [[*line[:2], *(["–"] if known and len(line) == 3 else []), *line[2:]] for line in lines]
    st.markdown(markdown_table(headings, lines))


def definitions_panel(c: Context, t: Trend) -> None:
    """What each year counts, and who says so."""
    w = c.words
    known = letters(t, w.language)
    titles = data.source_titles(c.warehouse.snapshot)
    frames = [t.own, t.inside, *(frame for _, frame in t.above)]
    whole = with_versions(pd.concat(frames, ignore_index=True), t.indicator.id).dropna(subset=["version"])
    for version, rows in whole.sort_values("year").groupby("version", sort=False):
        years = ", ".join(year_label(int(y), w) for y in sorted(rows["year"].unique()))
        sources = "; ".join(dict.fromkeys(w.pick(*titles[str(s)]) for s in rows["source_id"]))
        text = definition_text(str(rows["definition"].iloc[0]), w)
        letter = w("trend.letter", letter=known[str(version)]) + " · " if version in known else ""
        made_up = f" · {w('compare.made_up')}" if rows["made_up"].any() else ""
        line = w("trend.definition", years=years, text=text, source=sources)
        st.caption(escape_markdown(f"{letter}{line}{made_up}"))
    st.caption(escape_markdown(w("compare.snapshot", snapshot=c.warehouse.snapshot[:11])))


def slopes_panel(c: Context, t: Trend) -> None:
    """Two years of the areas listed; a line only where their numbers compare."""
    w, entry = c.words, t.indicator
    where = c.name(c.warehouse.area(t.within))
    st.subheader(
        w("trend.heading_slopes", level=w(f"level.{t.level}"), area=escape_markdown(where)), anchor=False
    )
    if t.pair is None or not len(t.moved) or not t.moved[["first", "second"]].notna().to_numpy().any():
        st.info(w("trend.no_pair", level=w(f"level.{t.level}")), icon=":material/info:")
        return
    groups = tuple(_groups(c, t))
    key = f"trend_slopes_{t.within}_{t.level}"
    years = [year_label(year, w) for year in t.pair]
    st.plotly_chart(
        slopes(
            groups,
            tuple(_names(c, t)),
            (years[0], years[1]),
            w.pick(entry.unit_th, entry.unit_en),
            entry.decimals,
            c.theme,
        ),
        key=key,
        theme=None,
        config={"displayModeBar": False},
        on_select=dot_opens(key),
        selection_mode="points",
        alt=w(
            "trend.slopes_alt",
            indicator=w.pick(entry.name_th, entry.name_en),
            area=where,
            first=years[0],
            second=years[1],
        ),
    )
    st.caption(w("trend.slopes_note"))


def _groups(c: Context, t: Trend) -> Iterator[Slopes]:
    """Areas by where they moved, those that rose first."""
    w, entry = c.words, t.indicator
    rounded = t.moved["absolute"].round(entry.decimals)
    both = t.moved["status"] == "both"
    meanings = {"high": ("worse", "better"), "low": ("better", "worse"), "none": ("up", "down")}
    rise, fall = meanings[entry.worse]
    for name, kind, rows in (
        (f"rose_{rise}", rise, t.moved[both & (rounded > 0)]),
        (f"fell_{fall}", fall, t.moved[both & (rounded < 0)]),
        ("stayed", "same", t.moved[both & (rounded == 0)]),
        ("dots", "apart", t.moved[t.moved["status"].isin(("apart", "appeared", "vanished", "hidden"))]),
    ):
        rows = rows[rows[["first", "second"]].notna().any(axis=1)]
        if len(rows):
            yield Slopes(
                w(f"trend.{name}", n=len(rows)),
                kind,
                tuple(rows["area_code"]),
                tuple(_name(row, c) for _, row in rows.iterrows()),
                *(
                    tuple(None if pd.isna(v) else float(v) for v in rows[name])
                    for name in ("first", "second")
                ),
            )


def _names(c: Context, t: Trend) -> Iterator[tuple[str, float, bool]]:
    """Names at the right of the areas that moved most, and of the area looked at; those that would cover one another left out."""
    values = t.moved[["first", "second"]].to_numpy(dtype=float)
    span = float(pd.Series(values.ravel()).max() or 1.0) or 1.0
    both = t.moved[t.moved["status"] == "both"].sort_values(["absolute", "area_code"])
    wanted = pd.concat(
        [t.moved[t.moved["area_code"] == c.area.code], both.tail(NAMED)[::-1], both.head(NAMED)]
    )
    taken: list[float] = []
    for _, row in wanted.drop_duplicates("area_code").iterrows():
        value = float(row["second"])
        if value == value and all(abs(value - other) > 0.045 * span for other in taken):
            taken.append(value)
            yield _name(row, c), value, True


def moves_panel(c: Context, t: Trend) -> None:
    """Values, changes and ranks of two years, one row an area; a row chosen opens it."""
    w, entry = c.words, t.indicator
    if t.pair is None or not len(t.moved):
        return
    st.subheader(w("trend.heading_moves", level=w(f"level.{t.level}")), anchor=False)
    # The change that is worst first; of areas without one, the highest number.
    rows = t.moved.assign(_place=t.moved["absolute"] * (-1 if entry.worse == "low" else 1))
    rows = rows.sort_values(
        ["_place", "second", "area_code"], ascending=[False, False, True], na_position="last"
    )
    shown = rows.head(rows_shown(len(rows)))
    first, second = (year_label(year, w) for year in t.pair)
    told = bool((rows["status"] == "both").any())
    ranked = bool(rows["places"].notna().any())
    table = pd.DataFrame({"name": [_name(row, c) for _, row in shown.iterrows()]})
    for column in ("first", "second"):
        table[column] = shown[column].round(entry.decimals).to_numpy()
    if told:
        table["absolute"] = shown["absolute"].round(entry.decimals).to_numpy()
        table["relative"] = shown["relative"].round(1).to_numpy()
    if ranked:
        table["rank_first"] = shown["rank_first"].astype("Int64").to_numpy()
        table["rank_second"] = shown["rank_second"].astype("Int64").to_numpy()
        table["places"] = [_places(p) for p in shown["places"]]
    notes = [_note(row, c) for _, row in shown.iterrows()]
    if any(notes):
        table["note"] = notes
    form = "localized" if entry.decimals == 0 else f"%.{entry.decimals}f"
    change = w("trend.column_points") if entry.unit == "percent" else w("trend.column_absolute")
    config = {
        "name": st.column_config.TextColumn(w("ranking.name"), width=150),
        "first": st.column_config.NumberColumn(first, format=form),
        "second": st.column_config.NumberColumn(second, format=form),
        "absolute": st.column_config.NumberColumn(change, format=form),
        "relative": st.column_config.NumberColumn(w("trend.column_relative"), format="%.1f"),
        "rank_first": st.column_config.NumberColumn(w("trend.column_rank", year=first)),
        "rank_second": st.column_config.NumberColumn(w("trend.column_rank", year=second)),
        "places": st.column_config.TextColumn(w("trend.column_places")),
        "note": st.column_config.TextColumn(w("ranking.note")),
    }
    key = f"trend_moves_{t.within}_{t.level}"
    st.dataframe(
        pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None),
        key=key,
        hide_index=True,
        placeholder="–",
        column_config={name: config[name] for name in table.columns},
        height=min(38 + 35 * len(table), 480),
        on_select=row_opens(key, shown["area_code"]),
        selection_mode="single-row",
        alt=w("trend.moves_alt", indicator=w.pick(entry.name_th, entry.name_en), first=first, second=second),
    )
    line = [w("ranking.select")]
    if len(rows) > len(shown):
        line.insert(0, w("ranking.shown", n=len(shown), all=f"{len(rows):,}"))
    st.caption(" · ".join(line))
    if ranked:
        end = "low" if entry.worse == "low" else "high"
        st.caption(w(f"trend.rank_note_{end}", n=int(rows["rank_first"].notna().sum())))
    elif told:
        st.caption(w("trend.no_ranks"))


def _places(places: float) -> str:
    if pd.isna(places):
        return ""
    return "=" if places == 0 else f"{'↑' if places > 0 else '↓'} {abs(int(places))}"


def _note(row: pd.Series, c: Context) -> str:
    """Why nothing is told of an area, and that it is a municipality."""
    parts = [c.words("ranking.municipal")] if row["kind"] == "municipal" else []
    if row["status"] != "both":
        parts.append(c.words(f"trend.status_{row['status']}"))
    return ", ".join(parts)


def _readings(t: Trend) -> pd.DataFrame:
    """Everything the screen rests on, each area and year once."""
    found = pd.concat([t.own, *(frame for _, frame in t.above), t.inside], ignore_index=True)
    return found.drop_duplicates(["area_code", "year"])


def reading_rows(c: Context, t: Trend) -> Iterator[list[object]]:
    """One row an area and year, in the order of `COLUMNS`."""
    titles = data.source_titles(c.warehouse.snapshot)
    for row in with_versions(_readings(t), t.indicator.id).to_dict("records"):
        known = isinstance(row["source_id"], str)
        yield [
            row["area_code"], row["name_th"], row["name_en"], row["level"], t.indicator.id, row["value"],
            row["numerator"], row["denominator"], row["unit"], row["year"], row["year"] + BUDDHIST_ERA,
            row["definition"], c.words.pick(*titles[row["source_id"]]) if known else None,
            str(bool(row["suppressed"])).lower(), str(bool(row["made_up"])).lower() if known else None, row["version"],
        ]  # fmt: skip


def workbook_sheets(c: Context, t: Trend, notes: Sequence[str]) -> list[Sheet]:
    """Sheets ``data``, ``changes`` where two years are shown, ``dictionary`` and ``sources``."""
    readings = _readings(t)
    used = readings["definition"].dropna().astype(str)
    meaning = dictionary_rows(COLUMNS, "trend.export.{name}", (t.indicator,), used)
    widths = (11, 24, 24, 12, 24, 12, 12, 12, 12, 8, 8, 24, 44, 11, 10, 30)
    sheets = [Sheet("data", COLUMNS, list(reading_rows(c, t)), widths)]
    if t.pair is not None and len(t.moved):
        moved = t.moved.assign(first_year=t.pair[0], second_year=t.pair[1])[list(MOVE_COLUMNS)]
        body = moved.astype(object).where(moved.notna(), None).to_numpy().tolist()
        sheets.append(Sheet("changes", MOVE_COLUMNS, body, (11, 24, 24)))
        meaning += dictionary_rows(MOVE_COLUMNS[3:], "trend.export.{name}", (), ())
    facts = [c.warehouse.source(str(s)) for s in sorted(readings["source_id"].dropna().unique())]
    return [
        *sheets,
        Sheet("dictionary", ("column", "ไทย", "English"), meaning, (26, 70, 70)),
        Sheet("sources", ("key", "value"), source_rows(facts, notes), (16, 110)),
    ]


def downloads(c: Context, t: Trend) -> None:
    """All readings as CSV; with the changes, the dictionary and the sources as a workbook."""
    w = c.words
    notes = [*synthetic_lines(c), w("years.guard"), w("compare.snapshot", snapshot=c.warehouse.snapshot)]

    def csv_file() -> bytes:
        return export.csv_bytes(COLUMNS, reading_rows(c, t), notes)

    def workbook() -> bytes:
        return export.xlsx_bytes(workbook_sheets(c, t, notes), w("page.trend.title"))

    download_buttons(c, ("trend", t.indicator.id, c.area.code), csv_file, workbook, key="trend")
