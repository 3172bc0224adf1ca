"""AutoProcContainer XML: each way in which programs write it, and the official reader's values."""

from xml.etree.ElementTree import Element, SubElement, tostring

import pytest
from ispyb.sp.mxprocessing import MXProcessing
from ispyb.strictordereddict import StrictOrderedDict
from ispyb.xmltools import mx_data_reduction_to_ispyb, xml_file_to_dict

from services.core.models import AutoProc, AutoProcScaling
from services.core.modules.processing import autoproc_xml
from shared.models import AutoProcProgram, DataCollection, DataCollectionGroup, ProcessingJob
from tests.core.processing_rows import PIPELINE, RESULTS, SHELLS, collect

PROGRAM = {
    "processingCommandLine": "process -I /data/11",
    "processingPrograms": "autoPROC",
    "processingStatus": "1",
    "processingStartTime": "2024-05-11T14:10:00",
    "processingEndTime": "2024-05-11 14:24:41",
}
CELL = {"_a": 78.25, "_b": "78.25", "_c": 37.5, "_alpha": 90, "_beta": "90.0", "_gamma": 90}
AUTOPROC = {"spaceGroup": "P 43 21 2", **{f"refinedCell{n}": v for n, v in CELL.items()}}
STATISTICS = {
    "resolutionLimitLow": 39.125,
    "resolutionLimitHigh": 1.5,
    "rMerge": ".0625",
    "rMeasWithinIPlusIMinus": 0.03125,
    "rMeasAllIPlusIMinus": 0.046875,
    "rPimWithinIPlusIMinus": 0.015625,
    "rPimAllIPlusIMinus": 0.0234375,
    "nTotalObservations": 123456,
    "nTotalUniqueObservations": 12345,
    "meanIOverSigI": 12.5,
    "completeness": 99.5,
    "multiplicity": 10.25,
    "anomalousCompleteness": 98.5,
    "anomalousMultiplicity": 5.125,
    "anomalous": 1,
    "ccHalf": 0.9375,
    "ccAnomalous": 0.25,
}
INTEGRATION = {
    **{f"cell{name}": value for name, value in CELL.items()},
    "startImageNumber": 1,
    "endImageNumber": 100,
    "refinedDetectorDistance": 250.5,
    "refinedXBeam": 1234.5,
    "refinedYBeam": 1250.25,
    "rotationAxisX": 1.0,
    "rotationAxisY": 0,
    "rotationAxisZ": "-0.0",
    "beamVectorX": 0.0,
    "beamVectorY": 0.0,
    "beamVectorZ": -1.0,
    "anomalous": 0,
}


def add_row(above, tag, **values):
    row = SubElement(above, tag)
    for name, value in values.items():
        SubElement(row, name).text = str(value)
    return row


def add_scaling(root, *images, shells=SHELLS, integration=INTEGRATION, **statistics):
    scaling = SubElement(root, "AutoProcScalingContainer")
    add_row(scaling, "AutoProcScaling", recordTimeStamp="2024-05-11 14:24:40")
    for shell in shells:
        values = {**STATISTICS, "scalingStatisticsType": shell, **statistics}
        add_row(scaling, "AutoProcScalingStatistics", **values)
    for image in images or [None]:
        container = SubElement(scaling, "AutoProcIntegrationContainer")
        if image:
            folder, _, name = image.rpartition("/")
            add_row(container, "Image", fileName=name, fileLocation=folder)
        add_row(container, "AutoProcIntegration", **integration)
    return scaling


def container(program=PROGRAM, files=2, autoproc=AUTOPROC, scalings=1):
    """The element of a container, as autoPROC writes it for one sweep."""
    root = Element("AutoProcContainer")
    above = SubElement(root, "AutoProcProgramContainer")
    add_row(above, "AutoProcProgram", **program)
    for number in range(files):
        file = {"fileType": "Log", "fileName": f"{number}.log", "filePath": "/data/p"}
        add_row(above, "AutoProcProgramAttachment", **file)
    if autoproc:
        add_row(root, "AutoProc", **autoproc)
    for _ in range(scalings):
        add_scaling(root)
    return root


@pytest.fixture
def zocalo(as_, facility, add):
    collect(add)
    return as_(*PIPELINE, service=True)


@pytest.fixture
def send(zocalo):
    """``send(root)`` posts XML for collection 111."""

    def post(body, query="dataCollectionId=111", kind="application/xml", **more):
        data = body if isinstance(body, bytes) else tostring(body)
        return zocalo.post(f"{RESULTS}?{query}", data=data, content_type=kind, **more)

    return post


def stored(response, status=201):
    assert response.status_code == status, response.json
    return response.json


class Recorder(MXProcessing):
    """The official writer, which keeps its arguments and stores nothing."""

    def __init__(self):
        self.given = {"attachments": [], "scalings": [], "integrations": []}

    def upsert_program_ex(self, **values):
        self.given["program"] = values
        return 1

    def upsert_program_attachment(self, values):
        self.given["attachments"].append(
            StrictOrderedDict(zip(self._program_attachment_params, values))
        )

    def upsert_processing(self, values):
        self.given["autoproc"] = StrictOrderedDict(zip(self._processing_params, values))
        return 2

    def insert_scaling(self, parent_id, *shells):
        self.given["scalings"].append(
            [StrictOrderedDict(zip(self._scaling_params, each)) for each in shells]
        )
        return 3

    def upsert_integration(self, values):
        self.given["integrations"].append(StrictOrderedDict(zip(self._integration_params, values)))
        return 4


OFFICIAL = {
    "res_lim_low": "resolutionLimitLow",
    "res_lim_high": "resolutionLimitHigh",
    "r_merge": "rMerge",
    "r_meas_within_iplusi_minus": "rMeasWithinIPlusIMinus",
    "r_meas_all_iplusi_minus": "rMeasAllIPlusIMinus",
    "r_pim_within_iplusi_minus": "rPimWithinIPlusIMinus",
    "r_pim_all_iplusi_minus": "rPimAllIPlusIMinus",
    "n_tot_obs": "nTotalObservations",
    "n_tot_unique_obs": "nTotalUniqueObservations",
    "mean_i_sig_i": "meanIOverSigI",
    "completeness": "completeness",
    "multiplicity": "multiplicity",
    "anom": "anomalous",
    "anom_completeness": "anomalousCompleteness",
    "anom_multiplicity": "anomalousMultiplicity",
    "cc_half": "ccHalf",
    "cc_anom": "ccAnomalous",
}
INTEGRATED = {
    "datacollectionid": "dataCollectionId",
    "start_image_no": "startImageNumber",
    "end_image_no": "endImageNumber",
    "refined_detector_dist": "refinedDetectorDistance",
    "refined_xbeam": "refinedXBeam",
    "refined_ybeam": "refinedYBeam",
    **{f"cell{name}": f"cell{name}" for name in CELL},
    "anom": "anomalous",
}


def two_sweeps():
    """The container of two sweeps, each with a result: the official reader takes the first."""
    root = container({**PROGRAM, "reprocessingId": 7}, files=1, scalings=0)
    add_scaling(root, integration={**INTEGRATION, "dataCollectionId": 112}, rMerge=0.125)
    add_row(root, "AutoProc", **AUTOPROC)
    integration = {**INTEGRATION, "dataCollectionId": 111}
    add_scaling(root, None, None, shells=SHELLS[::-1], integration=integration, completeness=87.5)
    return root


@pytest.mark.parametrize("made", [lambda: container({**PROGRAM, "reprocessingId": 7}), two_sweeps])
def test_the_official_reader_finds_the_same_values(send, tmp_path, add, made):
    add(ProcessingJob(processingJobId=7, dataCollectionId=111))
    root = made()
    (tmp_path / "autoPROC.xml").write_bytes(tostring(root))
    recorder = Recorder()
    mx_data_reduction_to_ispyb(xml_file_to_dict(tmp_path / "autoPROC.xml"), 111, recorder)
    given, made = recorder.given, stored(send(root))
    program = made["program"]
    assert given["program"] == {
        "job_id": str(program["processingJobId"]),
        "name": program["processingPrograms"],
        "command": program["processingCommandLine"],
    }
    for theirs, ours in zip(given["attachments"], made["attachments"], strict=True):
        for name, column in (
            ("file_name", "fileName"),
            ("file_path", "filePath"),
            ("file_type", "fileType"),
        ):
            assert theirs[name] == ours[column]
    autoproc = made["autoProc"]
    assert given["autoproc"]["spacegroup"] == autoproc["spaceGroup"]
    for name in CELL:
        assert float(given["autoproc"][f"refinedcell{name}"]) == autoproc[f"refinedCell{name}"]
    for result, scaling in zip(given["scalings"], autoproc["scalings"], strict=True):
        shells = {each["scalingStatisticsType"]: each for each in scaling["statistics"]}
        for theirs in result:
            ours = shells[theirs["type"]]
            assert {c: float(theirs[n]) for n, c in OFFICIAL.items()} == {
                column: ours[column] for column in OFFICIAL.values()
            }
    integrated = [each for scaling in autoproc["scalings"] for each in scaling["integrations"]]
    for theirs, ours in zip(given["integrations"], integrated, strict=True):
        assert {c: float(theirs[n]) for n, c in INTEGRATED.items()} == {
            column: ours[column] for column in INTEGRATED.values()
        }


def test_rotation_axis_and_beam_vector_are_stored(send):
    made = stored(send(container()))
    (integration,) = made["autoProc"]["scalings"][0]["integrations"]
    assert (integration["rotationAxisX"], integration["beamVectorZ"]) == (1.0, -1.0)
    assert (integration["refinedXBeam"], integration["refinedYBeam"]) == (1234.5, 1250.25), "as is"
    assert made["autoProc"]["scalings"][0]["recordTimeStamp"] == "2024-05-11T14:24:40"
    assert made["warnings"] == []


def test_the_same_xml_again_changes_nothing(send, count):
    first = stored(send(container()))
    again = stored(send(container(), kind="text/xml; charset=utf-8"), 200)
    assert again["autoProc"]["autoProcId"] == first["autoProc"]["autoProcId"]
    assert [count(model) for model in (AutoProcProgram, AutoProc, AutoProcScaling)] == [1, 1, 1]


@pytest.mark.parametrize(
    "text, query, expected",
    [
        ("1", "", 1),
        ("SUCCESS", "", 1),
        ("0", "", 0),
        ("FAILED", "", 0),
        ("", "", 1),
        ("", "&processingStatus=0", 0),
        ("1", "&processingStatus=0", 1),
    ],
)
def test_an_empty_status_is_the_callers_else_success(send, text, query, expected):
    root = container({**PROGRAM, "processingStatus": text})
    made = stored(send(root, f"dataCollectionId=111{query}"))
    assert made["program"]["processingStatus"] == expected


def test_no_result_and_no_status_is_no_success(send):
    root = container({**PROGRAM, "processingStatus": ""}, autoproc=None, scalings=0)
    made = stored(send(root))
    assert made["program"]["processingStatus"] is None and made["autoProc"] is None


def test_a_long_environment_is_cut(send):
    made = stored(send(container({**PROGRAM, "processingEnvironment": "A=b\n" * 100})))
    assert made["program"]["processingEnvironment"] == ("A=b\n" * 100)[:255]
    assert made["warnings"] == ["program.processingEnvironment: cut to 255 characters"]


def sweeps(send, add, autoprocs, grouped=False):
    """Two sweeps, as autoPROC repeats them: in turn, or ``grouped``."""
    root = container(autoproc=None, scalings=0)
    pictures = ["/data/11/xtal_1_00001.cbf", "/data/11/xtal_2_00001.cbf"]
    for autoproc, picture in zip(autoprocs, pictures):
        add_row(root, "AutoProc", **autoproc)
        if not grouped:
            add_scaling(root, picture, rMerge=0.125 if "_1_" in picture else 0.25)
    for picture in pictures if grouped else ():
        add_scaling(root, picture, rMerge=0.125 if "_1_" in picture else 0.25)
    return stored(send(root, ""))


@pytest.mark.parametrize("grouped", [False, True])
def test_equal_results_of_sweeps_are_one_with_all_scalings(send, add, grouped):
    made = sweeps(send, add, [AUTOPROC, AUTOPROC], grouped)
    assert made["furtherAutoProcs"] == []
    values = [
        (scaling["statistics"][0]["rMerge"], scaling["integrations"][0]["dataCollectionId"])
        for scaling in made["autoProc"]["scalings"]
    ]
    assert values == [(0.125, 111), (0.25, 112)]


@pytest.mark.parametrize("grouped", [False, True])
def test_other_results_of_sweeps_are_paired_in_order(send, add, grouped):
    made = sweeps(send, add, [AUTOPROC, {**AUTOPROC, "spaceGroup": "P 41 21 2"}], grouped)
    for result, group, collection in (
        (made["autoProc"], "P 43 21 2", 111),
        (made["furtherAutoProcs"][0], "P 41 21 2", 112),
    ):
        assert result["spaceGroup"] == group
        (scaling,) = result["scalings"]
        assert scaling["integrations"][0]["dataCollectionId"] == collection


def test_one_result_with_several_scalings(send):
    root = container(scalings=0)
    for picture in ("/data/11/xtal_1_00001.cbf", "/data/11/xtal_2_00001.cbf"):
        add_scaling(root, picture)
    assert len(stored(send(root, ""))["autoProc"]["scalings"]) == 2


def test_one_attachment_or_many(send):
    for number in (0, 1, 3):
        root = container({**PROGRAM, "processingPrograms": f"x{number}"}, files=number)
        assert len(stored(send(root))["attachments"]) == number


def test_the_order_of_the_shells_is_free(send):
    root = container(scalings=0)
    add_scaling(root, shells=("outerShell", "overall", "innerShell"))
    (scaling,) = stored(send(root))["autoProc"]["scalings"]
    assert {each["scalingStatisticsType"] for each in scaling["statistics"]} == {*SHELLS}


@pytest.mark.parametrize("shells", [SHELLS[:2], SHELLS[:1], (), (*SHELLS[:2], "overall")])
def test_fewer_than_three_shells_are_refused(send, count, shells):
    root = container(scalings=0)
    add_scaling(root, shells=shells)
    assert send(root).status_code == 422
    assert count(AutoProcProgram) == 0


def test_containers_are_matched_by_their_images(as_, send, add, zocalo):
    add(DataCollectionGroup(dataCollectionGroupId=50, sessionId=22))
    other = {"dataCollectionGroupId": 50, "imageDirectory": "/data/x"}
    add(DataCollection(dataCollectionId=501, imagePrefix="a", dataCollectionNumber=3, **other))
    pictures = ["/data/11/xtal_1_00001.cbf", "/data/x/a_3_master.h5", "/data/21/xtal_1_7.cbf"]
    root = container(scalings=0)
    add_scaling(root, *pictures)
    (scaling,) = stored(send(root))["autoProc"]["scalings"]
    values = [each["dataCollectionId"] for each in scaling["integrations"]]
    assert values == [111, 501, 211]
    i03 = as_("i03", None, "processing_write", service=True, beamlines=["i03"])
    answer = i03.post(RESULTS, data=tostring(root), content_type="application/xml")
    assert answer.json["errors"].keys() == {"autoProc.scalings.0.integrations.2.dataCollectionId"}


@pytest.mark.parametrize(
    "pictures",
    [
        (None, None),
        (None, "/data/11/xtal_9_00001.cbf"),
        ("/data/11/xtal_9_00001.cbf", "/data/11/xtal_8_00001.cbf"),
        ("/elsewhere/xtal_8_1.cbf", "/elsewhere/xtal_9_1.cbf"),
        ("/a/xtal_1_00001.cbf", "/b/xtal_1_00001.cbf"),
        ("/a/xtal_8.nxs", "/a/xtal_9.nxs"),
        ("/a/xtal_008.h5", "/a/xtal_009.h5"),
    ],
    ids=["none", "one", "runs", "elsewhere", "folders", "nexus", "hdf5"],
)
def test_containers_without_a_match_are_refused_each(send, count, pictures):
    root = container(scalings=0)
    add_scaling(root, *pictures)
    answer = send(root)
    at = "autoProc.scalings.0.integrations"
    assert answer.status_code == 422
    assert answer.json["errors"].keys() == {f"{at}.{n}.dataCollectionId" for n in (0, 1)}
    assert count(AutoProcProgram) == 0


def test_an_image_of_several_collections_is_that_of_the_request(send, add):
    again = {"imageDirectory": "/data/11/", "fileTemplate": "xtal_1_#####.cbf"}
    add(DataCollection(dataCollectionId=119, dataCollectionGroupId=11, **again))
    root = container(scalings=0)
    add_scaling(root, "/data/11/xtal_1_00001.cbf", "/data/11/xtal_2_00001.cbf")
    assert send(root, "").status_code == 422
    (scaling,) = stored(send(root, "dataCollectionId=119"))["autoProc"]["scalings"]
    assert [each["dataCollectionId"] for each in scaling["integrations"]] == [119, 112]


def test_a_container_may_name_its_collection(send):
    root = container(scalings=0)
    add_scaling(root, integration={**INTEGRATION, "dataCollectionId": 112})
    assert stored(send(root, ""))["dataCollectionId"] == 112


def test_without_any_collection_it_is_refused(send):
    assert send(container(), "").status_code == 422


def test_numbers_without_a_leading_zero_and_empty_elements(send):
    root = container(autoproc={**AUTOPROC, "refinedCell_c": ""}, scalings=0)
    add_scaling(root, rMerge="-.5", rPimAllIPlusIMinus=" ", ccHalf="NaN", nTotalObservations="9.0")
    made = stored(send(root))
    assert made["autoProc"]["refinedCell_c"] is None
    shell = made["autoProc"]["scalings"][0]["statistics"][0]
    assert shell["rMerge"] == -0.5 and shell["rPimAllIPlusIMinus"] is shell["ccHalf"] is None
    assert shell["nTotalObservations"] == 9
    assert made["warnings"] == ["AutoProcScalingStatistics.ccHalf: not understood: NaN"]


def test_elements_without_a_column_are_named(send):
    root = container(scalings=0)
    scaling = add_scaling(root, isa=25.5, sigAno=1.25, DanoOverSigDano=0.875)
    add_row(scaling, "foo", bar=1)
    warnings = stored(send(root))["warnings"]
    assert warnings == [
        "AutoProcScalingContainer.foo: not stored",
        *(
            f"AutoProcScalingStatistics.{n}: not stored"
            for n in ("isa", "sigAno", "DanoOverSigDano")
        ),
    ]


def test_no_more_is_named_than_anybody_reads(send):
    root = container()
    for number in range(200):
        SubElement(root, f"foo{number}")
    warnings = stored(send(root))["warnings"]
    assert (len(warnings), warnings[-1]) == (101, "and more")


def test_no_template_keeps_the_service_busy(send, add):
    """Where digits may follow digits, each way to divide them would be tried."""
    odd = {"imageDirectory": "/data/odd", "fileTemplate": "%d" * 40 + "#1" * 40 + ".cbf"}
    add(DataCollection(dataCollectionId=120, dataCollectionGroupId=11, **odd))
    root = container(scalings=0)
    pictures = [f"/data/odd/{letter}{'1' * 200}.cbx" for letter in "ab"]
    add_scaling(root, *pictures)
    assert send(root).status_code == 422


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<AutoProcContainer>&b;</AutoProcContainer>"""
EXTERNAL = b"""<!DOCTYPE x SYSTEM "file:///etc/passwd"><AutoProcContainer/>"""


@pytest.mark.parametrize("body", [BOMB, EXTERNAL, b"", b"{}", b"<AutoProcContainer>", b"\xff<a/>"])
def test_what_is_not_xml_or_not_safe_is_refused(send, body):
    answer = send(body)
    assert answer.status_code == 400 and "not XML, or not safe" in answer.json["detail"]


def test_other_xml_is_refused(send):
    assert send(b"<html/>").status_code == 422
    assert send(b"<AutoProcContainer/>").status_code == 422
    assert (
        send(b"<AutoProcContainer/>", kind="application/x-www-form-urlencoded").status_code == 415
    )


def test_more_than_five_megabytes_are_refused(send):
    body = tostring(container()) + b" " * autoproc_xml.LARGEST
    assert send(body).status_code == 413


def test_put_takes_xml(send, zocalo):
    made = stored(send(container()))
    url = f"{RESULTS}/{made['program']['autoProcProgramId']}?dataCollectionId=112"
    root = container({**PROGRAM, "processingPrograms": "xia2"})
    answer = zocalo.put(url, data=tostring(root), content_type="application/xml")
    current = stored(answer, 200)
    assert (current["program"]["processingPrograms"], current["dataCollectionId"]) == (
        "xia2",
        112,
    )


def test_the_specification_names_xml(app):
    from shared.app import specifications

    (spec,) = [each for root, each in specifications(app).items() if root == "/ispyb/api/v1"]
    body = spec["paths"]["/ispyb/api/v1/autoproc/results"]["post"]["requestBody"]
    assert [*body["content"]] == ["application/json", "application/xml", "text/xml"]
