"""Where the expressions of the index run: DuckDB on this machine, or Apache Spark on this machine or a cluster.

The expressions are Ibis, the same for both. An engine reads partitioned Parquet and answers with small tables; nothing of it
stays after it is closed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import duckdb
import ibis.expr.types as ir
import pyarrow as pa

from analytics.deprivation_rules import SurveyError
from warehouse.snapshots import StoreError

EngineName = Literal["duckdb", "spark"]
OLDEST_JAVA: Final = 17
PACKAGES: Final = {"duckdb": ("duckdb", "ibis-framework"), "spark": ("pyspark", "ibis-framework")}


class EngineError(StoreError):
    """An engine that does not start, or cannot finish."""


class Engine:
    """One session of an engine; use it in a ``with`` statement.

    Attributes
    ----------
    name : {"duckdb", "spark"}
    """

    name: EngineName

    def read(self, places: Sequence[str]) -> ir.Table:
        """The rows of Parquet files and folders as one table; columns are matched by name.

        Parts of a path such as ``year=2022`` become columns; ``year`` is a number, all others are texts.
        """
        table = self._read(places)
        if table.schema().get("year", None) is not None and table.schema()["year"].is_string():
            table = table.mutate(year=table.year.cast("int64"))
        return table

    def _read(self, places: Sequence[str]) -> ir.Table:
        raise NotImplementedError

    def run(self, expression: ir.Table) -> pa.Table:
        """Execute an expression.

        Raises
        ------
        EngineError
            With what the engine says, without the rows it says it of.
        """
        raise NotImplementedError

    def close(self) -> None:
        """End the session."""

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def versions(self) -> dict[str, str]:
        """Versions of what computes, by package."""
        return {package: version(package) for package in PACKAGES[self.name]}


class _Duck(Engine):
    """DuckDB in this process, which sees the inputs and its own temporary folder and nothing else."""

    name: EngineName = "duckdb"

    def __init__(self, inputs: Sequence[str], scratch: Path, threads: int, memory_mb: int) -> None:
        import ibis

        self._connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "python_enable_replacements": "false",
                "memory_limit": f"{memory_mb}MB",
                "threads": str(threads),
                "temp_directory": str(scratch),
                "preserve_insertion_order": "false",
            },
        )
        folders = [str(p if p.is_dir() else p.parent) for p in map(Path, inputs)]
        self._connection.execute("SET allowed_directories = ?", [[*folders, str(scratch)]])
        self._connection.execute("SET enable_external_access = false")
        self._backend = ibis.duckdb.from_connection(self._connection)
        self._connection.execute("SET lock_configuration = true")

    def _read(self, places: Sequence[str]) -> ir.Table:
        files = [str(file) for place in places for file in parquet_files(Path(place))]
        partitioned = any("=" in part for file in files for part in Path(file).parts[:-1])
        try:
            return self._backend.read_parquet(
                files, hive_partitioning=partitioned, hive_types_autocast=False, union_by_name=True
            )
        except duckdb.Error as error:
            raise _unreadable(places, error) from error

    def run(self, expression: ir.Table) -> pa.Table:
        try:
            return self._backend.to_pyarrow(expression)
        except duckdb.OutOfMemoryException as error:
            raise EngineError(
                "หน่วยความจำไม่พอ วิธีแก้: เพิ่ม mpi.memory_mb ใน config.toml ให้ไม่เกินหน่วยความจำของเครื่อง หรือใช้ --engine spark",
                "out of memory. To mend: raise mpi.memory_mb in config.toml within what the machine has, or use --engine spark",
            ) from error
        except duckdb.Error as error:
            raise _failed(error) from error

    def close(self) -> None:
        self._connection.close()


class _Spark(Engine):
    """Spark through a session of its own; with a ``local`` master everything stays on this machine."""

    name: EngineName = "spark"

    def __init__(self, master: str, scratch: Path, threads: int, memory_mb: int) -> None:
        if find_spec("pyspark") is None:
            raise EngineError(
                "ยังไม่ได้ติดตั้ง PySpark วิธีแก้: uv sync --group spark (docs/mpi-scale.md)",
                "PySpark is not installed. To mend: uv sync --group spark (docs/mpi-scale.md)",
            )
        if java() is None:
            raise EngineError(
                f"ไม่พบ Java รุ่น {OLDEST_JAVA} ขึ้นไปที่ Spark 4 ต้องใช้ วิธีแก้: ติดตั้ง default-jre-headless หรือกำหนด JAVA_HOME",
                f"there is no Java {OLDEST_JAVA} or newer, which Spark 4 needs. To mend: install default-jre-headless, or set "
                "JAVA_HOME",
            )
        import ibis
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        local = master.startswith("local")
        settings = {
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
            "spark.sql.execution.arrow.pyspark.enabled": "true",
            "spark.sql.warehouse.dir": str(scratch / "spark"),
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.memory": f"{memory_mb}m",
        }
        if local:
            settings |= {
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.host": "127.0.0.1",
                "spark.local.dir": str(scratch),
                "spark.sql.shuffle.partitions": str(4 * threads),
            }
        builder = SparkSession.builder.master(master).appName("daomap mpi")
        for key, value in settings.items():
            builder = builder.config(key, value)
        try:
            self._session: Any = builder.getOrCreate()
        except (PySparkException, RuntimeError, OSError) as error:
            raise EngineError(
                f"เริ่ม Spark ที่ {master} ไม่ได้ ({type(error).__name__}) วิธีแก้: ตรวจ --master และรุ่นของ Java",
                f"Spark does not start at {master} ({type(error).__name__}). To mend: check --master and the version of Java",
            ) from error
        self._session.sparkContext.setLogLevel("ERROR")
        self._backend = ibis.pyspark.connect(self._session)
        self._faults = (PySparkException,)
        self._views = 0

    def _read(self, places: Sequence[str]) -> ir.Table:
        try:
            table = None
            for place in places:
                frame = self._session.read.option("mergeSchema", "true").parquet(place)
                table = frame if table is None else table.unionByName(frame, allowMissingColumns=True)
            self._views += 1
            assert table is not None, "an engine is asked for at least one place"
            table.createOrReplaceTempView(f"daomap_input_{self._views}")
        except self._faults as error:
            raise _unreadable(places, error) from error
        return self._backend.table(f"daomap_input_{self._views}")

    def run(self, expression: ir.Table) -> pa.Table:
        try:
            return self._backend.to_pyarrow(expression)
        except self._faults as error:
            raise _failed(error) from error

    def close(self) -> None:
        self._session.stop()


def open_engine(
    name: EngineName,
    inputs: Sequence[str],
    *,
    scratch: Path,
    threads: int,
    memory_mb: int,
    master: str | None = None,
) -> Engine:
    """Start an engine.

    Parameters
    ----------
    name : {"duckdb", "spark"}
    inputs : sequence of str
        Files and folders it may read.
    scratch : Path
        Folder for what does not fit in memory; the caller removes it.
    threads, memory_mb : int
        Bounds on this machine. With Spark they hold for the driver and a ``local`` master; a cluster has its own.
    master : str, optional
        Spark's master, default ``local[threads]``.

    Raises
    ------
    EngineError
        When it does not start; says what to install.
    """
    if name == "spark":
        return _Spark(master or f"local[{threads}]", scratch, threads, memory_mb)
    return _Duck(inputs, scratch, threads, memory_mb)


def java() -> str | None:
    """The Java that Spark would start, or None where there is none new enough."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if found is None:
        return None
    try:
        told = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    told_version = re.search(r'version "(\d+)', told.stderr + told.stdout)
    return found if told_version and int(told_version[1]) >= OLDEST_JAVA else None


def parquet_files(place: Path) -> list[Path]:
    """Parquet files of an input, in order; hidden files and what Spark leaves beside its parts are no data."""
    if place.is_file():
        return [place]
    return sorted(
        file
        for file in place.rglob("*.parquet")
        if file.is_file() and not any(part.startswith(("_", ".")) for part in file.relative_to(place).parts)
    )


def _unreadable(places: Sequence[str], error: Exception) -> SurveyError:
    # Only what the files say of their columns is read at this point, so the message quotes no row.
    return SurveyError(
        ", ".join(places),
        str(error).strip().splitlines()[0],
        "Parquet",
        "ตรวจว่าเป็นไฟล์ Parquet ที่สมบูรณ์ และคอลัมน์ชื่อเดียวกันเป็นชนิดเดียวกันทุกไฟล์",
        "check that these are whole Parquet files and that columns of one name are of one kind in all of them",
    )


def _failed(error: Exception) -> EngineError:
    # The message may quote rows, which are persons; the kind of fault does not.
    kind = type(error).__name__
    return EngineError(
        f"คำนวณไม่สำเร็จ ({kind}) วิธีแก้: ตรวจไฟล์ข้อมูล พื้นที่ดิสก์ และหน่วยความจำ",
        f"the computation failed ({kind}). To mend: check the input files, the disk and the memory",
    )
