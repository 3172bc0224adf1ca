"""Routes of detectors, setups, robot actions, energy scans and X-ray fluorescence."""

from tests.matrix import Route, holders, inside, managers, signed_in

XRF_MAP = {
    "gridInfoId": 1,
    "dataFormat": "json",
    "data": "e30=",
    "XRFFluorescenceMappingROI": {"startEnergy": 1, "endEnergy": 2},
}
ROUTES = [
    Route("get /beamline/detectors", signed_in()),
    Route("post /beamline/detectors", managers(201), schema="Detector"),
    Route("get /beamline/detectors/{detector_id}", signed_in()),
    Route("patch /beamline/detectors/{detector_id}", managers()),
    Route("get /beamline/robot_actions", signed_in(), list_key="robotActionId"),
    Route(
        "post /beamline/robot_actions", holders(201), body={"sessionId": 1}, schema="RobotAction"
    ),
    Route("get /beamline/robot_actions/{robot_action_id}", inside()),
    Route("patch /beamline/robot_actions/{robot_action_id}", holders()),
    Route("get /beamline/setups", signed_in()),
    Route(
        "post /beamline/setups",
        holders(201, elsewhere=403),
        body={"beamlineName": "i03"},
        schema="Setup",
    ),
    Route("get /beamline/setups/{setup_id}", signed_in()),
    Route("patch /beamline/setups/{setup_id}", holders()),
    Route(
        "get /beamline/robot_actions/{robot_action_id}/snapshots/{when}",
        inside(),
        path={
            "robot_action_id": 7,
            "when": "before",
        },
    ),
    Route(
        "get /energy_scans/{energy_scan_id}/files/{kind}",
        inside(),
        path={"energy_scan_id": 7, "kind": "scan"},
    ),
    Route(
        "get /xrf_spectra/{xrf_spectrum_id}/files/{kind}",
        inside(),
        path={"xrf_spectrum_id": 7, "kind": "scan"},
    ),
    Route("get /energy_scans", signed_in(), list_key="energyScanId"),
    Route("post /energy_scans", holders(201), body={"sessionId": 1}, schema="EnergyScan"),
    Route("get /energy_scans/{energy_scan_id}", inside()),
    Route("patch /energy_scans/{energy_scan_id}", holders()),
    Route("get /xrf_maps", signed_in(), list_key="xrfFluorescenceMappingId"),
    Route(
        "post /xrf_maps",
        holders(201, elsewhere=424),  # it sees no such grid
        body=XRF_MAP,
        schema="XrfMap",
    ),
    Route("get /xrf_maps/{xrf_map_id}", inside()),
    Route("get /xrf_maps/{xrf_map_id}/data", inside()),
    Route("get /xrf_spectra", signed_in(), list_key="xfeFluorescenceSpectrumId"),
    Route("post /xrf_spectra", holders(201), body={"sessionId": 1}, schema="XrfSpectrum"),
    Route("get /xrf_spectra/{xrf_spectrum_id}", inside()),
    Route("patch /xrf_spectra/{xrf_spectrum_id}", holders()),
]
