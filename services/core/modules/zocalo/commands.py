"""Lists of zocalo's ISPyB commands: one transaction for each list.

References are resolved as zocalo does, and the numbers that clients chose for rows are stored in
``zc_ZocaloBuffer``, as its own service does: both may write for the same program.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from services.core.models import ZocaloBuffer
from services.core.modules.processing import programs
from services.core.modules.zocalo import (
    acquisition_commands,
    model_commands,
    program_commands,
    result_commands,
    structure_commands,
)
from services.core.modules.zocalo.command_parameters import (
    EMPTY,
    CommandParameters,
    get_program_id,
    squash,
)
from services.core.schemas.zocalo.commands import LIST
from shared.db import db
from shared.errors import BadInput, NotYet, ServiceError
from shared.identity import Identity
from shared.models import AutoProcProgram
from shared.schemas import LARGEST_KEY

Command = Callable[[Identity, CommandParameters], Any]
COMMANDS: dict[str, Command] = {
    **program_commands.COMMANDS,
    **result_commands.COMMANDS,
    **model_commands.COMMANDS,
    **structure_commands.COMMANDS,
    **acquisition_commands.COMMANDS,
}
UPDATES = {
    "write_autoproc": "autoproc_id",
    "upsert_integration": "integration_id",
    "register_integration": "integration_id",
}  # the parameter with the key of the row, of commands that insert or update
READ_COMMANDS = {name for name in COMMANDS if name.startswith("retrieve_")}
CONTROL = {"ispybcommand", "storeresult"}  # squashed names beside the parameters of a command
STORED_ROWS = {
    *("autoprocid", "autoprocprogramid", "autoprocscalingid", "datacollectiongroupid"),
    *("datacollectionid", "dcgid", "dcid", "integrationid", "mxmrrunid", "processingjobid"),
    *("programid", "proteinid", "rpid", "scalingid", "screeningid", "screeningoutputid"),
    *("screeningstrategyid", "screeningstrategywedgeid", "sessionid"),
}  # parameters with the key of a row
LONGEST = 65_535  # characters that references insert into a text
LITERAL = {"filename", "filepath"}  # may contain a $ that is no reference


def run(identity: Identity, data: dict) -> dict:
    """Run the commands of a list; the first that fails undoes all, and the error names it."""
    commands, common = data[LIST], data.get("parameters", {})
    _check_names(commands)
    environment, results = dict(data.get("environment", {})), []
    for key in _list_program_ids(commands, common, environment):
        programs.lock(AutoProcProgram.autoProcProgramId, key)
    for at, command in enumerate(commands):
        name = command["ispyb_command"]
        try:
            parameters = _resolve(command, common, environment)
            work = _run_buffer if name == "buffer" else COMMANDS[name]
            result = work(identity, parameters)
            _warn_of_unused(name, command, parameters)
        except ServiceError as error:
            raise _located(error, at, name) from error
        if stored := command.get("store_result"):
            environment[str(stored)] = result
        results.append({"ispyb_command": name, "result": result, "warnings": parameters.warnings})
    if (stored := data.get("store_result")) is not None:
        environment[stored] = results[-1]["result"]
    return {"results": results, "environment": environment}


def _resolve(command: dict, common: dict, environment: dict) -> CommandParameters:
    """The parameters of a command and those of all commands, with the values of references."""
    references = _References(environment)
    return CommandParameters(references.resolve(common), references.resolve(command))


def _warn_of_unused(name: str, command: dict, parameters: CommandParameters) -> None:
    """Add a warning for each value of a command that writes, if the command did not read it.

    Parameters of the message and the recipe are those of all its commands: they get none.
    """
    if name not in READ_COMMANDS:
        parameters.warnings += [
            f"{each:.80}: not stored"
            for each in command
            if squash(each) not in parameters.used | CONTROL
            and parameters.get(squash(each)) not in EMPTY
        ]


def _list_program_ids(commands: list[dict], common: dict, environment: dict) -> list[int]:
    """The keys of the programs that commands name, in the order in which they are locked.

    They are locked before the first read: the commands of two lists cannot deadlock on them.
    """
    keys: set[int | None] = set()
    for command in commands:
        try:
            keys.add(_resolve(command, common, environment).get_key("program_id"))
        except BadInput:
            continue  # the command itself raises it again, with its place in the list
    return sorted(key for key in keys if key is not None)


def writes(data: dict) -> bool:
    """Whether a list has a command that writes; the answers of the others change with time."""
    return any(str(command.get("ispyb_command")) not in READ_COMMANDS for command in data[LIST])


def names_rows(data: dict) -> bool:
    """Whether a list names a stored row: a job, data collection, program or other parent.

    Without one, equal lists about different data cannot be told from one list that came twice.
    """
    references = _References(data.get("environment", {}))
    try:
        return _has_key(references.resolve([data.get("parameters", {}), *data[LIST]]))
    except BadInput:
        return False  # the command itself raises it again, with its place in the list


def _has_key(value: Any, name: str = "") -> bool:
    """Whether ``value`` of that name, or one inside of it, is the key of a row."""
    if isinstance(value, dict):
        return any(_has_key(each, squash(str(key))) for key, each in value.items())
    if isinstance(value, list):
        return any(_has_key(each, name) for each in value)
    return name in STORED_ROWS and str(value).isdecimal() and str(value).strip("0") != ""


def _check_names(commands: list[dict]) -> None:
    """Raise BadInput that names every unknown command, before the first one runs."""
    faults = {}
    for at, command in enumerate(commands):
        name, inner = command.get("ispyb_command"), command.get("buffer_command")
        if name == "buffer":
            name = inner.get("ispyb_command") if isinstance(inner, dict) else None
        if not isinstance(name, str) or name not in COMMANDS:
            faults[f"{LIST}.{at}.ispyb_command"] = [f"Not a known command: {name}."]
    if faults:
        raise BadInput("unknown commands, nothing is stored", faults)


def _located(error: ServiceError, at: int, name: str) -> ServiceError:
    """``error`` with the place and the name of the command that raised it."""
    reasons = {f"{LIST}.{at}.{field}": why for field, why in (error.errors or {}).items()}
    detail = f"command {at}, {name}: {error}"
    return type(error)(detail, reasons or None, error.retry_after)


class _References:
    """The values of ``$name`` and ``${name}`` for one command."""

    def __init__(self, environment: Mapping):
        self._values = {str(name): value for name, value in environment.items()}
        names = "|".join(map(re.escape, sorted(self._values, key=len, reverse=True)))
        self._pattern = re.compile(rf"\$(?:\{{({names})\}}|({names}))") if names else None

    def resolve(self, value: Any) -> Any:
        """``value`` with the values of references; a text that is one reference gets its type."""
        if isinstance(value, dict):
            return {
                name: each if squash(str(name)) in LITERAL else self.resolve(each)
                for name, each in value.items()
            }
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if self._pattern is None or not isinstance(value, str) or "$" not in value:
            return value
        if match := self._pattern.fullmatch(value):
            return self._values[match[1] or match[2]]
        return self._insert_values(self._pattern, value)

    def _insert_values(self, pattern: re.Pattern, text: str) -> str:
        """``text`` with the values of its references; BadInput if it grows too long."""
        parts, at, left = [], 0, LONGEST
        for match in pattern.finditer(text):
            value = str(self._values[match[1] or match[2]])
            parts += [text[at : match.start()], value]
            at, left = match.end(), left - len(value)
            if left < 0:
                raise BadInput("invalid input", {"$": [f"inserts more than {LONGEST} characters"]})
        return "".join([*parts, text[at:]])


def _run_buffer(identity: Identity, parameters: CommandParameters) -> Any:
    """Run the inner command with the keys of the rows that the client's numbers stand for.

    If the number of its own row is stored, the command ran before: it changes that row if it is
    one of ``UPDATES``, else it does nothing.
    """
    program_id, inner = get_program_id(identity, parameters), parameters["buffercommand"]
    if not isinstance(inner, dict) or inner.get("ispyb_command") not in list(COMMANDS):
        raise BadInput("invalid input", {"buffer_command": ["Not a known command."]})
    lookup = parameters.get("bufferlookup") or {}
    if not isinstance(lookup, dict):
        raise BadInput("invalid input", {"buffer_lookup": ["Not a valid mapping type."]})
    keys = {}
    for name, number in lookup.items():
        keys[name] = _get_reference(program_id, _check_number(f"buffer_lookup.{name}", number))
        if keys[name] is None:
            reason = {f"buffer_lookup.{name}": [f"{number} is not there yet"]}
            raise NotYet("a referenced row is not there yet", reason)
    inside = CommandParameters({"program_id": program_id}, inner, keys)
    store, name = parameters.get("bufferstore"), inner["ispyb_command"]
    if store is None:
        result = COMMANDS[name](identity, inside)
        _warn_of_unused(name, inner, inside)
        parameters.warnings += inside.warnings
        return result
    number = _check_number("buffer_store", store)
    stored = _get_reference(program_id, number)
    if stored is not None and name not in UPDATES:
        return stored
    if stored is not None:
        inside[squash(UPDATES[name])] = stored
    result = COMMANDS[name](identity, inside)
    if not isinstance(result, int):
        raise BadInput("invalid input", {"buffer_store": [f"{name} writes no single row"]})
    key = {"AutoProcProgramID": program_id, "UUID": number}
    db.session.merge(ZocaloBuffer(**key, Reference=result))
    db.session.flush()
    _warn_of_unused(name, inner, inside)
    parameters.warnings += inside.warnings
    return result


def _check_number(name: str, value: Any) -> int:
    """The number that a client chose for a row; BadInput if it is none."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,10}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_KEY:
        raise BadInput("invalid input", {name: [f"Not a number from 0 to {LARGEST_KEY}."]})
    return value


def _get_reference(program_id: int, number: int) -> int | None:
    """The key of the row that a number of a program stands for, or None."""
    stored = db.session.get(ZocaloBuffer, (program_id, number))
    return stored.Reference if stored else None
