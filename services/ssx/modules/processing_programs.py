"""Programs that processed a serial run, each with the files that it wrote."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from shared import batches, row_checks
from shared.db import db, save
from shared.errors import BadInput
from shared.identity import Identity
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    DataCollection,
    ProcessingJob,
)

LONGEST_RECIPE = 50
LONGEST = 255  # of a folder, and of the name of a file
RECIPE = "ssx"  # of a job for a program without a name
SUCCESS = 1


def put(identity: Identity, collection_id: int, data: dict, paths: Iterable[str]) -> int:
    """The key of the program of a visible data collection that wrote the files ``paths``.

    It is the stored program with the same processingPrograms and files; else it is made of
    ``data``, as one that ended with success. Of two requests the second waits for the lock of the
    data collection.
    """
    row_checks.lock_visible(identity, DataCollection, collection_id)
    files = _split(paths)
    name = data.get("processingPrograms")
    if (stored := _find(collection_id, name, set(files))) is not None:
        return stored
    job = save(
        ProcessingJob(),
        {
            "dataCollectionId": collection_id,
            "recipe": (name or RECIPE)[:LONGEST_RECIPE],
            "automatic": True,
        },
    )
    now = datetime.now().replace(microsecond=0)
    columns = {**data, "processingStatus": SUCCESS, "recordTimeStamp": now}
    program = save(AutoProcProgram(), {**columns, "processingJobId": job.processingJobId})
    link = {"autoProcProgramId": program.autoProcProgramId, "fileType": "Result"}
    batches.insert(
        AutoProcProgramAttachment,
        [
            {**link, "filePath": folder, "fileName": file, "recordTimeStamp": now}
            for folder, file in files
        ],
    )
    return program.autoProcProgramId


def _split(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Folder and name of each file, once; BadInput by the index of one that is too long."""
    files, faults = {}, {}
    for at, path in enumerate(paths):
        folder, _, name = path.rpartition("/")
        if max(len(folder), len(name)) > LONGEST:
            faults[at] = [f"Longer than {LONGEST} characters: the folder, or the name."]
        files[folder or "/", name] = None
    if faults:
        raise BadInput("invalid input", {"results": faults})
    return [*files]


def _find(collection_id: int, name: str | None, files: set[tuple[str, str]]) -> int | None:
    """The oldest program of a data collection with this name and exactly these files."""
    program, attachment = AutoProcProgram, AutoProcProgramAttachment
    statement = (
        select(program.autoProcProgramId, attachment.filePath, attachment.fileName)
        .join(ProcessingJob, ProcessingJob.processingJobId == program.processingJobId)
        .outerjoin(attachment, attachment.autoProcProgramId == program.autoProcProgramId)
        .where(
            ProcessingJob.dataCollectionId == collection_id,
            program.processingPrograms.is_not_distinct_from(name),
        )
        .order_by(program.autoProcProgramId)
    )
    stored: dict[int, set] = defaultdict(set)
    for key, folder, file in db.session.execute(statement):
        stored[key] |= {(folder, file)} if file is not None else set()
    return next((key for key, present in stored.items() if present == files), None)
