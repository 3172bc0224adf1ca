"""Hits and unit cells of serial runs in the files of pipelines.

The database has the paths only: attachments of type Result with these names. The files are read
below the file roots of the site, see shared.file_roots; one that is absent, too large or
malformed counts as none.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from threading import Lock
from typing import Any

import msgspec
import numpy
from sqlalchemy import bindparam, select, union

from shared import access_processing, app_context
from shared.db import db
from shared.errors import ServiceError
from shared.file_roots import FileRoots
from shared.files import open_file
from shared.identity import Identity
from shared.models import (
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramAttachment,
    ProcessingJob,
)

STATISTICS, CELLS = "ssx_stats.json", "ssx_cells.json"
PARAMETERS = ("a", "b", "c", "alpha", "beta", "gamma")
LARGEST = 64 * 2**20  # bytes of a file: a million cells
CACHED = 128 * 2**20  # bytes of the contents that a process keeps
FEW = 1024  # bytes that the numbers of one run count as


class Statistics(msgspec.Struct):
    """The numbers of one run."""

    nbHits: int
    nbIndexed: int
    laticeType: str
    estimatedResolution: float


class Cells(msgspec.Struct):
    """Unit cells: a, b, c in Å, then the angles in degrees; one for each indexed pattern."""

    unit_cells: list[tuple[float, float, float, float, float, float]]


class Contents:
    """The contents of the files that were read last, by path and version, up to some bytes."""

    def __init__(self, most: int):
        self._most, self._bytes, self._lock = most, 0, Lock()
        self._kept: OrderedDict[tuple, tuple[Any, int]] = OrderedDict()

    def get(self, path: str, roots: FileRoots, parse: Callable[[bytes], tuple[Any, int]]) -> Any:
        """The content of the file at ``path``; ``parse`` returns it with the bytes it takes.

        One file is parsed at a time, because that takes several times its size.
        """
        with closing(open_file(path, roots)) as file:
            key = path, file.tag
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key][0]
                content, size = self._kept[key] = parse(file.read_all(LARGEST))
                self._bytes += size
                while self._bytes > self._most:
                    self._bytes -= self._kept.popitem(last=False)[1][1]
                return content


contents = Contents(CACHED)


def list_statistics(identity: Identity, collection_ids: Iterable[int]) -> Iterator[dict]:
    """The numbers of each data collection that the caller sees and that has them."""
    for key, numbers in _read(identity, collection_ids, STATISTICS, _parse_statistics):
        yield {"dataCollectionId": key, **msgspec.to_builtins(numbers)}


def list_cells(identity: Identity, collection_ids: Iterable[int]) -> list[numpy.ndarray]:
    """The cells of each data collection that the caller sees and that has them.

    A row is a cell, with the columns of ``PARAMETERS``.
    """
    return [cells for _, cells in _read(identity, collection_ids, CELLS, _parse_cells)]


def _read(
    identity: Identity,
    collection_ids: Iterable[int],
    name: str,
    parse: Callable[[bytes], tuple[Any, int]],
) -> Iterator[tuple[int, Any]]:
    """Key and content of the newest readable file of a successful program, by data collection."""
    keys = [*dict.fromkeys(collection_ids)]
    paths: dict[int, list[str]] = {key: [] for key in keys}
    for key, folder, file in _list_paths(identity, keys, name):
        if file == name and folder:  # MariaDB compares without case
            paths[key].append(f"{folder.rstrip('/')}/{file}")
    roots = FileRoots(identity, app_context.site()["file_roots"])
    for key in keys:
        for path in paths[key]:
            try:
                yield key, contents.get(path, roots, parse)
                break
            except (ServiceError, RuntimeError, msgspec.MsgspecError, ValueError):
                continue  # absent, not below a root, shortened while it was read, or malformed


def _list_paths(identity: Identity, keys: list[int], name: str) -> Iterable[Any]:
    """Data collection, folder and name of files of visible programs that succeeded, newest first.

    A program belongs to the data collection of its job, or of its integrations.
    """
    program, file, row = AutoProcProgram, AutoProcProgramAttachment, AutoProcIntegration
    rule = access_processing.programs(identity, program.autoProcProgramId)
    by_job = select(ProcessingJob.dataCollectionId.label("owner"), program.autoProcProgramId)
    by_job = by_job.join(program, program.processingJobId == ProcessingJob.processingJobId)
    by_job = by_job.where(ProcessingJob.dataCollectionId.in_(bindparam("keys", expanding=True)))
    by_row = select(row.dataCollectionId.label("owner"), row.autoProcProgramId)
    by_row = by_row.where(row.dataCollectionId.in_(bindparam("keys", expanding=True)))
    used = union(by_job, by_row).subquery()
    statement = (
        select(used.c.owner, file.filePath, file.fileName)
        .join(program, program.autoProcProgramId == used.c.autoProcProgramId)
        .join(file, file.autoProcProgramId == program.autoProcProgramId)
        .where(
            file.fileName == name,
            file.fileType == "Result",
            file.deleted.is_not(True),
            program.processingStatus == 1,
            rule.condition,
        )
        .order_by(program.autoProcProgramId.desc(), file.autoProcProgramAttachmentId.desc())
    )
    return db.session.execute(statement, {**rule.values, "keys": keys})


def _parse_statistics(text: bytes) -> tuple[Statistics, int]:
    return msgspec.json.decode(text, type=Statistics), FEW


def _parse_cells(text: bytes) -> tuple[numpy.ndarray, int]:
    cells = msgspec.json.decode(text, type=Cells).unit_cells
    array = numpy.array(cells, float).reshape(len(cells), len(PARAMETERS))
    array.setflags(write=False)  # the cache keeps it
    return array, array.nbytes + FEW
