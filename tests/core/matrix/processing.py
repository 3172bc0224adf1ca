"""Routes of processing jobs, programs, results, image quality, screenings and centrings."""

from tests.matrix import Route, holders, inside, signed_in

FILE = {"fileName": "a.log", "filePath": "/data"}
# The rows of the result of program 1, which a new result replaces.
RESULT = frozenset(
    {
        *(("AutoProc", 800), ("AutoProcProgramAttachment", 800)),
        *(("AutoProcScaling", 800), ("AutoProcScaling", 801)),
        *(("AutoProcIntegration", 800), ("AutoProcIntegration", 801)),
    }
)
ROUTES = [
    Route("get /centrings", signed_in(), list_key="xrayCentringId"),
    Route(
        "post /centrings",
        holders(201, elsewhere=424),  # it sees no such group
        body={"dataCollectionGroupId": 1, "results": [{}]},
        schema="Centring",
    ),
    Route("get /centrings/{centring_id}", inside()),
    Route(
        "get /autoproc/mr_blobs/{blob_id}/views/{number}",
        inside(),
        path={"blob_id": 7, "number": "1"},
    ),
    Route(
        "get /autoproc/phasing/attachments/{attachment_id}/file",
        inside(),
        path={"attachment_id": 7},
    ),
    Route(
        "get /autoproc/programs/attachments/{attachment_id}/file",
        inside(),
        path={"attachment_id": 7},
    ),
    Route(
        "get /autoproc/programs/{program_id}/attachments/download",
        inside(),
        path={"program_id": 7},
    ),
    Route("get /data_collections/{data_collection_id}/image_quality", inside()),
    Route(
        "put /data_collections/{data_collection_id}/image_quality",
        holders(),
        body={"imageNumber": [1]},
    ),
    Route("get /autoproc", signed_in(), list_key="autoProcId"),
    Route("get /autoproc/{autoproc_id}", inside()),
    Route("get /autoproc/best", signed_in(), query={"sessionId": 1}),
    Route("get /autoproc/programs", signed_in(), list_key="autoProcProgramId"),
    Route(
        "post /autoproc/programs",
        holders(201, elsewhere=424),  # it sees no such job
        body={"processingJobId": 1},
        schema="AutoProcProgram",
        tidied=True,
    ),
    Route(
        "get /autoproc/programs/attachments", signed_in(), list_key="autoProcProgramAttachmentId"
    ),
    Route(
        "post /autoproc/programs/attachments",
        holders(201, elsewhere=424),
        body={**FILE, "autoProcProgramId": 1},
        schema="ProgramAttachment",
        tidied=True,
    ),
    Route("get /autoproc/programs/attachments/{attachment_id}", inside()),
    Route("get /autoproc/programs/{program_id}", inside()),
    Route("get /autoproc/programs/{program_id}/status_history", inside()),
    Route(
        "post /autoproc/programs/{program_id}/status_history",
        holders(201),
        body={"step": "Indexing", "status": "Launched"},
        schema="StatusHistory",
        tidied=True,
    ),
    Route("patch /autoproc/programs/{program_id}", holders()),
    Route("get /autoproc/programs/{program_id}/attachments", inside()),
    Route(
        "post /autoproc/programs/{program_id}/attachments",
        holders(201),
        body=FILE,
        schema="Attachment",
        tidied=True,
    ),
    Route("get /autoproc/programs/{program_id}/messages", inside()),
    Route(
        "post /autoproc/programs/{program_id}/messages",
        holders(201),
        body={"severity": "INFO"},
        schema="Message",
        tidied=True,
    ),
    Route(
        "post /autoproc/results",
        holders(201, elsewhere=424),
        body={"program": {"processingJobId": 1}},
        schema="Result",
        tidied=True,
        also=RESULT,
    ),
    Route("get /autoproc/results/{program_id}", inside()),
    Route("put /autoproc/results/{program_id}", holders(), body={"program": {}}, also=RESULT),
    Route("get /autoproc/status", signed_in(), query={"dataCollectionIds": "1,2"}),
    Route("get /autoproc/table", signed_in()),
    Route(
        "get /processing_jobs",
        signed_in(),
        list_key="processingJobId",
        filters={"dataCollectionId": [3]},  # of the job, or of a sweep
    ),
    Route(
        "post /processing_jobs",
        inside(201, reader=403, outside=424),  # they see no such data
        body={"dataCollectionId": 1},
        schema="ProcessingJob",
        tidied=True,
    ),
    Route("get /processing_jobs/{processing_job_id}", inside()),
    Route("get /screenings", signed_in(), list_key="screeningId"),
    Route(
        "post /screenings",
        holders(201, elsewhere=424),  # it sees no such data collection
        body={"dataCollectionId": 1, "outputs": [{}]},
        schema="Screening",
    ),
    Route("get /screenings/{screening_id}", inside()),
]
