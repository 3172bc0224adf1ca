"""Plans of measurements: experiments of MXLIMS messages as diffraction plans, and back."""

import json
from collections.abc import Iterator
from services.core.modules.shipping.mxlims_documents import Message, MxlimsObject
from services.core.modules.shipping.mxlims_objects import get_domain
from services.core.modules.shipping.mxlims_writer import is_positive
from shared.models.plans import EXPERIMENT_KINDS

EXPERIMENT = {
    "expectedResolution": "aimedResolution",
    "requiredResolution": "requiredResolution",
    "targetCompleteness": "aimedCompleteness",
    "targetMultiplicity": "aimedMultiplicity",
    "aimedTotalRange": "axisRange",
    "priority": "priority",
    "radiationSensitivity": "radiationSensitivity",
}
SWEEP = {
    "energy": "energy",
    "exposureTime": "exposureTime",
    "imageWidth": "oscillationRange",
    "numberImages": "numberOfImages",
}
MOST = {"targetCompleteness": 100, "radiationSensitivity": 1}  # in messages
IN_PARAMETERS = ("doseBudget", "wedgeWidth", "snapshotCount", "experimentLocation")  # no columns
PERCENT = 100  # the transmission of a plan is a fraction, that of a sweep is in percent
LEAST_ENERGY = 1000  # eV: less is in keV, as in the examples of MXLIMS
DONE = ("Running", "Completed", "Failed", "Aborted")
CELL = ("a", "b", "c", "alpha", "beta", "gamma")


def list_plans(message: Message) -> Iterator[tuple[MxlimsObject, MxlimsObject | None]]:
    """The experiments of a message, each with the pin, position or drop that it is for.

    None for one that is no plan, or is for none.
    """
    holders = {each: holder for holder in message.holders for each in message.get_below(holder)}
    planned = set()
    for experiment in message.get_all("MxExperiment"):
        place = message.follow(experiment, "logisticalSampleRef")
        holder = holders.get(place) if place else None
        is_plan = experiment["jobStatus"] not in DONE and holder not in planned
        yield experiment, holder if is_plan else None
        planned |= {holder}


def get_sweep(message: Message, experiment: MxlimsObject) -> MxlimsObject | None:
    """The sweep that an experiment is to be like, if it names one."""
    sweeps = message.follow_all(experiment, "templateDataRefs")
    return next((each for each in sweeps if each.kind == "CollectionSweep"), None)


def build_plan(
    message: Message, experiment: MxlimsObject, warnings: list[str]
) -> tuple[dict, dict]:
    """The columns of a diffraction plan and those of a crystal that an experiment describes."""
    own = experiment.data.get("extensions", {}).get(get_domain(), {})
    data = {**experiment.data, **{name: own[name] for name in EXPERIMENT if name in own}}
    plan = {column: data[name] for name, column in EXPERIMENT.items() if name in data}
    strategy = data.get("experimentStrategy")
    kinds = {kind.lower(): kind for kind in EXPERIMENT_KINDS}
    if strategy and strategy.lower() in kinds:
        plan["experimentKind"] = kinds[strategy.lower()]
    elif strategy:
        plan["comments"] = f"MXLIMS: strategy {strategy}"[:1024]
        warnings.append(
            f"{experiment.name}.experimentStrategy: {strategy[:100]} is none of ISPyB; it is in"
            " the comments of the plan"
        )
    if sweep := get_sweep(message, experiment):
        plan |= {column: sweep[name] for name, column in SWEEP.items() if sweep[name] is not None}
        if plan.get("energy", LEAST_ENERGY) < LEAST_ENERGY:
            plan["energy"] *= 1000
            warnings.append(f"{sweep.name}.energy: {sweep['energy']} is taken for keV, not eV")
        if sweep["transmission"] is not None:
            plan["transmission"] = sweep["transmission"] / PERCENT
    if group := _get_forced_group(message, experiment):
        plan["forcedSpaceGroup"] = group
    if parameters := {name: data[name] for name in IN_PARAMETERS if name in data}:
        plan["scanParameters"] = json.dumps(parameters)  # in ASCII
    return plan, _build_crystal(data)


def _get_forced_group(message: Message, experiment: MxlimsObject) -> str | None:
    """The space group that the processing of the planned experiment must use."""
    for processing in message.get_all("MxProcessing"):
        if processing["jobStatus"] in DONE or not processing["spaceGroupName"]:
            continue
        if processing["logisticalSampleRef"] == experiment["logisticalSampleRef"]:
            return processing["spaceGroupName"]
    return None


def _build_crystal(data: dict) -> dict:
    crystal = {}
    if name := data.get("expectedSpaceGroupName"):
        crystal["spaceGroup"] = name.replace(" ", "")
    if cell := data.get("expectedUnitCell"):
        crystal |= {f"cell_{edge}": cell[edge] for edge in CELL}
    return crystal


def build_experiment(plan: dict) -> dict:
    """The members of an experiment that a diffraction plan has."""
    members = {
        name: plan[column]
        for name, column in EXPERIMENT.items()
        if is_positive(plan[column]) and plan[column] <= MOST.get(name, plan[column])
    }
    if plan["experimentKind"]:
        members["experimentStrategy"] = plan["experimentKind"]
    return members


def build_sweep(plan: dict) -> dict:
    """The members of a sweep that a diffraction plan has."""
    members = {name: plan[column] for name, column in SWEEP.items() if is_positive(plan[column])}
    if is_positive(plan["transmission"]) and plan["transmission"] <= 1:
        members["transmission"] = plan["transmission"] * PERCENT
    return members
