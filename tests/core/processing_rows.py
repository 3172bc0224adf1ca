"""A document of a result and the data collections it may name, for the tests of processing."""

import threading

from shared.models import DataCollection, DataCollectionGroup

URL = "/ispyb/api/v1"
RESULTS = f"{URL}/autoproc/results"
PROGRAMS = f"{URL}/autoproc/programs"
JOBS = f"{URL}/processing_jobs"
COMMANDS = f"{URL}/commands"
PIPELINE = ("zocalo", None, "processing_write", "all_sessions")
SHELLS = ("overall", "innerShell", "outerShell")

CELL = {"a": 78.25, "b": 78.25, "c": 37.5, "alpha": 90, "beta": 90, "gamma": 90}
# as a pipeline sends it
RESULT = [
    {
        "ispyb_command": "write_autoproc",
        "program_id": "$ispyb_autoprocprogram_id",
        "autoproc_id": None,
        "spacegroup": "P 43 21 2",
        **{f"refinedcell_{name}": value for name, value in CELL.items()},
        "store_result": "ispyb_autoproc_id",
    },
    {
        "ispyb_command": "insert_scaling",
        "autoproc_id": "$ispyb_autoproc_id",
        "store_result": "ispyb_autoprocscaling_id",
        "overall": {"res_lim_low": 39.0, "res_lim_high": 1.5, "r_merge": 0.0625, "cc_half": 0.5},
        "innerShell": {"res_lim_high": 4.25, "n_tot_obs": "1200", "mean_i_sig_i": "None"},
        "outerShell": {"res_lim_high": 1.5, "r_meas_all_iplusi_minus": 1.125, "anom": 0},
    },
    {
        "ispyb_command": "upsert_integration",
        "scaling_id": "${ispyb_autoprocscaling_id}",
        "program_id": "$ispyb_autoprocprogram_id",
        "dcid": 111,
        **{f"cell_{name}": value for name, value in CELL.items()},
        "start_image_no": 1,
        "end_image_no": 100,
        "rot_axis_x": 1,
        "store_result": "ispyb_integration_id",
    },
    {
        "ispyb_command": "add_program_attachment",
        "program_id": "$ispyb_autoprocprogram_id",
        "file_name": "$HOME.mtz",
        "file_path": "/d/$ispyb_autoproc_id",
        "file_type": "result",
        "importance_rank": 1,
    },
    {
        "ispyb_command": "update_processing_status",
        "program_id": "$ispyb_autoprocprogram_id",
        "status": "success",
        "message": "processed as $ispyb_autoproc_id",
    },
]


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


def message(commands, **environment):
    """The message that a list of zocalo's comes in, of program 50."""
    return {
        "ispyb_command": "multipart_message",
        "ispyb_command_list": commands,
        "environment": {"ispyb_autoprocprogram_id": 50, **environment},
    }
