"""Measurements of the samples of a shipment, as MXLIMS messages."""

from datetime import datetime

import pytest

from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcScaling,
    AutoProcScalingStatistics,
    DataCollection,
    DataCollectionGroup,
    Detector,
)
from tests.core.shipping.mxlims import URL, faults_of, link, pins


def test_results_are_a_message_that_the_schemas_accept(post, stored_tree, add, sender, as_):
    answer = post(pins("a1", "a2"))
    one, two = stored_tree(answer)["Dewar"][0]["Container"][0]["BLSample"]
    start = datetime(2026, 5, 1, 12)
    add(
        Detector(detectorId=5, detectorPixelSizeHorizontal=0.25, detectorPixelSizeVertical=0.5),
        DataCollectionGroup(
            dataCollectionGroupId=31,
            sessionId=11,
            blSampleId=one["blSampleId"],
            experimentType="SAD",
        ),
        DataCollectionGroup(dataCollectionGroupId=32, sessionId=21, blSampleId=two["blSampleId"]),
        DataCollection(
            dataCollectionId=311,
            dataCollectionGroupId=31,
            detectorId=5,
            startTime=start,
            endTime=start,
            runStatus="DataCollection Successful",
            wavelength=1.25,
            axisStart=10,
            axisRange=0.5,
            overlap=0.25,
            numberOfImages=100,
            startImageNumber=1,
            transmission=20,
            exposureTime=0,
            rotationAxis="Omega",
            omegaStart=10,
            xBeam=50,
            yBeam=60,
            flux=2e12,
            imageDirectory="/data/i03",
            imagePrefix="a1",
            imageSuffix="cbf",
            fileTemplate="a1_####.cbf",
        ),
        DataCollection(dataCollectionId=312, dataCollectionGroupId=31, runStatus="was stopped"),
        DataCollection(dataCollectionId=321, dataCollectionGroupId=32),
        AutoProcProgram(autoProcProgramId=41, processingPrograms="xia2 dials", processingStatus=1),
        AutoProcProgramAttachment(
            autoProcProgramId=41, fileType="Result", filePath="/p", fileName="a.mtz"
        ),
        AutoProcIntegration(autoProcIntegrationId=1, dataCollectionId=311, autoProcProgramId=41),
        AutoProc(
            autoProcId=1,
            autoProcProgramId=41,
            spaceGroup="P43212",
            **{f"refinedCell_{edge}": 78 for edge in ("a", "b", "c", "alpha", "beta", "gamma")},
        ),
        AutoProcScaling(autoProcScalingId=1, autoProcId=1),
        *(
            AutoProcScalingStatistics(
                autoProcScalingId=1,
                scalingStatisticsType=shell,
                resolutionLimitLow=40,
                resolutionLimitHigh=1.5,
                rMerge=0.0625,
                ccHalf=0.5,
                completeness=99.5,
            )
            for shell in ("overall", "outerShell")
        ),
    )
    url = f"{URL}/{answer['shippingId']}"
    results = sender.get(f"{url}/results").json
    assert faults_of(results) == []
    assert {kind: results[kind] for kind in answer["message"]} == answer["message"]
    (experiment,) = results["MxExperiment"].values()
    assert experiment["experimentStrategy"] == "SAD"
    assert (experiment["jobStatus"], experiment["measuredFlux"]) == ("Aborted", 2e12)
    assert experiment["logisticalSampleRef"] == link("Pin")
    assert experiment["startTime"] == start.astimezone().isoformat()
    sweep, bare = results["CollectionSweep"].values()
    assert sweep["sourceRef"] == bare["sourceRef"] == link("MxExperiment")
    assert sweep["energy"] == pytest.approx(9918.736)
    assert (sweep["overlap"], sweep["imageWidth"], sweep["transmission"]) == (0.5, 0.5, 20)
    assert (sweep["beamPosition"], sweep["path"]) == ([200, 120], "/data/i03")
    assert "exposureTime" not in sweep and sweep["axisPositionsStart"] == {"omega": 10}
    (scan,) = sweep["scans"]
    assert scan == {
        "scanPositionStart": 10,
        "firstImageNumber": 1,
        "numberImages": 100,
        "ordinal": 0,
    }
    (processing,) = results["MxProcessing"].values()
    assert (processing["programName"], processing["jobStatus"]) == ("xia2 dials", "Completed")
    assert processing["inputDataRefs"] == [link("CollectionSweep")]
    (reflections,) = results["ReflectionSet"].values()
    assert reflections["sourceRef"] == link("MxProcessing")
    overall = reflections["reflectionStatisticsOverall"]
    assert overall["resolutionLimits"] == [40, 1.5] and "CC_one_half" not in overall
    assert (overall["R_merge"], overall["Completeness"]) == (0.0625, 99.5)
    correlations = {"CC_one_half": {"overall": 0.5, "outerShell": 0.5}}
    assert reflections["extensions"] == {"ispyb.example.org": correlations}
    assert (reflections["path"], reflections["filename"]) == ("/p", "a.mtz")
    assert (reflections["spaceGroupName"], reflections["wavelengths"]) == ("P43212", [1.25])
    staff = as_("staff", None, "all_sessions").get(f"{url}/results").json
    assert faults_of(staff) == [] and len(staff["MxExperiment"]) == 2
    assert staff["MxExperiment"]["MxExperiment2"]["jobStatus"] == "Completed"
