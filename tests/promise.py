"""What lockctl printed as JSON against the schemas that it publishes, stricter than those are for its users."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from lockctl.render.schemas.all import SCHEMAS


def strict(schema: Any) -> Any:
    """The schema without what it leaves open for later versions: names and values that it does not know are errors."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: value if name == "enum" else strict(value) for name, value in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        closed["additionalProperties"] = False
    if "examples" in schema:
        closed["enum"] = [*schema["examples"], *([None] if "null" in schema["type"] else [])]
    return closed


@cache
def validator(name: str) -> Draft202012Validator:
    """By what an object calls itself: `lockctl.list/1`."""
    return Draft202012Validator(strict(SCHEMAS[name.removeprefix("lockctl.").removesuffix("/1")]()))


def breaches(told: Any) -> list[str]:
    """Where this object is not what its schema promises, and what that is."""
    return [f"{error.json_path}: {error.message}" for error in validator(told["schema"]).iter_errors(told)]


def assert_promised(output: str) -> None:
    """Each line is one object that is what its schema promises."""
    for line in output.splitlines():
        found = breaches(json.loads(line))
        assert not found, f"{found} in {line[:1000]}"


def names_of(schema: Any) -> Iterator[str]:
    """The paths of all that a schema names: `locks[].file.size`."""
    for name, inner in schema.get("properties", {}).items():
        yield name
        yield from (f"{name}{'' if one.startswith('[]') else '.'}{one}" for one in names_of(inner))
    for inner in schema.get("anyOf", ()):
        yield from names_of(inner)
    if "items" in schema:
        yield from (f"[].{one}" for one in names_of(schema["items"]))


def names_in(told: Any) -> Iterator[str]:
    """The paths of all that an object holds."""
    if isinstance(told, dict):
        for name, inner in told.items():
            yield name
            yield from (f"{name}{'' if one.startswith('[]') else '.'}{one}" for one in names_in(inner))
    elif isinstance(told, list):
        for one in told:
            yield from (f"[].{inner}" for inner in names_in(one))
