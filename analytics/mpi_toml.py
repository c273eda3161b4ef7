"""Writes a specification of a multidimensional poverty index as TOML, with the cut-off and weights it has now."""

from __future__ import annotations

import json

from analytics.mpi_specs import MpiIndicator, MpiSpec


def spec_toml(spec: MpiSpec) -> str:
    """Return the TOML that `analytics.mpi_specs.read_spec` reads as the same specification.

    Weights stand at the indicators, as exact fractions. Comments of the file it was read from are not in it.

    Examples
    --------
    >>> from analytics.mpi_specs import load_spec, read_spec
    >>> spec = load_spec("global_mpi").with_k("1/2")
    >>> read_spec(spec_toml(spec)).k
    Fraction(1, 2)
    """
    lines = [f"{key} = {_text(getattr(spec, key))}" for key in ("id", "name_th", "name_en")]
    if spec.plan is not None:
        lines.append(f"plan = {spec.plan}")
    if spec.years_be is not None:
        lines.append(f"years_be = [{spec.years_be[0]}, {spec.years_be[1]}]")
    lines += [f"{key} = {_text(getattr(spec, key))}" for key in ("source", "note_th", "note_en")]
    lines += [f"{key} = {str(getattr(spec, key)).lower()}" for key in ("verified", "weights_verified")]
    lines += [
        f"{key} = {_text(str(getattr(spec, key)))}" for key in ("identification", "count", "k", "missing")
    ]
    for key in ("vulnerable_from", "severe_from"):
        if getattr(spec, key) is not None:
            lines.append(f"{key} = {_text(str(getattr(spec, key)))}")
    for dimension in spec.dimensions:
        lines += ["", "[[dimension]]"]
        lines += [f"{key} = {_text(getattr(dimension, key))}" for key in ("id", "name_th", "name_en")]
    for indicator in spec.indicators:
        lines += ["", "[[indicator]]", *_indicator(indicator)]
    return "\n".join(lines) + "\n"


def _indicator(one: MpiIndicator) -> list[str]:
    keys = (
        "id",
        "column",
        "dimension",
        "name_th",
        "name_en",
        "applies_to_th",
        "applies_to_en",
        "not_applicable",
    )
    lines = [f"{key} = {_text(getattr(one, key))}" for key in keys]
    lines.append(f'weight = "{one.weight}"')
    lines.append(f"verified = {str(one.verified).lower()}")
    if one.cut_off is not None:
        cut = one.cut_off
        lines.append(
            f'cut_off = {{ value = {cut.value!r}, deprived = "{cut.deprived}", worst = {cut.worst!r} }}'
        )
    return lines


def _text(value: str) -> str:
    # A basic string of TOML is one of JSON, apart from the one character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
