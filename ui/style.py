"""The one style sheet of all pages: sizes, spacing, focus, legends, the bar of the marked area, paper.

Fonts and colours of Streamlit's own parts stand in ``.streamlit/config.toml``. What is added here is sent once: the text depends
on the theme alone, so the browser holds it and later reruns name it.
"""

from __future__ import annotations

from functools import lru_cache

from ui.palette import MAP_GROUNDS, Theme, hex_of

# Steps of about a sixth, from the smallest text that Thai vowels and tone marks can be read at. Headings follow in
# config.toml (1.2, 1.4 and 1.75 rem).
SMALL = "0.8rem"
NOTE = "0.875rem"

# Streamlit draws these; nobody needs them on paper.
_NOT_ON_PAPER = (
    "[data-testid=stHeader]", "[data-testid=stToolbar]", "[data-testid=stElementToolbar]", "[data-testid=stDownloadButton]",
    "[data-testid=stButton]", "[data-testid=stSidebar]", "[data-testid=stFileUploader]", ".st-key-masthead", ".st-key-marked",
    ".st-key-search_results", ".mapboxgl-ctrl", ".maplibregl-ctrl", ".daomap-not-printed",
)  # fmt: skip


def hatching(theme: Theme) -> str:
    """CSS of the pattern of no data, as the map draws it."""
    return f"repeating-linear-gradient(135deg,{hex_of(theme.hatch)} 0 1px,transparent 1px 5px)"


# Of the page's own text, whichever theme that is: a theme that changes with the day does so without asking the server.
_MUTED = "color-mix(in srgb,currentColor 78%,transparent)"


@lru_cache(maxsize=2)
def sheet(theme: Theme) -> str:
    """The style sheet of a theme, without the ``style`` tag."""
    return _GENERAL + _legends(theme) + _marked(theme) + _paper()


_GENERAL = (
    # Where the keyboard is, is always seen: one ring, whatever it stands on.
    ":is(a,button,input,summary,[tabindex],[role=combobox]):focus-visible{outline:3px solid var(--daomap-focus)!important;"
    "outline-offset:2px!important}"
    # Nothing to see, and so no gap between what is.
    "[data-testid=stElementContainer]:is(.st-key-spoken_language,:has(>.stHtml>style:only-child)){display:none}"
    # Captions and tables in one rhythm.
    f"[data-testid=stCaptionContainer]{{font-size:{NOTE};line-height:1.5}}"
    "[data-testid=stCaptionContainer] p{font-size:inherit}"
    # White on the dark theme's accent is too faint for words of this size.
    "[data-testid=stBaseButton-primary],[data-testid=stMultiSelect] :has(>span[title]){background-color:#1f7a88!important;"
    "border-color:#1f7a88!important;color:#fff!important}"
    "[data-testid=stMarkdownContainer] table{font-variant-numeric:tabular-nums}"
    # A table on a phone scrolls, and the page does not.
    "[data-testid=stMarkdownContainer]:has(>table){overflow-x:auto}"
    # Taking the choice of a row back opens it (`ui.opening`), so the button beside it would open as well.
    "[data-testid=stDataFrame] [data-testid=stElementToolbar] button[aria-label='Clear selection']{display:none}"
    "@media (prefers-reduced-motion:reduce){*{animation-duration:.01ms!important;transition-duration:.01ms!important}}"
)


def _legends(theme: Theme) -> str:
    return (
        f":root{{--daomap-focus:{hex_of(theme.focus)}}}"
        # Streamlit's own captions are too faint to be read by everybody.
        f"[data-testid=stCaptionContainer],[data-testid=stCaptionContainer] p"
        f"{{color:{theme.muted}!important;opacity:1!important}}"
        # What a map shows where nothing is drawn yet: no white flash before it.
        f"[data-testid=stDeckGlJsonChart]{{background:{hex_of(MAP_GROUNDS[theme.name])}}}"
        f".daomap-legend{{font-size:{NOTE};line-height:1.45;color:inherit}}"
        f".daomap-legend p,.daomap-legend th,.daomap-legend td:last-child{{color:{_MUTED}}}"
        ".daomap-legend p.strong{color:inherit;font-weight:600}"
        f".daomap-legend p{{margin:4px 0 0;font-size:{NOTE}}}.daomap-legend table{{border-collapse:collapse;margin-top:4px}}"
        ".daomap-legend td,.daomap-legend th{padding:2px 8px 2px 0;border:0;text-align:left}"
        ".daomap-legend th:last-child,.daomap-legend td:last-child{text-align:right;font-variant-numeric:tabular-nums}"
        f".daomap-legend th{{font-size:{SMALL};font-weight:400}}"
        f".daomap-legend i{{display:inline-block;width:28px;height:16px;border:1px solid {theme.grid};border-radius:2px}}"
        f".daomap-legend i.none,.daomap-square i.none{{background-image:{hatching(theme)}}}"
        # A class of the legend is a button that looks like a row.
        ".daomap-legend button{font:inherit;color:inherit;background:none;border:0;padding:2px 0;margin:0;min-height:24px;"
        "text-align:left;cursor:pointer;border-radius:2px}.daomap-legend button:hover{text-decoration:underline}"
        f".daomap-legend tr.only{{font-weight:700}}.daomap-legend tr.only i{{outline:2px solid {hex_of(theme.focus)}}}"
        ".daomap-legend button.all{text-decoration:underline}"
        ".daomap-dots .daomap-legend i{width:13px;height:13px;border-radius:50%}"
        f".daomap-square{{font-size:{NOTE};line-height:1.4;color:inherit}}"
        f".daomap-square p,.daomap-square th,.daomap-square caption{{color:{_MUTED};font-weight:400;text-align:left}}"
        f".daomap-square p{{margin:4px 0 0;font-size:{NOTE}}}"
        ".daomap-square table{border-collapse:separate;border-spacing:2px;margin:4px 0}"
        f".daomap-square th{{font-size:{SMALL};border:0;padding:1px 4px;white-space:nowrap}}"
        ".daomap-square tbody th{text-align:right}.daomap-square tfoot th{text-align:center}"
        f".daomap-square td{{min-width:46px;height:34px;text-align:center;border:1px solid {theme.grid};border-radius:2px;"
        "font-variant-numeric:tabular-nums;padding:0}"
        f".daomap-square i{{display:inline-block;width:20px;height:12px;border:1px solid {theme.grid};border-radius:2px}}"
    )


def _marked(theme: Theme) -> str:
    # At the foot of the window, so that nothing on the page moves when an area is chosen.
    return (
        ".st-key-marked{position:fixed;left:50%;bottom:12px;transform:translateX(-50%);z-index:100;width:auto!important;"
        f"max-width:calc(100vw - 24px);background:{theme.background};border:1px solid {theme.muted};border-radius:.4rem;"
        "padding:.4rem .8rem;box-shadow:0 2px 10px rgba(0,0,0,.25)}"
    )


def _paper() -> str:
    """Paper carries what is read, in ink on white, and where it came from; Streamlit's page scrolls inside a window of its own."""
    return (
        ".daomap-foot{display:none}@media print{" + ",".join(_NOT_ON_PAPER) + "{display:none!important}"
        ".stApp,[data-testid=stAppViewContainer],[data-testid=stMain]{position:static!important;overflow:visible!important;"
        "height:auto!important}.stMainBlockContainer{padding:0!important;max-width:none!important}"
        "[data-testid=stDeckGlJsonChart],.daomap-legend,[data-testid=stPlotlyChart],tr{break-inside:avoid}"
        f".daomap-foot{{display:block;font-size:{SMALL};overflow-wrap:anywhere}}"
        "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}@page{margin:12mm}}"
    )


THAI_DIGITS = "@font-face{font-family:'Noto Sans Thai';src:url(/fonts/thai-digits.ttf);font-weight:100 900;unicode-range:U+30-39}"
"""Draws 0-9 as Thai digits wherever the Thai font is used; what is written, copied and read aloud stays 0-9."""
