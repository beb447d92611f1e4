"""Parts that schemas are made of. Pure.

A schema stays open: no object forbids further names, and a list of values that may grow is told as `examples`. So what
a later version adds breaks no program that validates today; what a program may rely on is `required`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
YES_OR_NO: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
SECONDS: Schema = {"type": "number", "minimum": 0}
CODE: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"}
MOMENT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z$",
}
TIME_OF_DAY: Schema = {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}


def described(schema: Schema, text: str) -> Schema:
    """With a sentence for whoever reads it."""
    return {**schema, "description": text}


def known(names: Iterable[str]) -> Schema:
    """One of these today; a later version may know more."""
    return {"type": "string", "examples": list(names)}


def one_of(names: Iterable[str]) -> Schema:
    """One of these, for good."""
    return {"type": "string", "enum": list(names)}


def or_null(schema: Schema) -> Schema:
    """What can be unknown."""
    if "enum" in schema:
        return {**schema, "type": [schema["type"], "null"], "enum": [*schema["enum"], None]}
    if isinstance(schema.get("type"), str) and "properties" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    """Any number of them."""
    return {"type": "array", "items": schema}


def record(fields: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object that always has `fields`, and `optional` ones at times."""
    properties = {**fields, **(optional or {})}
    return {"type": "object", "required": list(fields), "properties": properties}


def document(name: str, text: str, body: Schema) -> Schema:
    """The whole schema of what calls itself `name`."""
    properties = {"schema": {"const": name}, **body["properties"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "description": text,
        **body,
        "required": ["schema", *body["required"]],
        "properties": properties,
    }


NAME = described(or_null(TEXT), "That the configuration gives it.")
WHICH = {"name": NAME, "address": TEXT, "id": or_null(TEXT)}
"""Which repository it is."""
REPOSITORY = record({**WHICH, "format": or_null(COUNT)})
HEADER: Mapping[str, Schema] = {"repository": REPOSITORY, "clock": record({"local": MOMENT, "server": MOMENT})}
"""What every object about one repository starts with."""
