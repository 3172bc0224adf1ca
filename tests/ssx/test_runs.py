"""Runs: whole serial experiments, stored in one request."""

from tests.ssx.conftest import API

URL = f"{API}/ssx/runs"
LASER = {"name": "532 nm", "EventType": {"name": "LaserExcitation"}, "offset": 0.0}
LASER |= {"duration": 1e-8, "period": 0.0043, "repetition": 138600}
PROBE = {"EventType": {"name": "XrayDetection"}, "offset": 0.003, "duration": 9e-05}
PROBE |= {"period": 0.0043, "repetition": 138600}
SAMPLE = {
    "name": "br_b4",
    "support": "LCP injector",
    "Crystal": {
        **{"size_X": 0.01, "size_Y": 0.01, "size_Z": 0.004, "abundance": 0.3},
        "Protein": {"name": "Bacteriorhodopsin", "acronym": "BR"},
        "CrystalComposition": [
            {
                "Component": {
                    "name": "retinal",
                    "composition": "C20H28O",
                    "ComponentType": {"name": "Ligand"},
                },
                "abundance": 1.0,
            }
        ],
    },
    "SampleComposition": [
        {
            "Component": {"name": "monoolein", "ComponentType": {"name": "JetMaterial"}},
            "abundance": 60.0,
        },
        {"Component": {"name": "tris", "ComponentType": {"name": "buffer"}}, "pH": 8.0},
    ],
}
RUN = {
    "repetitionRate": 231.25,
    "energyBandwidth": 0.5,
    "jetSize": 75.0,
    "jetSpeed": 0.0002,
    "experimentName": "dark + 3 ms",
    "DataCollection": {
        "startTime": "2026-11-20T10:01:00",
        "imageDirectory": "/data/mx1/br/",
        "imagePrefix": "BR-br_b4",
        "exposureTime": 0.0009,
        "numberOfImages": 138600,
        "detectorId": 5,
        "DataCollectionGroup": {
            "session": "mx1-1",
            "experimentType": "SSX-Jet",
            "startTime": "2026-11-20T10:00:00",
            "comments": "LCP, night run",
            "BLSample": SAMPLE,
        },
    },
    "EventChain": [{"name": "pump-probe", "Event": [LASER, PROBE]}],
}


def test_a_run_is_stored_in_one_request(writer, alice, bob):
    answer = writer.post(URL, json=RUN)
    assert answer.status_code == 201, answer.json
    print(answer.json)
    assert alice.get(f"{URL}/{answer.json['dataCollectionId']}").json == answer.json
    assert bob.get(f"{URL}/{answer.json['dataCollectionId']}").status_code == 404
    assert writer.post(URL, json=RUN).status_code == 200
