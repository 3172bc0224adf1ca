"""A short day of MXCuBE at a beamline, in a process of its own: gevent patches the whole process.

``python -m tests.clients.mxcube_day SETTINGS`` reads the settings, a JSON file, and writes the
requests of the client and their answers into the file that they name. The collection class, the
queue's models and the client of ISPyB are those of mxcubecore; the beamline is none.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from types import SimpleNamespace  # noqa: E402

import gevent  # noqa: E402

from tests.clients.packages import stub  # noqa: E402

stub("scipy")
stub("scipy.constants", h=6.62607015e-34, c=299_792_458.0, e=1.602176634e-19)
stub("suds", WebFault=Exception)
stub("suds.client", Client=object)
stub("suds.sudsobject", asdict=dict)

from mxcubecore import HardwareRepository as HWR  # noqa: E402
from mxcubecore.HardwareObjects.abstract.AbstractCollect import AbstractCollect  # noqa: E402
from mxcubecore.HardwareObjects.abstract.PyISPyBDataAdapter import (  # noqa: E402
    PyISPyBDataAdapter,
)
from mxcubecore.HardwareObjects.MAXIV.ISPyBLims import ISPyBLims  # noqa: E402
from mxcubecore.model import queue_model_objects as models  # noqa: E402
from mxcubecore.model.queue_model_enumerables import EXPERIMENT_TYPE  # noqa: E402

CONFIGURATION = {
    "synchrotron_name": "RING",
    "directory_prefix": "/data",
    "detector_manufacturer": "Smith & Sons",
    "detector_model": "S&S 16M +",
    "detector_binning_mode": "HW",
    "detector_type": "pixel",
    "detector_px": 0.075,
    "undulators": [],
    "focusing_optic": "KB",
    "monochromator_type": "Si(111)",
    "polarisation": 0.99,
}


class Configuration(dict):
    """The setup of a beamline: the collection reads attributes, the client keys."""

    __getattr__ = dict.__getitem__


class Lims(ISPyBLims):
    """That of MAX IV, without its private service of proposals."""

    def _create_data_adapter(self):
        return PyISPyBDataAdapter(self._rest_client, self.beamline_name)


class Collect(AbstractCollect):
    """A data collection without a beamline; ``hook`` is called in place of the measurement."""

    def data_collection_hook(self):
        self.hook()

    def store_image_in_lims_by_frame_num(self, frame_number):
        self.store_image_in_lims(frame_number)

    def move_motors(self, motor_position_dict): ...

    def _take_crystal_snapshot(self, snapshot_filename): ...

    def trigger_auto_processing(self, process_event, frame_number): ...


def build_beamline(lims):
    """The objects of a beamline that the client reads when it reports a data collection."""

    def fixed(value):
        return lambda *_: value

    puck = SimpleNamespace(getID=fixed("PUCK-07"))
    loaded = SimpleNamespace(
        getID=fixed("HA00AF3312"), getContainer=fixed(puck), getCoords=fixed((2, 3))
    )
    return SimpleNamespace(
        lims=lims,
        session=SimpleNamespace(synchrotron_name="RING", beamline_name="i03"),
        energy=SimpleNamespace(
            get_wavelength=fixed(0.9763),
            calculate_wavelength=fixed(0.9763),
            calculate_energy=fixed(12.7),
            wait_ready=fixed(None),
        ),
        resolution=SimpleNamespace(
            get_value=fixed(1.6), get_value_at_corner=fixed(1.2), set_value=fixed(None)
        ),
        transmission=SimpleNamespace(get_value=fixed(25.0)),
        flux=SimpleNamespace(get_value=fixed(2.4e12)),
        detector=SimpleNamespace(
            distance=SimpleNamespace(get_value=fixed(181.2)),
            get_beam_position=fixed((2188.0, 2272.0)),
            get_pixel_size=fixed((0.075, 0.075)),
            get_property=lambda name, default=None: default,
            get_image_file_name=lambda path: f"{path.get_prefix()}_{path.run_number}_%06d.h5",
        ),
        beam=SimpleNamespace(
            get_beam_size=fixed((0.05, 0.02)),
            get_beam_shape=fixed("ellipse"),
            get_slits_gap=fixed((0.1, 0.2)),
        ),
        machine_info=SimpleNamespace(
            get_current=fixed(249.7), get_message=fixed("top-up → 250 mA")
        ),
        diffractometer=SimpleNamespace(
            in_plate_mode=False, omega=SimpleNamespace(set_value_relative=fixed(None))
        ),
        sample_changer=SimpleNamespace(getLoadedSample=fixed(loaded)),
        sample_view=SimpleNamespace(get_positions=fixed({})),
    )


def build_lims(settings):
    """The client, signed in, with its session; ``calls`` of it keeps what it sends."""
    lims = Lims("lims")
    for name, value in (
        ("pyispyb_rest_root", settings["root"]),
        ("authServerType", "ispyb"),
        ("base_result_url", "http://127.0.0.1"),
    ):
        lims._set_property(name, value)
    HWR.beamline = build_beamline(lims)
    lims.init()
    lims.calls = []

    def note(response, *args, **kwargs):
        sent = response.request
        path = sent.path_url.partition("/ispyb/mxcube/")[2]
        body = json.loads(sent.body) if sent.body else None
        lims.calls.append([sent.method, path, body, response.status_code, response.json()])

    lims._rest_client._session.hooks["response"].append(note)
    sessions = lims.login("alice", "alice-token").sessions
    session = next(each for each in sessions if each.proposal_id == "10")
    lims.set_active_session_by_id(session.session_id)
    return lims


def build_task(lims, folder, number, comments, group=None, **values):
    """The model of a data collection in the queue, and its sample."""
    acquisition = models.Acquisition()
    parameters = acquisition.acquisition_parameters
    parameters.set_from_dict(
        {
            **{"first_image": 1, "num_images": 12, "osc_start": 12.0, "osc_range": 0.1},
            **{"kappa": -9999, "kappa_phi": -9999, "exp_time": 0.005, "num_passes": 1},
            **{"energy": 12.7, "resolution": 1.6, "transmission": 25.0, "take_snapshots": 2},
            **{"detector_roi_mode": "4M", "comments": comments, **values},
        }
    )
    path = acquisition.path_template
    directory = folder / "raw"
    path.set_from_dict(
        {
            **{"directory": str(directory), "process_directory": str(folder / "process")},
            **{"base_prefix": "lys-x7", "run_number": number},
        }
    )
    task = models.DataCollection([acquisition])
    task.lims_session_id, task.lims_group_id = int(lims.get_session_id()), group
    sample = models.Sample()
    sample.lims_id, sample.name = 501, "lys-x7"
    sample.crystals[0].protein_acronym = "LYS"
    return task, sample


def collect(hook, task, sample, experiment=EXPERIMENT_TYPE.NATIVE):
    """Carry out a task as the queue does."""
    task.set_experiment_type(experiment)
    position = models.CentredPosition({"phi": 12.0, "kappa": 0.0})
    parameters = models.to_collect_dict(task, sample, position)
    program = Collect("collect")
    program.hook = hook or (lambda: None)
    program.ready_event = gevent.event.Event()
    program.bl_config = Configuration(CONFIGURATION)
    program.current_lims_sample = {
        "blSampleId": sample.lims_id,
        "lastKnownCentringPosition": "phi=12.0 → κ=0",
    }
    HWR.beamline.collect = program
    program.collect("mxcube", parameters).get()
    return parameters[0].get("collection_id")


def fail():
    """Fail as a detector would."""
    raise RuntimeError("α-detector: ΔT > 5 μK")


def stop():
    """Be stopped by the user, who is another greenlet."""
    gevent.spawn(HWR.beamline.collect.collection_stopped)
    gevent.sleep(60)


def main(settings):
    """Carry out the day; return the requests and the keys of the data collections."""
    folder = Path(settings["folder"])
    models.PathTemplate.set_path_template_style("MAXLAB")
    models.CentredPosition.set_diffractometer_motor_names("phi", "kappa")
    lims = build_lims(settings)
    client, session_id = lims._rest_client, int(lims.get_session_id())
    samples = lims.get_samples("ISPyB")
    action = {"actionType": "LOAD", "sampleId": 501, "sessionId": session_id, "status": "SUCCESS"}
    action |= {"containerLocation": "1:05", "dewarLocation": "2", "sampleBarcode": "Łódź-7"}
    lims.store_robot_action(action | {"message": "pin‑base at 5 μm"})
    group = {"sessionId": session_id, "experimentType": "OSC"}
    group = lims._store_data_collection_group(group)
    keys = [
        collect(None, *build_task(lims, folder, 1, "α-helix, 5 μm loop", group)),
        collect(None, *build_task(lims, folder, 2, "second, straight pin", group)),
    ]
    client._set_authorization_header(settings["expired"])  # the token expires now
    both = [gevent.spawn(lims.get_samples, "ISPyB"), gevent.spawn(lims.adapter.get_proposals)]
    gevent.joinall(both, raise_error=True)
    mesh = {"mesh_range": (0.3, 0.1), "num_lines": 3}
    keys += [
        collect(None, *build_task(lims, folder, 3, "", **mesh), EXPERIMENT_TYPE.MESH),
        collect(fail, *build_task(lims, folder, 4, "")),
        collect(stop, *build_task(lims, folder, 5, "")),
    ]
    client._token_expiry = None  # the client takes its token for one that expires
    both = [gevent.spawn(lims.get_samples, "ISPyB"), gevent.spawn(lims.adapter.get_proposals)]
    gevent.joinall(both, raise_error=True)
    keys.append(collect(None, *build_task(lims, folder, 6, "after the refresh")))
    return {"keys": keys, "samples": len(samples), "calls": lims.calls}


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text())
    Path(given["answer"]).write_text(json.dumps(main(given)))
