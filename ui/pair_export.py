"""What a pair of poverty and light is downloaded as: one row an area, the statistics with their seeds, and the caveats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analytics.association import Correlation, Line, NoResult
from analytics.catalogue import load_catalogue
from analytics.clusters import ALPHA, KINDS, LocalClusters, Moran
from geo.nightlight import Product, products
from ui.export import Sheet
from ui.texts import Words, texts
from ui.workbook import source_rows
from warehouse.pairing import Pair

COLUMNS = (
    "area_code", "name_th", "name_en", "poverty", "poverty_indicator", "poverty_year", "light", "light_indicator",
    "light_year", "light_source", "light_modelled", "left_out", "residual", "residual_in_scale",
    "cluster_poverty", "p_poverty", "q_poverty", "cluster_light", "p_light", "q_light", "cluster_both", "p_both", "q_both",
)  # fmt: skip
CAVEATS = ("cause", "light", "area", "neighbours", "survey", "change")
_CLUSTERED = {"y": "poverty", "x": "light", "both": "both"}


def variables(found: Pair) -> tuple[str, ...]:
    """What patterns and clusters are sought in: of light that is made up, none."""
    return ("y",) if found.made_up else ("y", "x", "both", "residual")


def rows(found: Pair) -> Iterator[list[object]]:
    """One row an area in the order of `COLUMNS`; nothing hidden, and no verdict that rests on made-up light."""
    q, judged = found.question, not found.made_up
    local = {of: found.clusters(of) if of in variables(found) else None for of in _CLUSTERED}
    for i, row in enumerate(found.frame.itertuples()):
        line: list[object] = [
            row.code, row.name_th, row.name_en, row.y, q.y, q.y_year, row.x, q.x, q.x_year,
            "; ".join(found.sources), str(found.made_up).lower(), row.reason,
            found.association.residual[i] if judged else None,
            found.association.deviation[i] if judged else None,
        ]  # fmt: skip
        for clusters in local.values():
            if isinstance(clusters, LocalClusters):
                line += [KINDS[clusters.kind[i]], clusters.p[i], clusters.q[i]]
            else:
                line += [None, None, None]
        yield line


def statistics(found: Pair) -> list[tuple[str, str, object]]:
    """Every statistic as ``(of, name, value)``, with the numbers of areas, permutations and seeds it rests on.

    Of made-up light no interval and no line, as on the screen.
    """
    a = found.association
    out: list[tuple[str, str, object]] = [("areas", "compared", a.n)]
    out += [("areas", f"left_out_{reason}", n) for reason, n in found.left_out.items()]
    out += [
        ("light", "modelled", str(found.made_up).lower()),
        ("light", "logarithm", str(a.logarithm).lower()),
    ]
    out += [("light", "floor", a.floor), ("light", "below_zero", a.below_zero)]
    for name, part in (("pearson", a.pearson), ("spearman", a.spearman)):
        if isinstance(part, Correlation):
            keys = ("r", "n") if found.made_up else ("r", "low", "high", "n")
            out += [(name, key, getattr(part, key)) for key in keys]
        else:
            out.append((name, "none", part.reason))
    if found.made_up:
        out.append(("siegel", "none", "made_up"))
    elif isinstance(a.line, Line):
        out += [("siegel", key, getattr(a.line, key)) for key in ("slope", "intercept", "scale", "n")]
    else:
        out.append(("siegel", "none", a.line.reason))
    for of in variables(found):
        name = f"moran_{_CLUSTERED.get(of, of)}"
        whole = found.moran(of)
        if isinstance(whole, Moran):
            keys = ("i", "expected", "p", "n", "islands", "permutations", "seed")
            out += [(name, key, getattr(whole, key)) for key in keys]
        else:
            out.append((name, "none", whole.reason if isinstance(whole, NoResult) else "no_boundaries"))
        local = found.clusters(of)
        if isinstance(local, LocalClusters):
            name = f"clusters_{_CLUSTERED.get(of, of)}"
            out += [(name, kind, n) for kind, n in zip(KINDS, local.counts, strict=True)]
            out += [(name, "permutations", local.permutations), (name, "seed", local.seed)]
            out.append((name, "false_discovery_rate", ALPHA))
    return out


def sheets(found: Pair, sources: Sequence[Mapping[str, object]], notes: Sequence[str]) -> list[Sheet]:
    """Sheets ``data``, ``statistics``, ``dictionary`` and ``sources``; the caveats stand under the sources."""
    th, en = texts("th"), texts("en")
    words = [(name, th[f"pair.export.{name}"], en[f"pair.export.{name}"]) for name in COLUMNS]
    for name in (found.question.y, found.question.x):
        entry = load_catalogue()[name]
        for part in ("name", "unit", "description", "method"):
            words.append((f"{name}: {part}", getattr(entry, f"{part}_th"), getattr(entry, f"{part}_en")))
    return [
        Sheet("data", COLUMNS, list(rows(found)), (11, 24, 24, 10, 22, 10, 12, 20, 10, 30, 10, 12)),
        Sheet("statistics", ("of", "statistic", "value"), statistics(found), (22, 24, 24)),
        Sheet("dictionary", ("column", "ไทย", "English"), words, (26, 70, 70)),
        Sheet("sources", ("key", "value"), source_rows(sources, notes), (16, 110)),
    ]


def caveats(found: Pair, w: Words) -> list[str]:
    """How not to misread the pair, the worst misreading first."""
    out = [w("pair.made_up")] if found.made_up else []
    return out + [
        w(f"pair.caveat_{name}")
        for name in CAVEATS
        if name != "survey" or found.question.level == "subdistrict"
    ]


def product_of(source: str | None) -> Product | None:
    """The light product behind a source; None for sources of anything else."""
    return next((p for p in products().values() if p.source_id == source), None)


def product_caveats(found: Pair, w: Words) -> list[str]:
    """What the registry says must be known of the light products used."""
    used = [product for source in found.sources if (product := product_of(source)) is not None]
    return [line for product in used for line in product.caveats(w.language)]


def note_lines(found: Pair, w: Words) -> list[str]:
    """The caveats, and the statistics in one line each, for the foot of a CSV file."""
    out = [*caveats(found, w), *product_caveats(found, w)]
    for of, name, value in statistics(found):
        shown = f"{value:.6g}" if isinstance(value, float) else value
        out.append(f"{of} {name}: {shown}")
    return out
