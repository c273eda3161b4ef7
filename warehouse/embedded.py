"""The snapshot that ships: published figures of the country and the provinces on embedded outlines."""

from __future__ import annotations

from warehouse.publish import Progress, known_imports, privacy_of, publish_batches, rules_sha256
from warehouse.settings import Settings
from warehouse.snapshots import SnapshotInfo, Store, StoreError
from warehouse.sources.figures import figures_id, import_figures


def build(
    store: Store, settings: Settings, progress: Progress | None = None, *, force: bool = False
) -> tuple[SnapshotInfo, bool]:
    """Make sure the home holds the shipped figures, computed by the rules and settings of today.

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
    )
    if current is not None and not force and not stale and figures_id() in known_imports(current):
        return current, False
    batch = import_figures()
    with store.work("build"):
        try:
            # Looked at again now that nobody else publishes: an import may have come in meanwhile.
            fresh = store.current() is None
        except StoreError:
            fresh = True
        info = publish_batches(store, settings, [batch], fresh=fresh, everything=True, progress=progress)
    return info, True
