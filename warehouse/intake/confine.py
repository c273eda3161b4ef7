"""What a reading worker gives up before it opens a stranger's file."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

#: Extra environment of every worker: no way out through a proxy, no remote files, no side files, one thread
#: each.
ENVIRONMENT: Mapping[str, str] = {
    # A GeoJSON "crs" of type "link" makes GDAL fetch a URL whatever drivers are skipped; port 9 refuses at
    # once.
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "GDAL_HTTPS_PROXY": "127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_CACHEMAX": "64",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def confine(memory_mb: int) -> tuple[str, ...]:
    """Give up what reading does not need. Called once, before the worker reads its first request.

    Parameters
    ----------
    memory_mb : int
        Address space the worker may map.

    Returns
    -------
    tuple of str
        The measures in force, by name; the server tells them to whoever asks what an import ran under.

    Notes
    -----
    This is the one place where stronger measures go (a Landlock rule set, a network namespace): it runs
    after the imports every job needs and before any byte of a stranger's file is touched.
    """
    measures: list[str] = []
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    measures.append("environment")
    if sys.platform == "win32":
        return tuple(measures)
    import resource

    wanted = [
        ("core", resource.RLIMIT_CORE, 0),
        ("file_size", resource.RLIMIT_FSIZE, 0),
        ("open_files", resource.RLIMIT_NOFILE, 256),
    ]
    # macOS knows the constant but refuses to lower it.
    if sys.platform.startswith("linux"):
        wanted.append(("address_space", resource.RLIMIT_AS, memory_mb << 20))
    for name, which, most in wanted:
        hard = resource.getrlimit(which)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(which, (limit, limit))
        except (ValueError, OSError):
            continue
        measures.append(name)
    return tuple(measures)


def allow_cpu(seconds: int) -> None:
    """Let the job that starts now use `seconds` of processor time, counted from what earlier jobs have
    used.
    """
    if sys.platform == "win32":
        return
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(usage.ru_utime + usage.ru_stime) + seconds + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(
        resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
    )
