"""Whole bodies: a value for every field that the specification lets one write, at every depth."""

from zlib import crc32

LEFT_OUT = object()  # the value of a field that is not to be there
LATER = ("end", "expires")  # in the names of times that must not be before others


def whole(schema, odd, at=""):
    """A body that fits ``schema``, with one object in each list.

    Fields have different values, as far as their types allow. ``odd`` has those of fields that
    take no other, by path or by name; or what makes them of the value there would be.
    """
    name = at if at in odd else at.rpartition(".")[2]
    if callable(odd.get(name)):
        return odd[name](whole(schema, {}, at))
    if name in odd:
        return odd[name]
    shape = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    if "properties" in shape:
        found = {
            name: whole(field, odd, f"{at}.{name}".lstrip("."))
            for name, field in shape["properties"].items()
            if not field.get("readOnly")
        }
        return {name: value for name, value in found.items() if value is not LEFT_OUT}
    if "items" in shape:
        return [whole(shape["items"], odd, at)]
    return value(shape, at)


def value(shape, at):
    """A value of a type that is no object and no list, made from the name of the field."""
    kind = shape.get("type", "object")
    kind = kind if isinstance(kind, str) else next(one for one in kind if one != "null")
    name, number = at.rpartition(".")[2], crc32(at.encode()) % 97 + 3
    if words := [word for word in shape.get("enum", ()) if word is not None]:
        return words[-1]
    if kind == "boolean":
        return True
    if kind == "integer":
        return 1 if name.lower().endswith("id") else number
    if kind == "number":
        return number + 0.5
    if kind == "object":
        return {}
    if shape.get("format") == "date":
        return "2024-05-01"
    if shape.get("pattern", "").startswith(r"^\d\d:"):
        return f"09:30:{number % 60:02}"
    if "format" in shape:
        day = 2 if any(word in name.lower() for word in LATER) else 1
        return f"2024-05-0{day}T09:30:{number % 60:02}"
    if "[0-9A-Fa-f]" in shape.get("pattern", ""):
        return f"{number:02x}" * (shape["minLength"] // 2)
    return name[: shape.get("maxLength", 255)]


def leaves(body, at=""):
    """The path and the value of everything in ``body`` that is no object and no list."""
    if isinstance(body, dict):
        for name, found in body.items():
            yield from leaves(found, f"{at}.{name}".lstrip("."))
    elif isinstance(body, list):
        for found in body:
            yield from leaves(found, at)
    else:
        yield at, body


def put(body, path, found):
    """``body`` with ``found`` at ``path``, in every object of the lists on the way."""
    if isinstance(body, list):
        return [put(each, path, found) for each in body]
    name, _, below = path.partition(".")
    return {**body, name: put(body[name], below, found) if below else found}
