"""The blocks of the overlay page: sets, layers with their legends, the map, the link and the printed sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from analytics.catalogue import by_theme, indicator, load_catalogue, themes
from analytics.services import load_services
from geo.codes import COUNTRY
from geo.exchange import FeatureTable
from ui import data, export, overlay_state
from ui.downloads import Features, download_buttons, download_place
from ui.features import point_table, scene_table
from ui.frame import Context, go
from ui.identify import COLUMNS, identify_notes, identify_rows, identify_workbook, layer_facts
from ui.map import MAP_HEIGHT, AreaLayer, deck
from ui.markdown import escape_markdown
from ui.opening import map_opens
from ui.outlines import outline_note
from ui.overlay_legend import legend_html, legend_sheet
from ui.overlay_scene import NEET, Shown, can_show, clustered, measure_name, on_paper, points_within
from ui.overlay_state import (
    OUTLINES,
    PLACES,
    POINTS,
    READY_MADE,
    Layer,
    Layers,
    clean_title,
    ready_made,
    to_text,
)
from ui.pair_panels import pair_table
from ui.print_panels import PaperMap, definition_lines
from ui.scene import plan_of
from ui.tables import year_label

SETTINGS = "overlay_settings"


def change(c: Context, layers: Layers, *, keep_title: bool = True) -> None:
    """Write a set into the address; for callbacks."""
    go(layers=to_text(layers), title=c.view.title if keep_title else "")


# ------------------------------------------------------------------------------------------------------------
# Sets


def set_controls(c: Context, layers: Layers) -> None:
    """Ready-made sets, the name of this one, and what may be laid on."""
    w = c.words
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="overlay_sets"):
        names = [one.key for one in READY_MADE]
        st.session_state["w_ready"] = ready_made(layers)

        def open_set() -> None:
            chosen = next((s for s in READY_MADE if s.key == st.session_state["w_ready"]), None)
            if chosen is not None:
                change(c, chosen.layers, keep_title=False)

        st.selectbox(
            w("overlay.sets"), names, index=None, key="w_ready", format_func=lambda k: w(f"overlay.set_{k}"),
            placeholder=w("overlay.own_set"), on_change=open_set, width=300,
        )  # fmt: skip
        offered = missing_layers(layers)
        st.session_state["w_add"] = None

        def lay_on() -> None:
            found = next((x for x in offered if x.key == st.session_state["w_add"]), None)
            if found is not None:
                change(c, overlay_state.added(layers, found))

        st.selectbox(
            w("overlay.add"), [x.key for x in offered], index=None, key="w_add", on_change=lay_on, width=260,
            placeholder=w("overlay.add_hint"), format_func=lambda key: kind_name(c, next(x for x in offered if x.key == key)),
        )  # fmt: skip
        st.session_state["w_title"] = c.view.title
        st.text_input(
            w("overlay.title"), key="w_title", max_chars=overlay_state.LONGEST_TITLE, width=260,
            placeholder=w("overlay.title_hint"), on_change=lambda: go(title=clean_title(st.session_state["w_title"])),
        )  # fmt: skip


def missing_layers(layers: Layers) -> list[Layer]:
    """Layers a set does not have yet, each as it is laid on."""
    every = [
        Layer("areas"),
        Layer("light", opacity=85),
        *(Layer("place", place=kind) for kind in PLACES),
        Layer("village"),
        *(Layer("outline", level=level) for level in OUTLINES),
    ]
    have = {layer.key for layer in layers}
    return [layer for layer in every if layer.key not in have]


def kind_name(c: Context, layer: Layer) -> str:
    """What a layer is, without its numbers."""
    w = c.words
    if layer.kind == "place":
        kind = load_services().kinds[layer.place]
        return w.pick(kind.name_th, kind.name_en)
    if layer.kind == "outline":
        return w("overlay.kind_outline", level=w(f"level.{layer.level}"))
    return w(f"overlay.kind_{layer.kind}")


# ------------------------------------------------------------------------------------------------------------
# The list of layers


def layer_list(c: Context, shown: list[Shown], layers: Layers) -> None:
    """Every layer with its switch, order, settings and legend, the uppermost first."""
    w = c.words
    if not shown:
        st.info(w("overlay.empty"), icon=":material/layers_clear:")
        return
    st.html(legend_sheet(c.theme))
    for place, one in reversed(list(enumerate(shown))):
        layer = one.layer
        with st.container(border=True, gap="xsmall", key=f"overlay_{layer.key}"):
            st.session_state[f"w_on_{layer.key}"] = layer.on
            st.checkbox(
                escape_markdown(one.title),
                key=f"w_on_{layer.key}",
                on_change=_switch,
                args=(c, layers, layer.key),
            )
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _button(c, layers, layer.key, "up", place == len(shown) - 1)
                _button(c, layers, layer.key, "down", place == 0)
                # What stands in a closed box is not sent.
                box = st.popover(
                    w("overlay.settings"), icon=":material/tune:", type="tertiary", on_change="rerun",
                    key=f"overlay_set_{layer.key}",
                )  # fmt: skip
                if box.open:
                    with box:
                        _settings(c, one, layers)
            if one.fault:
                cure = " · " + w("overlay.bring_in", command=one.cure) if one.cure else ""
                st.caption(f":material/info: {escape_markdown(one.fault + cure)}")
            elif layer.on:
                st.html(legend_html(one.legend))


def _switch(c: Context, layers: Layers, key: str) -> None:
    change(c, overlay_state.changed(layers, key, on=st.session_state[f"w_on_{key}"]))


def _button(c: Context, layers: Layers, key: str, what: str, disabled: bool) -> None:
    """One place up or down."""
    step = 1 if what == "up" else -1
    st.button(
        c.words(f"overlay.{what}"), icon=f":material/arrow_{what}ward:", type="tertiary", disabled=disabled,
        key=f"overlay_{what}_{key}", on_click=lambda: change(c, overlay_state.moved(layers, key, step)),
    )  # fmt: skip


def _settings(c: Context, one: Shown, layers: Layers) -> None:
    """Everything of one layer that can be chosen, and the way to be rid of it."""
    w, layer = c.words, one.layer

    def pick(field: str, label: str, options: list, value: object, text: Callable, **extra: object) -> None:
        key = f"w_{field}_{layer.key}"
        st.session_state[key] = value if value in options else None
        st.selectbox(
            label, options, index=None, key=key, format_func=text, placeholder="–",
            on_change=lambda: change(
                c, overlay_state.changed(layers, layer.key, **{field: st.session_state[key] or _EMPTY[field]}, **extra)
            ),
        )  # fmt: skip

    def year_text(year: int) -> str:
        return year_label(year, w)

    if layer.kind == "areas":
        _indicator_picker(c, one, layers, "indicator", pick)
        _indicator_picker(c, one, layers, "second", pick)
    if len(one.sources) > 1:
        titles = data.source_titles(c.warehouse.snapshot)
        pick(
            "source",
            w("overlay.product"),
            list(one.sources),
            layer.source,
            lambda s: w.pick(*titles[s]),
            year=None,
        )
    if one.measures and one.survey is not None:
        survey = one.survey
        pick(
            "measure",
            w("overlay.measure"),
            list(one.measures),
            layer.measure,
            lambda m: measure_name(c, survey, m),
        )
    if len(one.rounds) > 1:
        _round_picker(c, one, layers)
    if one.years:
        pick("year", w("year.label"), list(one.years), layer.year, year_text)
    if one.second_years:
        pick("second_year", w("overlay.second_year"), list(one.second_years), layer.second_year, year_text)
    if layer.kind in POINTS and points_within(c) == COUNTRY:
        key = f"w_every_{layer.key}"
        st.session_state[key] = layer.every
        st.toggle(
            w("overlay.every"), key=key, help=w("overlay.every_help"),
            on_change=lambda: change(c, overlay_state.changed(layers, layer.key, every=st.session_state[key])),
        )  # fmt: skip
    if not (layer.kind in POINTS and clustered(c, layer)):
        key = f"w_opacity_{layer.key}"
        st.session_state[key] = layer.opacity
        st.slider(
            w("overlay.opacity"), 0, 100, step=5, format="%d%%", key=key,
            on_change=lambda: change(c, overlay_state.changed(layers, layer.key, opacity=st.session_state[key])),
        )  # fmt: skip
    st.button(
        w("overlay.remove"), icon=":material/delete:", key=f"overlay_remove_{layer.key}",
        on_click=lambda: change(c, overlay_state.removed(layers, layer.key)),
    )  # fmt: skip


def _round_picker(c: Context, one: Shown, layers: Layers) -> None:
    """The survey of villages: a specification and a year, which only together name one."""
    w, layer = c.words, one.layer
    rounds = {r.key: r for r in one.rounds}
    key = f"w_round_{layer.key}"
    st.session_state[key] = one.survey.key if one.survey is not None else None

    def open_round() -> None:
        found = rounds[st.session_state[key]]
        change(c, overlay_state.changed(layers, layer.key, source=found.spec.id, year=found.year))

    st.selectbox(
        w("villages.round"), list(rounds), key=key, on_change=open_round,
        format_func=lambda k: f"{year_label(rounds[k].year, w)} · {w.pick(rounds[k].spec.name_th, rounds[k].spec.name_en)}",
    )  # fmt: skip


_EMPTY: dict[str, object] = {
    "indicator": "",
    "second": "",
    "source": "",
    "measure": "",
    "year": None,
    "second_year": None,
}


def _indicator_picker(c: Context, one: Shown, layers: Layers, field: str, pick: Callable[..., None]) -> None:
    """Theme and indicator; of the second one "none" too, by clearing the box."""
    w = c.words
    have = set(c.warehouse.indicators_with_data())
    # The second one is never the first one again; NEET stands alone, since its sources never mix.
    out = () if field == "indicator" else (NEET, one.layer.indicator)
    offered = {
        theme: found
        for theme in themes()
        if (found := [i.id for i in by_theme(theme) if i.id in have and i.id not in out and can_show(i.id)])
    }
    current = getattr(one.layer, field)
    key = f"w_theme_{field}"
    # The theme is not in the address: it follows the indicator, and until one is chosen the box it was chosen in.
    chosen = load_catalogue()[current].theme if current else st.session_state.get(key)
    st.session_state[key] = chosen if chosen in offered else None

    def open_theme() -> None:
        first = next(iter(offered.get(st.session_state[key] or "", ())), "")
        change(c, overlay_state.changed(layers, "areas", **{field: first}, **_years_of(field)))

    with st.container(horizontal=True, gap="xsmall"):
        st.selectbox(
            w(f"overlay.theme_{field}"), list(offered), index=None, key=key, format_func=lambda t: w(f"theme.{t}"),
            placeholder=w("overlay.no_second"), on_change=open_theme,
        )  # fmt: skip
        names = offered.get(chosen or "", [])
        if current or names:
            pick(
                field, w(f"overlay.{field}"), names, current,
                lambda i: w.pick(indicator(i).name_th, indicator(i).name_en), **_years_of(field),
            )  # fmt: skip


def _years_of(field: str) -> dict[str, None]:
    return {"year": None, "source": ""} if field == "indicator" else {"second_year": None}  # type: ignore[dict-item]


# ------------------------------------------------------------------------------------------------------------
# The map


def map_panel(c: Context, shown: list[Shown]) -> None:
    """All layers that are on, in their order."""
    w, p = c.words, plan_of(c)
    if p.missing_level is not None:
        st.info(w("map.no_polygons", level=w(f"level.{p.missing_level}")), icon=":material/info:")
    bbox = c.warehouse.bounds(p.fits)
    outline = c.warehouse.outline_url(p.draw_level, p.draw_parent) if p.draw_level and p.draw_parent else None
    if outline is None or bbox is None:
        st.info(w("map.no_map", level=w(f"level.{p.level}"), year=""), icon=":material/map:")
        return
    drawn = [one for one in shown if one.drawn]
    base = next((i for i, one in enumerate(drawn) if one.areas is not None), None)
    crowded = (p.draw_level, p.draw_parent) == ("subdistrict", COUNTRY)
    light = any(one.layer.kind == "light" for one in drawn)
    night = light and base is None
    name = "<b>{name_th}</b>" if w.language == "th" else "<b>{name_en}</b>"
    if base is None:
        # The pointer has to find areas also where nothing colours them.
        area = AreaLayer(outline, "code", (), (), focus=p.focus, crowded=crowded, filled=False)
        tip, opacity = name, 1.0
    else:
        area, tip, opacity = drawn[base].areas, drawn[base].tip, drawn[base].layer.opacity / 100
    charts = [(i, one.chart(night)) for i, one in enumerate(drawn) if one.chart is not None]
    key = f"overlay_map_{c.area.code}_{p.draw_level}"
    outline_note(c, p.draw_level, *(one.layer.level for one in drawn), *(one.layer.kind for one in drawn))

    st.pydeck_chart(
        deck(
            area, bbox, c.theme, tip, night=night, opacity=opacity, mark=c.view.mark,
            under=[chart for i, chart in charts if base is not None and i < base],
            over=[chart for i, chart in charts if base is None or i > base],
            over_tooltip=_point_tip(c, drawn),
        ),
        key=key,
        height=MAP_HEIGHT,
        on_select=map_opens(key),
        selection_mode="single-object",
        alt=w("overlay.alt", area=c.name(c.area), layers="; ".join(one.title for one in reversed(drawn)) or "–"),
    )  # fmt: skip


def _point_tip(c: Context, drawn: list[Shown]) -> str | None:
    """Template of the points' tooltip: of a bubble, whose name is its number, the words alone."""
    gathered = {clustered(c, one.layer) for one in drawn if one.layer.kind in POINTS}
    if not gathered:
        return None
    words = c.words.pick("{t_th}", "{t_en}")
    if gathered == {True}:
        return f"<b>{words}</b>"
    if gathered == {False}:
        return f"<b>{{n}}</b><br>{words}"
    # Both at once: only bubbles have an ``s``, and where it is lacking its place is left as it stands.
    hide = "<style>[data-s]:not([data-s^='\\7b']){display:none}</style>"
    return f"{hide}<b data-s='{{s}}'>{{n}}<br></b>{words}"


# ------------------------------------------------------------------------------------------------------------
# What is taken away


def downloads(c: Context, shown: list[Shown], layers: Layers) -> None:
    """What is known of the area, every layer with areas or points, the sheet of paper, and the link that carries the set."""
    if download_place() is None:
        return
    facts = layer_facts(c, shown)
    notes = identify_notes(c)
    download_buttons(
        c,
        ("overlay", c.area.code),
        lambda: export.csv_bytes(COLUMNS, identify_rows(c, facts), notes),
        lambda: identify_workbook(c, facts, notes),
        key="overlay",
        notes=lambda: [*notes, *(line for one in shown if one.drawn for line in one.legend.notes)],
        features=[Features(one.title, maker) for one in shown if one.drawn and (maker := _maker(c, one))],
        paper=lambda: overlay_paper(c, layers),
        view=replace(c.view, layers=to_text(layers)),
    )


def _maker(c: Context, one: Shown) -> Callable[[], FeatureTable] | None:
    """What makes the layer for other programs; None for pictures and bare outlines."""
    name = one.layer.key
    if one.pair is not None:
        return lambda: pair_table(c, one.pair)
    if one.scene is not None:
        return lambda: scene_table(c, one.scene)
    if one.layer.kind not in POINTS:
        return None

    def points() -> FeatureTable:
        snapshot, within = c.warehouse.snapshot, points_within(c)
        village = one.layer.kind == "village"
        found = data.villages(snapshot, within) if village else data.places(snapshot, one.layer.place, within)
        columns = [column for column in found.columns if column not in ("longitude", "latitude")]
        titles = data.source_titles(snapshot)
        named = found.assign(source=[c.words.pick(*titles[s]) for s in found["source_id"]])
        return point_table(
            name,
            one.title,
            [*columns, "source"],
            named[[*columns, "source"]].to_numpy(dtype=object).tolist(),
            found,
        )

    return points


def overlay_paper(c: Context, layers: Layers) -> PaperMap:
    """The set as it is printed."""
    w, p = c.words, plan_of(c)
    shown, drawn = on_paper(c, layers)
    on = [one for one in reversed(shown) if one.drawn]
    return PaperMap(
        title=c.view.title or w("page.overlay.title"),
        legends=[one.legend for one in on],
        drawn=drawn,
        fits=p.fits,
        level=p.draw_level,
        alt=w("overlay.alt", area=c.name(c.area), layers="; ".join(one.title for one in on) or "–"),
        made_up=any(one.made_up for one in on),
        outlined=[*(one.layer.level for one in on), *(one.layer.kind for one in on)],
        footer=[
            *(
                w("overlay.not_drawn", layer=one.title, why=one.fault)
                for one in shown
                if one.layer.on and one.fault
            ),
            *dict.fromkeys(
                line for one in on if one.scene is not None for line in definition_lines(c, one.scene.drawn)
            ),
        ],
    )
