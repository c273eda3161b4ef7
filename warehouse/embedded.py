"""The snapshot that ships: published figures of the country and the provinces on embedded outlines, and modelled light."""

from __future__ import annotations

from warehouse.light_files import measured_products
from warehouse.publish import Progress, known_imports, neet_of, privacy_of, publish_batches, rules_sha256
from warehouse.settings import Settings
from warehouse.snapshots import SnapshotInfo, Store, StoreError
from warehouse.sources.figures import figures_id, import_figures
from warehouse.sources.modelled_lights import import_modelled, modelled_id
from warehouse.workshop import is_workshop


def build(
    store: Store, settings: Settings, progress: Progress | None = None, *, force: bool = False
) -> tuple[SnapshotInfo, bool]:
    """Make sure the home holds what ships, computed by the rules and settings of today.

    That is the published figures and, while no measured product is in, the modelled light.

    Parameters
    ----------
    store : Store
    settings : Settings
    progress : callable, optional
        See `warehouse.publish.Progress`.
    force : bool
        Compute everything again even when nothing changed.

    Returns
    -------
    tuple of SnapshotInfo and bool
        The current snapshot, and whether it is a new one. What was imported before stays in it.
    """
    try:
        current = store.current()
    except StoreError:
        # Nothing valid is left; the shipped figures are what can be had without the person's own files.
        current = None
    stale = (
        current is None
        or current.contents.get("rules") != rules_sha256()
        or current.contents.get("stars") != settings.stars.model_dump(mode="json")
        or current.contents.get("privacy") != privacy_of(settings)
        or current.contents.get("neet") != neet_of(settings)
    )
    # What is modelled is there for want of something measured, and does not come back beside it.
    wanted = set() if measured_products(current) else {modelled_id()}
    if not is_workshop(current):
        wanted |= {figures_id()}
    if current is not None and not force and not stale and wanted <= known_imports(current):
        return current, False
    figures, lights = import_figures(), import_modelled()
    with store.work("build"):
        try:
            # Looked at again now that nobody else publishes: an import may have come in meanwhile.
            current = store.current()
        except StoreError:
            current = None
        batches = [] if is_workshop(current) else [figures]
        if not measured_products(current):
            batches.append(lights)
        info = publish_batches(
            store, settings, batches, fresh=current is None, everything=True, progress=progress
        )
    return info, True
