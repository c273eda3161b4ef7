#!/usr/bin/env python3
"""Set Daomap up and start it, with nothing but a Python on the machine.

    python3 start.py              install what is locked, build the embedded snapshot, open the dashboard
    python3 start.py test         install the test tools too (with Java: Spark as well) and run every test
    python3 start.py run ARGS...  the daomap command line, for example: run import tpmap FOLDER

Uses the standard library only: it runs before anything is installed. The first start needs the
package registry; later starts need no network.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("DAOMAP_VENV", ROOT / ".venv"))
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
STAMP = VENV / "daomap-installed.txt"
UV = "uv==0.13.9"

OLDEST = (3, 11)
# Tried together with the locked packages, best first. 3.11 works, with an older GDAL that is weaker
# against hostile files.
PREFERRED = ((3, 13), (3, 14), (3, 12))
DISK_MB = 1500  # the installed environment takes about 1.1 GB


def stop(thai: str, english: str) -> None:
    """Leave with one line in each language and exit code 1."""
    sys.stderr.write(f"{thai}\n{english}\n")
    raise SystemExit(1)


def version_of(python: str | Path) -> tuple[int, int] | None:
    """Major and minor version of an interpreter that can make virtual environments, else None."""
    try:
        out = subprocess.run(
            [str(python), "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.fullmatch(r"(\d+)\.(\d+)\s*", out)
    return (int(found[1]), int(found[2])) if found else None


def candidates() -> list[str]:
    """Interpreters worth asking: on the PATH, in pyenv, known to the Windows launcher, and this one."""
    found: list[str] = []
    for major, minor in PREFERRED:
        name = f"python{major}.{minor}"
        on_path = shutil.which(name)
        if on_path and "shims" not in on_path:
            found.append(on_path)
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        found += [
            str(p / "bin" / "python")
            for p in sorted(pyenv.glob(f"{major}.{minor}.*"), reverse=True)
            if p.is_dir()
        ]
        if WINDOWS and shutil.which("py"):
            asked = subprocess.run(
                ["py", f"-{major}.{minor}", "-c", "import sys; print(sys.executable)"],
                capture_output=True,
                text=True,
                check=False,
            )
            if asked.returncode == 0:
                found.append(asked.stdout.strip())
    return [*found, sys.executable]


def choose_python() -> str:
    """The best interpreter found; Python 3.11 only where nothing newer is."""
    for python in candidates():
        version = version_of(python)
        if version in PREFERRED or (version is not None and version >= OLDEST and python == sys.executable):
            return python
    seen = ".".join(map(str, sys.version_info[:2]))
    stop(
        f"พบ Python {seen} แต่ Daomap ต้องใช้ Python 3.11 ขึ้นไป (แนะนำ 3.13) ติดตั้งจาก python.org แล้วสั่งใหม่",
        f"Found Python {seen}; Daomap needs 3.11 or newer (3.13 is best). Install it from python.org and start again.",
    )
    raise AssertionError  # stop() does not return


def lock_mark() -> str:
    """What the environment must have been installed from: hash of the lock file and the project file."""
    digest = hashlib.sha256()
    for name in ("uv.lock", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def installed(groups: list[str]) -> bool:
    if not PYTHON.exists() or not STAMP.exists():
        return False
    mark, *have = STAMP.read_text().split()
    return mark == lock_mark() and set(groups) <= set(have)


def install(groups: list[str]) -> None:
    """Make the environment and install the locked packages, hashes checked, into it."""
    if installed(groups):
        return
    free = shutil.disk_usage(VENV.parent if VENV.parent.exists() else ROOT).free // 2**20
    if not PYTHON.exists() and free < DISK_MB:
        stop(
            f"พื้นที่ดิสก์เหลือ {free} MB ต้องใช้อย่างน้อย {DISK_MB} MB กรุณาเพิ่มพื้นที่ว่างแล้วสั่งใหม่",
            f"{free} MB of disk are free; {DISK_MB} MB are needed. Free some space and start again.",
        )
    print("กำลังติดตั้งครั้งแรก ใช้เวลาประมาณหนึ่งถึงสองนาที / Installing, about one to two minutes the first time")
    if not PYTHON.exists() or not has_pip():
        # A folder left half made by an interrupted start is made anew.
        made = subprocess.run([choose_python(), "-m", "venv", "--clear", str(VENV)], check=False)
        if made.returncode:
            stop(
                f"สร้างโฟลเดอร์ {VENV} ไม่ได้ ตรวจสิทธิ์การเขียนและพื้นที่ดิสก์ (รายละเอียดอยู่ด้านบน)",
                f"The folder {VENV} cannot be made. Check that it may be written and that the disk has room (details above).",
            )
    env = os.environ | {"UV_PROJECT_ENVIRONMENT": str(VENV), "VIRTUAL_ENV": str(VENV)}
    wanted = [flag for group in groups for flag in ("--group", group)]
    try:
        subprocess.run(
            [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV],
            check=True,
            env=env,
        )
        # --inexact keeps uv itself, which the lock file does not list.
        subprocess.run(
            [
                str(PYTHON),
                "-m",
                "uv",
                "sync",
                "--frozen",
                "--inexact",
                "--quiet",
                "--python",
                str(PYTHON),
                *wanted,
            ],
            check=True,
            cwd=ROOT,
            env=env,
        )
    except subprocess.CalledProcessError as error:
        stop(
            "ติดตั้งไม่สำเร็จ ตรวจการเชื่อมต่ออินเทอร์เน็ตและพื้นที่ดิสก์แล้วสั่งใหม่ (สาเหตุอยู่ด้านบน)",
            f"The installation failed with code {error.returncode}, for the reason given above. "
            "Check the internet connection and the disk, then start again.",
        )
    STAMP.write_text(f"{lock_mark()}\n" + "\n".join(sorted(groups)) + "\n")


def groups_of_tests() -> list[str]:
    """Groups of packages the tests use; Spark is large and of no use without a Java to run it."""
    return ["test", "spark"] if shutil.which("java") else ["test"]


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        if not WINDOWS:  # on Windows this option would let two servers share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def has_pip() -> bool:
    return (
        subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True, check=False).returncode
        == 0
    )


def daomap(*arguments: str) -> int:
    return subprocess.run([str(PYTHON), "-m", "warehouse.cli", *arguments], cwd=ROOT, check=False).returncode


def serve(port: int | None, headless: bool) -> int:
    if port is not None and not port_is_free(port):
        stop(
            f"พอร์ต {port} มีโปรแกรมอื่นใช้อยู่ เลือกพอร์ตอื่น เช่น python3 start.py --port {port + 1}",
            f"Port {port} is in use. Choose another one, for example: python3 start.py --port {port + 1}",
        )
    install([])
    options = ["--port", str(port)] if port is not None else []
    # Builds the embedded snapshot where there is none yet, with a progress bar.
    return daomap("serve", *options, *(["--headless"] if headless else []))


def _port(text: str) -> int:
    """A port number, or one line on what was given instead."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(
            f"พบ {text} ต้องเป็นเลข 1 ถึง 65535 / found {text}, expected a number from 1 to 65535"
        )
    return int(text)


def main() -> int:
    if sys.version_info < OLDEST:
        choose_python()  # explains what was found and leaves, unless a newer one is at hand
    if len(sys.argv) > 1 and sys.argv[1] == "run":
        install([])
        return daomap(*sys.argv[2:])
    if len(sys.argv) > 1 and sys.argv[1] == "test":
        install(groups_of_tests())
        # Everything runs side by side, one more at once than there are processors: half the time goes in waiting, for a
        # browser above all. A selection runs as it is asked for.
        at_once = str(min(4, (os.cpu_count() or 1) + 1))
        side_by_side = ["-n", at_once, "--dist", "loadscope", "--no-loadscope-reorder"]
        chosen = sys.argv[2:] or side_by_side
        return subprocess.run([str(PYTHON), "-m", "pytest", *chosen], cwd=ROOT, check=False).returncode
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=_port, help="port of the dashboard (default: config.toml)")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    options = parser.parse_args()
    return serve(options.port, options.headless)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
