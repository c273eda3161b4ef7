"""What a reading worker gives up before it opens a stranger's file."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
#: Measures without which a stranger's file must not be opened on a stranger's word.
CONFINED = frozenset({"files", "network"})

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522

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
    "PROJ_NETWORK": "OFF",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def confine(memory_mb: int, *, landlock: bool = True, probe_port: int = 0) -> tuple[str, ...]:
    """Give up what reading does not need. Called once, before the worker reads its first request and before it
    has a second thread: Landlock holds the thread that asks for it and those it starts later.

    Parameters
    ----------
    memory_mb : int
        Address space the worker may map.
    landlock : bool
        False where the system's confinement comes from outside (bubblewrap) or is left out on purpose.
    probe_port : int
        TCP port on this machine where the server listens for as long as this takes; 0 leaves ``network`` unproven.

    Returns
    -------
    tuple of str
        The measures in force, by name; each was tried out after it was taken. ``files`` and ``network`` are
        the two that `CONFINED` asks for.
    """
    measures: list[str] = []
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    measures.append("environment")
    if sys.platform == "win32":
        return tuple(measures)
    measures += _limits(memory_mb)
    if sys.platform == "linux":
        if landlock:
            measures += _without_network()
        measures += _without_privileges()
        if landlock:
            measures += _landlock()
    if _no_files():
        measures.append("files")
    if _no_network(probe_port):
        measures.append("network")
    return tuple(measures)


def bubblewrap_command() -> list[str]:
    """``bwrap`` and its arguments, to be put before the command of a worker.

    Namespaces of its own for everything; of the file system only the interpreter, the libraries and this
    package are there, read-only.
    """
    shown = [Path("/usr/lib"), Path("/usr/lib64"), Path("/lib"), Path("/lib64"), Path("/etc/ld.so.cache")]
    interpreter = Path(sys.executable)
    shown += [interpreter, interpreter.resolve(), Path(sys.prefix, "pyvenv.cfg"), *code_folders()]
    if interpreter.is_symlink():
        # A chain of links is followed inside too.
        link = interpreter
        while link.is_symlink():
            link = (link.parent / link.readlink()).absolute()
            shown.append(link)
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for path in dict.fromkeys(path for path in shown if path.exists()):
        command += ["--ro-bind", str(path), str(path)]
    return [*command, "--dev", "/dev", "--chdir", "/", "--"]


def code_folders() -> list[Path]:
    """Folders and files the interpreter and its libraries live in; all a worker may read.

    The folder of the project is not among them, only this package and ``geo``, which holds code and public tables:
    beside them stand settings, and by default the published snapshots.
    """
    root = PACKAGE.parent
    libraries = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders: list[Path] = [PACKAGE, PACKAGE.parent / "geo"]
    for folder in sorted(libraries):
        if folder == root:
            # Installed among the libraries: the snapshots' folder must stay out.
            folders += [child for child in sorted(folder.iterdir()) if child.name != "var"]
        else:
            folders.append(folder)
    folders += [Path(name) for name in ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")]
    folders += sorted(Path(sys.base_prefix, "lib").glob("libpython*"))
    return [folder for folder in folders if folder.exists()]


def _limits(memory_mb: int) -> list[str]:
    import resource

    measures: list[str] = []
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
    return measures


def _without_network() -> list[str]:
    """A network of its own with nothing in it: no TCP, no UDP, no abstract sockets of others.

    Needs the right to make namespaces (its own user namespace where it has none); many containers do not
    give it, and Landlock then still forbids TCP.
    """
    libc = _libc()
    for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET):
        if libc.unshare(flags) == 0:
            return ["network_namespace"]
    return []


def _without_privileges() -> list[str]:
    """No way back to privileges, and none left: root without capabilities is nobody in particular."""
    libc = _libc()
    measures: list[str] = []
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        measures.append("no_new_privileges")
    for capability in range(64):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(header, nothing) == 0:
        measures.append("no_capabilities")
    return measures


def _landlock() -> list[str]:
    """Read-only access to code, no other file, no TCP, no signals and abstract sockets to the outside."""
    try:
        from landlockpy import AccessFS, AccessNet, LandlockError, Ruleset, Scope, abi_version
    except ImportError:
        return []
    if abi_version() < 1 or len(list(Path("/proc/self/task").iterdir())) != 1:
        return []
    try:
        with Ruleset(scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL) as rules:
            for folder in code_folders():
                allowed = AccessFS.READ_FILE | AccessFS.READ_DIR if folder.is_dir() else AccessFS.READ_FILE
                rules.allow_path(folder, allowed)
            rules.restrict()
            measures = ["landlock_files"]
            if rules.handled_net & AccessNet.CONNECT_TCP:
                measures.append("landlock_tcp")
            if rules.scoped:
                measures.append("landlock_scope")
    except LandlockError:
        return []
    return measures


def _no_files() -> bool:
    """Whether a file of the system, the project's settings and this very module are out of reach."""
    tried = (
        ("/etc/passwd", os.O_RDONLY),
        (PACKAGE.parent / "config.toml", os.O_RDONLY),
        (__file__, os.O_WRONLY),
    )
    for path, way in tried:
        try:
            os.close(os.open(path, way))
        except OSError:
            continue
        return False
    return True


def _no_network(port: int) -> bool:
    """Whether a listener of this machine, known to be there, is out of reach."""
    if not port:
        return False
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", port)) != 0
    except OSError:
        return True


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


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
