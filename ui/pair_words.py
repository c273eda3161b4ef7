"""What the statistics of a pair say, in plain sentences of the screen's language."""

from __future__ import annotations

from analytics.association import CONFIDENCE, Association, Correlation, Line, NoResult
from analytics.clusters import Moran
from analytics.formatting import number
from ui.texts import Words

# Cohen (1988) for the social sciences; a convention, named as such on the screen.
STRENGTHS = ((0.1, "none"), (0.3, "weak"), (0.5, "moderate"), (1.01, "strong"))


def coefficient(value: float) -> str:
    """A coefficient with its sign, a true minus and two decimals.

    >>> coefficient(-0.634), coefficient(0.2), coefficient(-0.001)
    ('−0.63', '0.20', '0.00')
    """
    return number(value, 2).replace("-", "−")


def strength(r: float) -> str:
    """Key of the word for a coefficient's size.

    >>> strength(-0.62), strength(0.05)
    ('strong', 'none')
    """
    return next(word for bound, word in STRENGTHS if abs(r) < bound)


def why_not(nothing: NoResult, w: Words) -> str:
    """Why there is no statistic."""
    return w(f"pair.nothing_{nothing.reason}", n=nothing.n, needed=nothing.needed)


def interval(found: Correlation, w: Words) -> str:
    return w(
        "pair.interval",
        percent=round(100 * CONFIDENCE),
        low=coefficient(found.low),
        high=coefficient(found.high),
    )


def tells(found: Correlation | NoResult) -> bool:
    """Whether light says anything of the rate: not where the interval holds zero, or the coefficient is next to it."""
    return (
        isinstance(found, Correlation) and not (found.low <= 0 <= found.high) and strength(found.r) != "none"
    )


def correlation_sentence(found: Correlation | NoResult, rate: str, w: Words) -> str:
    """Which way areas of more light tend, how clearly, and that the interval may hold nothing at all."""
    if isinstance(found, NoResult):
        return why_not(found, w)
    if not tells(found):
        return w("pair.says_nothing", rate=rate, n=f"{found.n:,}")
    way = w("pair.less" if found.r < 0 else "pair.more")
    return w(
        "pair.says", rate=rate, way=way, strength=w(f"pair.strength_{strength(found.r)}"), n=f"{found.n:,}"
    )


def line_sentence(found: Association, w: Words) -> str:
    """What the line says of ten times the light, or of one unit more."""
    if isinstance(found.line, NoResult):
        return why_not(found.line, w)
    return w(
        "pair.line_log" if found.logarithm else "pair.line_plain",
        points=number(abs(found.line.slope), 2, language=w.language),
        way=w("pair.lower" if found.line.slope < 0 else "pair.higher"),
    )


def floor_sentence(found: Association, w: Words) -> str | None:
    """How zero light is drawn and reckoned with, where there is any."""
    if not found.floor:
        return None
    return w("pair.floor", floor=f"{found.floor:.3g}", below=found.below_zero)


def moran_sentence(of: str, found: Moran | NoResult | None, w: Words) -> str:
    """Whether alike areas lie together, and how sure that is."""
    if found is None:
        return w("pair.moran_no_map")
    if isinstance(found, NoResult):
        return why_not(found, w)
    return w(
        "pair.moran_pattern" if found.pattern else "pair.moran_chance",
        what=w(f"pair.of_{of}"),
        i=coefficient(found.i),
        p=p_text(found.p),
        permutations=f"{found.permutations:,}",
    )


def p_text(p: float) -> str:
    """>>> p_text(0.002), p_text(0.31)
    ('0.002', '0.310')
    """
    return f"{p:.3f}"


def table_rows(found: Association, w: Words, *, made_up: bool = False) -> list[tuple[str, str, str]]:
    """Rows of the table of statistics: what, value, number of areas.

    Of made-up light no interval and no line: both would lend precision to numbers that say nothing.
    """
    rows = []
    for name, part in (("spearman", found.spearman), ("pearson", found.pearson)):
        label = w(f"pair.{name}_log" if name == "pearson" and found.logarithm else f"pair.{name}")
        if isinstance(part, NoResult):
            rows.append((label, "–", f"{part.n:,}"))
        else:
            shown = coefficient(part.r)
            rows.append((label, shown if made_up else f"{shown} ({interval(part, w)})", f"{part.n:,}"))
    if isinstance(found.line, Line) and not made_up:
        label = w("pair.slope_log" if found.logarithm else "pair.slope")
        rows.append((label, coefficient(found.line.slope), f"{found.line.n:,}"))
        rows.append((w("pair.scale"), number(found.line.scale, 2), f"{found.line.n:,}"))
    return rows
