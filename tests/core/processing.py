"""What the tests of processing share: a document, and the collections it may name."""

import threading

from shared.models import DataCollection, DataCollectionGroup

URL = "/ispyb/api/v1"
RESULTS = f"{URL}/autoproc/results"
PROGRAMS = f"{URL}/autoproc/programs"
JOBS = f"{URL}/processing_jobs"
PIPELINE = ("zocalo", None, "processing_write", "all_sessions")
SHELLS = ("overall", "innerShell", "outerShell")


def collect(add):
    """Collections 111 and 112 of session 11, 211 of 21 and 221 of 22, each of 100 images."""
    for session in (11, 21, 22):
        group = {"dataCollectionGroupId": session}
        add(DataCollectionGroup(sessionId=session, **group))
        for run in (1, 2) if session == 11 else (1,):
            add(
                DataCollection(
                    dataCollectionId=10 * session + run,
                    dataCollectionNumber=run,
                    imageDirectory=f"/data/{session}/",
                    imagePrefix="xtal",
                    fileTemplate=f"xtal_{run}_#####.cbf",
                    startImageNumber=1,
                    numberOfImages=100,
                    **group,
                )
            )


def at_once(send, times=4):
    """The sorted statuses of ``send()``, which that many threads do at the same time."""
    start, codes = threading.Barrier(times), []

    def run():
        start.wait()
        codes.append(send().status_code)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(codes)


def document(**changes):
    """A result of autoPROC on collection 111, with ``changes`` at its top."""
    cell = {f"_{n}": v for n, v in (("a", 78.25), ("b", 78.25), ("c", 37.5))}
    cell |= {f"_{n}": 90.0 for n in ("alpha", "beta", "gamma")}
    statistics = [
        {"scalingStatisticsType": shell, "resolutionLimitHigh": high, "rMerge": 0.0625}
        for shell, high in zip(SHELLS, (1.5, 4.25, 1.5))
    ]
    integration = {"dataCollectionId": 111, "startImageNumber": 1, "endImageNumber": 100}
    integration |= {f"cell{name}": value for name, value in cell.items()}
    integration |= {"rotationAxisX": 1.0, "beamVectorZ": -1.0}
    return {
        "program": {
            "pipeline": "autoPROC",
            "processingPrograms": "autoPROC 1.0.5",
            "processingCommandLine": "process -I /data/11",
            "processingStatus": "success",
            "processingMessage": "processing successful",
            "processingStartTime": "2024-05-11T14:10:00",
            "processingEndTime": "2024-05-11T14:24:41",
            "processingEnvironment": "node17",
        },
        "attachments": [
            {"fileType": "Result", "fileName": "a.mtz", "filePath": "/data/p"},
            {"fileType": "log", "fileName": "a.html", "filePath": "/data/p", "importanceRank": 1},
        ],
        "messages": [{"severity": "warning", "message": "ice", "description": "3.90-3.67"}],
        "autoProc": {
            "spaceGroup": "P 43 21 2",
            **{f"refinedCell{name}": value for name, value in cell.items()},
            "scalings": [{"statistics": statistics, "integrations": [integration]}],
        },
        **changes,
    }
