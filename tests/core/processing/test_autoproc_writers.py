"""AutoProcContainer XML as autoPROC, xia2 and EDNA write it: values and data collections."""

from xml.etree.ElementTree import Element, SubElement, tostring

import pytest
from ispyb.xmltools import mx_data_reduction_to_ispyb, xml_file_to_dict

from shared.models import DataCollection, ProcessingPipeline
from tests.core.processing.test_autoproc_xml import (
    AUTOPROC,
    INTEGRATION,
    STATISTICS,
    Recorder,
    add_row,
    add_scaling,
    container,
)
from tests.core.processing_rows import RESULTS, SHELLS

SCRATCH = "/scratch/b7/mx1-1/lys"
ENVIRONMENT = """
  Host      : node17.beamline.example
  OS        : Linux 9|NAME="Linux 9 (Nine)"||SUPPORT="Linux"|SUPPORT_VERSION="9"|x86_64|6.1
  User      : process (group = ispyb)
  Directory : /data/mx1-1/processed/lys/
  autoPROC  : /opt/autoPROC/latest
  Date      : Sat May 11 14:10:00 PDT 2024
"""
AUTOPROC_PROGRAM = {
    "processingCommandLine": f"/opt/autoPROC/bin/process -I {SCRATCH}/ -nthreads 8 -d ap-run",
    "processingPrograms": "autoPROC 1.0.5 (20210420 - see: http://autoproc.example.org/)",
    "processingStatus": 1,
    "processingMessage": "",
    "processingStartTime": "Sat May 11 14:10:00 PDT 2024",
    "processingEndTime": "Sat May 11 14:24:41 PDT 2024",
    "processingEnvironment": ENVIRONMENT,
}
SWEEPS = (
    {**INTEGRATION, "cell_a": 78.375, "endImageNumber": 21, "beamVectorZ": 0.875},
    {**INTEGRATION, "cell_b": 78.125, "endImageNumber": 84, "beamVectorX": -0.0078125},
)


@pytest.fixture
def store(zocalo):
    """``store(root)`` posts XML for collection 111 and returns the answer."""

    def post(root, status=201, query="dataCollectionId=111"):
        url = f"{RESULTS}?{query}"
        answer = zocalo.post(url, data=tostring(root), content_type="application/xml")
        assert answer.status_code == status, answer.text
        return answer.json

    return post


def integrations_of(answer):
    return [each for part in answer["autoProc"]["scalings"] for each in part["integrations"]]


def check_columns(row, columns):
    """Compare the numbers of ``columns``, perhaps written as text, with those of a row."""
    for name, value in columns.items():
        assert row[name] == (value if name == "spaceGroup" else float(value)), name


def autoproc_of_one_sweep(*images):
    """The results of two passes of autoPROC over one sweep: all is there twice."""
    root = container(AUTOPROC_PROGRAM, files=4, autoproc=None, scalings=0)
    for sweep, image, factor in zip(SWEEPS, images, (1, 2)):
        add_row(root, "AutoProc", wavelength=0.9765625, **AUTOPROC)
        values = {"DanoOverSigDano": ".875", "rMerge": 0.0625 * factor}
        add_scaling(root, image, integration=sweep, **values)
    return root


@pytest.mark.parametrize(
    "images",
    [
        (f"{SCRATCH}/lys_1_00001.cbf", f"{SCRATCH}/lys_1_00001.cbf"),
        (f"{SCRATCH}/lys_1_00001.cbf", f"{SCRATCH}//lys_1_00022.cbf"),
        (f"{SCRATCH}/lys_1_00001.cbf.gz", f"{SCRATCH}/lys_1_00022.cbf.gz"),
        (f"{SCRATCH}/lys_1_master.h5", f"{SCRATCH}/lys_1_master.h5"),
        ("/data/11/xtal_1_00001.cbf", "/data/11/xtal_1_00001.cbf"),
    ],
    ids=["same", "other", "packed", "hdf5", "stored"],
)
def test_two_containers_of_one_sweep_are_of_the_request(store, add, tmp_path, images):
    """autoPROC copies images to other folders: no data collection has them."""
    add(ProcessingPipeline(processingPipelineId=8, name="autoPROC", discipline="MX"))
    root = autoproc_of_one_sweep(*images)
    answer = store(root, query="dataCollectionId=112")
    assert answer["warnings"] == [
        "AutoProc.wavelength: not stored",
        "AutoProcScalingStatistics.DanoOverSigDano: not stored",
        "program.processingEnvironment: cut to 255 characters",
    ]
    program = answer["program"]
    assert program["ProcessingPipeline"]["name"] == "autoPROC"
    for name in ("processingCommandLine", "processingPrograms", "processingStatus"):
        assert program[name] == AUTOPROC_PROGRAM[name]
    assert program["processingStartTime"] == "2024-05-11T14:10:00"
    assert program["processingEndTime"] == "2024-05-11T14:24:41"
    assert program["processingEnvironment"] == ENVIRONMENT.strip()[:255]
    assert len(answer["attachments"]) == 4 and answer["furtherAutoProcs"] == []
    check_columns(answer["autoProc"], AUTOPROC)
    for scaling, factor in zip(answer["autoProc"]["scalings"], (1, 2), strict=True):
        assert {each["scalingStatisticsType"] for each in scaling["statistics"]} == {*SHELLS}
        for shell in scaling["statistics"]:
            check_columns(shell, {**STATISTICS, "rMerge": 0.0625 * factor})
    for integration, sweep in zip(integrations_of(answer), SWEEPS, strict=True):
        check_columns(integration, {**sweep, "dataCollectionId": 112})
    path, recorder = tmp_path / "autoPROC.xml", Recorder()
    path.write_bytes(tostring(root))
    mx_data_reduction_to_ispyb(xml_file_to_dict(path), 112, recorder)
    official = [
        (each["datacollectionid"], each["cell_a"]) for each in recorder.given["integrations"]
    ]
    ours = [(each["dataCollectionId"], str(each["cell_a"])) for each in integrations_of(answer)]
    assert official == ours


def test_several_sweeps_are_of_their_own_data_collections(store):
    """The data collection of the request is not that of all sweeps."""
    root = autoproc_of_one_sweep("/data/11/xtal_2_00001.cbf", "/data/11/xtal_1_00001.cbf")
    answer = store(root, query="dataCollectionId=112")
    assert [each["dataCollectionId"] for each in integrations_of(answer)] == [112, 111]


def wavelengths(*sweeps, behind=False):
    """A scaling of several wavelengths, as xia2 writes it: the statistics and sweeps of each."""
    root = container({"processingPrograms": "xia2 dials"}, scalings=0)
    scaling, late = SubElement(root, "AutoProcScalingContainer"), []
    add_row(scaling, "AutoProcScaling", recordTimeStamp="2024-05-11 14:24:40")
    for number, images in enumerate(sweeps, 1):
        for shell in SHELLS:
            values = {**STATISTICS, "scalingStatisticsType": shell, "rMerge": number / 16}
            add_row(scaling, "AutoProcScalingStatistics", **values)
        for image in images:
            element = Element("AutoProcIntegrationContainer")
            folder, _, name = image.rpartition("/")
            add_row(element, "Image", fileName=name, fileLocation=folder)
            add_row(element, "AutoProcIntegration", **{**INTEGRATION, "cell_a": number})
            (late if behind else scaling).append(element)
    scaling.extend(late)
    return root


ONE, TWO, OTHER = (
    "/data/11/xtal_1_0001.cbf",
    "/data/11/xtal_2_0001.cbf",
    "/data/21/xtal_1_0001.cbf",
)


@pytest.mark.parametrize(
    "sweeps, behind",
    [(([ONE], [TWO]), False), (([ONE], [TWO], [OTHER]), True), (([ONE, TWO], [OTHER]), False)],
    ids=["two", "behind", "unequal"],
)
def test_each_wavelength_is_a_scaling(store, sweeps, behind):
    keys = {ONE: 111, TWO: 112, OTHER: 211}
    answer = store(wavelengths(*sweeps, behind=behind))
    scalings = answer["autoProc"]["scalings"]
    for number, (scaling, images) in enumerate(zip(scalings, sweeps, strict=True), 1):
        assert scaling["recordTimeStamp"] == "2024-05-11T14:24:40"
        assert {each["scalingStatisticsType"] for each in scaling["statistics"]} == {*SHELLS}
        for shell in scaling["statistics"]:
            check_columns(shell, {**STATISTICS, "rMerge": number / 16})
        integrations = scaling["integrations"]
        assert [each["dataCollectionId"] for each in integrations] == [keys[i] for i in images]
        assert {each["cell_a"] for each in integrations} == {number}
    assert answer["warnings"] == []


def test_a_wavelength_needs_its_three_shells(store):
    root = wavelengths([ONE], [TWO])
    shells = root.iter("AutoProcScalingStatistics")
    root.find("AutoProcScalingContainer").remove([*shells][4])
    problem = store(root, 422)
    assert problem["errors"].keys() == {"autoProc"}
    assert problem["errors"]["autoProc"]["scalings"].keys() == {"1"}


def test_an_image_of_edna_names_the_data_collection(store):
    """Its input has an element around the container."""
    inner = container(scalings=0)
    scaling = add_scaling(inner, None, None)
    for element, key in zip(scaling.iter("AutoProcIntegrationContainer"), (112, 111)):
        add_row(element, "Image", dataCollectionId=key)
    root = Element("XSDataInputStoreAutoProc")
    root.append(inner)
    answer = store(root, query="")
    assert [each["dataCollectionId"] for each in integrations_of(answer)] == [112, 111]
    assert answer["warnings"] == []
    for element in scaling.iter("Image"):
        element.find("dataCollectionId").text = "999"
    assert store(inner, 424)["errors"] == {"dataCollectionId": ["no such DataCollection"]}
    empty = Element("XSDataInputStoreAutoProc")
    assert [*store(empty, 422)["errors"]] == ["AutoProcContainer"]


def test_an_integration_comes_before_its_image(store):
    root = container(scalings=0)
    scaling = add_scaling(root, integration={**INTEGRATION, "dataCollectionId": 111})
    add_row(scaling.find("AutoProcIntegrationContainer"), "Image", dataCollectionId=112)
    assert store(root, query="")["dataCollectionId"] == 111


@pytest.mark.parametrize("text", ["********", "low", "inf", "1e999", "1,5", "--"])
def test_a_number_that_is_none_is_null(store, text):
    root = container({"processingPrograms": "XDSME 0.6 with XDS", "reprocessingId": text})
    for element in (*root.iter("rMerge"), *root.iter("endImageNumber"), *root.iter("anomalous")):
        element.text = text
    answer = store(root)
    names = ("rMerge", "anomalous")
    places = [f"AutoProcScalingStatistics.{name}" for name in names]
    places += ["AutoProcIntegration.endImageNumber", "AutoProcIntegration.anomalous"]
    places.insert(0, "AutoProcProgram.reprocessingId")
    assert sorted(answer["warnings"]) == sorted(f"{p}: not understood: {text}" for p in places)
    (scaling,) = answer["autoProc"]["scalings"]
    for shell in scaling["statistics"]:
        assert (shell["rMerge"], shell["completeness"]) == (None, STATISTICS["completeness"])
    (integration,) = scaling["integrations"]
    assert (integration["endImageNumber"], integration["startImageNumber"]) == (None, 1)


def test_a_data_collection_of_the_same_files_does_not_hinder(store, add):
    again = {"imageDirectory": "/data/11/", "fileTemplate": "xtal_1_#####.cbf"}
    add(DataCollection(dataCollectionId=119, dataCollectionGroupId=11, **again))
    picture = "/data/11/xtal_1_00001.cbf"
    answer = store(autoproc_of_one_sweep(picture, picture), query="dataCollectionId=119")
    assert [each["dataCollectionId"] for each in integrations_of(answer)] == [119, 119]
    store(autoproc_of_one_sweep(picture, picture), 422, query="")


@pytest.mark.parametrize("names", [("1.nxs", "2.nxs"), ("001.h5", "002.h5")], ids=["nxs", "h5"])
def test_copies_of_sweeps_have_the_names_of_the_originals(store, names):
    """The folder of the request's data collection has the data collections of all of them."""
    root = autoproc_of_one_sweep(*(f"{SCRATCH}/xtal_{name}" for name in names))
    keys = [each["dataCollectionId"] for each in integrations_of(store(root))]
    assert keys == [111, 112]
    problem = store(root, 422, query="dataCollectionId=211")
    at = "autoProc.scalings.1.integrations.0.dataCollectionId"
    assert problem["errors"] == {at: ["names none"]}, "folder 21 has only the first run"


def test_two_sweeps_of_one_scaling_that_were_copied(store, tmp_path):
    """A pipeline that works on copies of images writes no status, and elements of its own."""
    program = {
        "foo": "bar",
        "processingCommandLine": f"process -nthreads 8 -ref {SCRATCH}/ref.mtz -R 90.0 3.5 -d t.1",
        "processingPrograms": "my_pipeline 1.3.0",
        "processingStatus": "",
        "processingMessage": "",
        "processingStartTime": "Sat May 11 14:10:00 GMT 2024",
        "processingEndTime": "Sat May 11 14:24:41 GMT 2024",
        "processingEnvironment": ENVIRONMENT,
    }
    root = container(program, autoproc=None, scalings=0)
    add_row(root, "AutoProc", wavelength=0.9765625, **AUTOPROC)
    scaling = add_scaling(root, f"{SCRATCH}/xtal_1_00001.cbf", DanoOverSigDano=1.375)
    element = SubElement(scaling, "AutoProcIntegrationContainer")
    add_row(element, "Image", fileName="xtal_2_00001.cbf", fileLocation=SCRATCH)
    add_row(element, "AutoProcIntegration", **SWEEPS[0])
    answer = store(root)
    assert answer["warnings"] == [
        "AutoProcProgram.foo: not stored",
        "AutoProc.wavelength: not stored",
        "AutoProcScalingStatistics.DanoOverSigDano: not stored",
        "program.processingEnvironment: cut to 255 characters",
    ]
    stored = answer["program"]
    for name in ("processingCommandLine", "processingPrograms"):
        assert stored[name] == program[name]
    assert (stored["processingStatus"], stored["processingMessage"]) == (1, None)
    assert stored["processingStartTime"] == "2024-05-11T14:10:00"
    assert stored["processingEndTime"] == "2024-05-11T14:24:41"
    assert [each["fileName"] for each in answer["attachments"]] == ["0.log", "1.log"]
    check_columns(answer["autoProc"], AUTOPROC)
    (scaling,) = answer["autoProc"]["scalings"]
    for shell in scaling["statistics"]:
        check_columns(shell, STATISTICS)
    one, two = integrations_of(answer)
    check_columns(one, {**INTEGRATION, "dataCollectionId": 111})
    check_columns(two, {**SWEEPS[0], "dataCollectionId": 112})
    path, recorder = tmp_path / "pipeline.xml", Recorder()
    path.write_bytes(tostring(root))
    mx_data_reduction_to_ispyb(xml_file_to_dict(path), 111, recorder)
    official = [float(each["cell_a"]) for each in recorder.given["integrations"]]
    assert official == [one["cell_a"], two["cell_a"]]


EDNA_STATISTICS = {
    "resolutionLimitLow": ("resolutionLimitLow", 48.5),
    "resolutionLimitHigh": ("resolutionLimitHigh", 1.75),
    "rMerge": ("rMerge", 6.25),
    "rmeasWithinIplusIminus": ("rMeasWithinIPlusIMinus", 7.5),
    "rmeasAllIplusIminus": ("rMeasAllIPlusIMinus", 7.75),
    "rpimWithinIplusIminus": ("rPimWithinIPlusIMinus", 3.5),
    "rpimAllIplusIminus": ("rPimAllIPlusIMinus", 3.75),
    "fractionalPartialBias": ("fractionalPartialBias", -0.125),
    "nTotalObservations": ("nTotalObservations", 240000),
    "ntotalUniqueObservations": ("nTotalUniqueObservations", 35000),
    "meanIOverSigI": ("meanIOverSigI", 14.5),
    "completeness": ("completeness", 99.25),
    "multiplicity": ("multiplicity", 6.75),
    "anomalousCompleteness": ("anomalousCompleteness", 96.5),
    "anomalousMultiplicity": ("anomalousMultiplicity", 3.25),
    "ccHalf": ("ccHalf", 99.5),
    "ccAno": ("ccAnomalous", 25.5),
}


def test_a_result_of_edna(store):
    """EDNA writes booleans as words, the overall shell last, and names with other capitals."""
    program = {
        "processingCommandLine": "edna-plugin-launcher --execute EDPluginControlProc",
        "processingPrograms": "EDNA_proc",
        "processingStatus": "true",
        "processingStartTime": "Sat May 11 14:10:00 2024",
        "processingEndTime": "Sat May 11 14:24:41 2024",
    }
    container_of_result = container(program, scalings=0)
    scaling = SubElement(container_of_result, "AutoProcScalingContainer")
    add_row(scaling, "AutoProcScaling", recordTimeStamp="2024-05-11 14:24:40")
    values = {name: value for name, (_, value) in EDNA_STATISTICS.items()}
    for kind in ("innerShell", "outerShell", "overall"):
        others = {"anomalous": "true", "isa": 21.5, "sigAno": 1.25}
        add_row(
            scaling, "AutoProcScalingStatistics", scalingStatisticsType=kind, **values, **others
        )
    element = SubElement(scaling, "AutoProcIntegrationContainer")
    add_row(element, "Image", dataCollectionId=112)
    cell = {name: value for name, value in INTEGRATION.items() if name.startswith("cell")}
    integration = {"autoProcIntegrationId": 7, **cell, "anomalous": "true"}
    add_row(element, "AutoProcIntegration", **integration)
    root = Element("XSDataInputStoreAutoProc")
    root.append(container_of_result)
    answer = store(root, query="")
    assert answer["warnings"] == [
        "AutoProcScalingStatistics.isa: not stored",
        "AutoProcScalingStatistics.sigAno: not stored",
        "AutoProcIntegration.autoProcIntegrationId: not stored",
    ]
    stored = answer["program"]
    for name in ("processingCommandLine", "processingPrograms"):
        assert stored[name] == program[name]
    assert stored["processingStatus"] == 1
    assert stored["processingStartTime"] == "2024-05-11T14:10:00"
    assert stored["processingEndTime"] == "2024-05-11T14:24:41"
    check_columns(answer["autoProc"], AUTOPROC)
    (scaling,) = answer["autoProc"]["scalings"]
    assert scaling["recordTimeStamp"] == "2024-05-11T14:24:40"
    assert {each["scalingStatisticsType"] for each in scaling["statistics"]} == {*SHELLS}
    for shell in scaling["statistics"]:
        check_columns(shell, dict(EDNA_STATISTICS.values()))
        assert shell["anomalous"] is True
    (row,) = integrations_of(answer)
    check_columns(row, {**cell, "dataCollectionId": 112, "anomalous": True})
