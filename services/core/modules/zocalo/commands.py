"""Lists of zocalo's ISPyB commands: all of a list is done, or nothing.

References are resolved as zocalo does, and numbers that clients chose for rows are kept in
``zc_ZocaloBuffer``, so that writers of either kind may mix.
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
    LARGEST_KEY,
    CommandParameters,
    program,
    squashed,
)
from services.core.schemas.zocalo.commands import LIST
from shared.db import db
from shared.errors import BadInput, NotYet, ServiceError
from shared.identity import Identity
from shared.models import AutoProcProgram

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
}  # what names the row, where a command may also change one
READS = {name for name in COMMANDS if name.startswith("retrieve_")}
LONGEST = 65_535  # signs that references fill into a text
LITERAL = {"filename", "filepath"}  # may hold a $ that means nothing


def run(identity: Identity, data: dict) -> dict:
    """Do the commands of a list; the first that fails undoes all, and is named."""
    commands, common = data[LIST], data.get("parameters", {})
    _check_names(commands)
    environment, results = dict(data.get("environment", {})), []
    for key in _programs(commands, common, environment):
        programs.lock(AutoProcProgram.autoProcProgramId, key)
    for at, command in enumerate(commands):
        name = command["ispyb_command"]
        known = _References(environment)
        try:
            said = CommandParameters(known.replaced(common), known.replaced(command))
            result = (
                _buffer(identity, said) if name == "buffer" else COMMANDS[name](identity, said)
            )
        except ServiceError as error:
            raise _placed(error, at, name) from error
        if stored := command.get("store_result"):
            environment[str(stored)] = result
        results.append({"ispyb_command": name, "result": result, "warnings": said.warnings})
    if (stored := data.get("store_result")) is not None:
        environment[stored] = results[-1]["result"]
    return {"results": results, "environment": environment}


def _programs(commands: list[dict], common: dict, environment: dict) -> list[int]:
    """The programs that commands name: they are held before anything is read, in one order."""
    known = _References(environment)
    found: set[int | None] = set()
    for command in commands:
        try:
            found.add(
                CommandParameters(known.replaced(common), known.replaced(command)).key(
                    "program_id"
                )
            )
        except BadInput:
            continue  # which the command says, when it is done
    return sorted(key for key in found if key is not None)


def writes(data: dict) -> bool:
    """Whether a list does more than to read, which has another answer each time."""
    return any(str(command.get("ispyb_command")) not in READS for command in data[LIST])


def _check_names(commands: list[dict]) -> None:
    """Raise BadInput that names every command nobody knows, before anything is done."""
    faults = {}
    for at, command in enumerate(commands):
        name, inner = command.get("ispyb_command"), command.get("buffer_command")
        if name == "buffer":
            name = inner.get("ispyb_command") if isinstance(inner, dict) else None
        if not isinstance(name, str) or name not in COMMANDS:
            faults[f"{LIST}.{at}.ispyb_command"] = [f"Not a known command: {name}."]
    if faults:
        raise BadInput("unknown commands, nothing is done", faults)


def _placed(error: ServiceError, at: int, name: str) -> ServiceError:
    """``error``, of the command at that place."""
    reasons = {f"{LIST}.{at}.{field}": why for field, why in (error.errors or {}).items()}
    detail = f"command {at}, {name}: {error}"
    return type(error)(detail, reasons or None, error.retry_after)


class _References:
    """What ``$name`` and ``${name}`` stand for while a command is done."""

    def __init__(self, environment: Mapping):
        self._values = {str(name): value for name, value in environment.items()}
        names = "|".join(map(re.escape, sorted(self._values, key=len, reverse=True)))
        self._pattern = re.compile(rf"\$(?:\{{({names})\}}|({names}))") if names else None

    def replaced(self, found: Any) -> Any:
        """``found`` with their values; what is nothing but a reference keeps its type."""
        if isinstance(found, dict):
            return {
                name: value if squashed(str(name)) in LITERAL else self.replaced(value)
                for name, value in found.items()
            }
        if isinstance(found, list):
            return [self.replaced(each) for each in found]
        if self._pattern is None or not isinstance(found, str) or "$" not in found:
            return found
        if whole := self._pattern.fullmatch(found):
            return self._values[whole[1] or whole[2]]
        return self._filled(self._pattern, found)

    def _filled(self, pattern: re.Pattern, text: str) -> str:
        """A text with their values in it; BadInput if it grows too long."""
        parts, at, left = [], 0, LONGEST
        for match in pattern.finditer(text):
            value = str(self._values[match[1] or match[2]])
            parts += [text[at : match.start()], value]
            at, left = match.end(), left - len(value)
            if left < 0:
                raise BadInput("invalid input", {"$": [f"fills in more than {LONGEST} signs"]})
        return "".join([*parts, text[at:]])


def _buffer(identity: Identity, said: CommandParameters) -> Any:
    """Do the command inside, with the rows that a client's numbers stand for.

    The number of its own row, once known, is that row: then it is changed, if the command may,
    else the command was done before.
    """
    program_id, inner = program(identity, said), said["buffercommand"]
    if not isinstance(inner, dict) or inner.get("ispyb_command") not in list(COMMANDS):
        raise BadInput("invalid input", {"buffer_command": ["Not a known command."]})
    lookup = said.get("bufferlookup") or {}
    if not isinstance(lookup, dict):
        raise BadInput("invalid input", {"buffer_lookup": ["Not a valid mapping type."]})
    found = {}
    for name, number in lookup.items():
        found[name] = _reference(program_id, _number(f"buffer_lookup.{name}", number))
        if found[name] is None:
            reason = {f"buffer_lookup.{name}": [f"{number} is not there yet"]}
            raise NotYet("a referenced row is not there yet", reason)
    inside = CommandParameters({"program_id": program_id}, inner, found)
    store, name = said.get("bufferstore"), inner["ispyb_command"]
    if store is None:
        result = COMMANDS[name](identity, inside)
        said.warnings += inside.warnings
        return result
    number = _number("buffer_store", store)
    known = _reference(program_id, number)
    if known is not None and name not in UPDATES:
        return known
    if known is not None:
        inside[squashed(UPDATES[name])] = known
    result = COMMANDS[name](identity, inside)
    if not isinstance(result, int):
        raise BadInput("invalid input", {"buffer_store": [f"{name} writes no single row"]})
    key = {"AutoProcProgramID": program_id, "UUID": number}
    db.session.merge(ZocaloBuffer(**key, Reference=result))
    db.session.flush()
    said.warnings += inside.warnings
    return result


def _number(name: str, value: Any) -> int:
    """A number that a client chose."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,10}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_KEY:
        raise BadInput("invalid input", {name: [f"Not a number from 0 to {LARGEST_KEY}."]})
    return value


def _reference(program_id: int, number: int) -> int | None:
    """The key of the row that a number of a program stands for, if any."""
    stored = db.session.get(ZocaloBuffer, (program_id, number))
    return stored.Reference if stored else None
