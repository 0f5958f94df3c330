"""Settings as a form in Prefect's UI: the few that matter first, then group by group.

The server's database forgets the order of fields; the UI goes by their `position`.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tasks.settings.groups import place_of
from tasks.settings.sources import GivenOptions

Field = dict[str, Any]


class AsForm:
    """Annotates settings whose form leaves empty what nobody fills in, and says what holds then.

    A form sends the defaults that it shows, and they would beat the environment of the worker, its
    PALATE_CONFIG and PALATE_METHOD; so what holds stands in the description. Only a switch that is
    on has a default: without one the form shows it as off.
    """

    def __init__(self, options: type[GivenOptions]) -> None:
        self.options = options

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Give the JSON schema, with what the environment says for what nobody fills in."""
        schema = handler(core_schema)
        fields = handler.resolve_ref_schema(schema).get("properties", {})
        _describe(fields, dict(self.options()), handler)
        _arrange(fields)
        return schema


def _describe(
    fields: dict[str, Field], values: Mapping[str, Any], handler: GetJsonSchemaHandler
) -> None:
    """Say in each description what holds; of fields that are settings in themselves, inside."""
    for position, (name, field) in enumerate(fields.items()):
        field.pop("default", None)
        field["position"] = position
        value = values.get(name)
        for reference in (field, *field.get("allOf", [])):
            if "$ref" in reference and isinstance(value, BaseModel):
                inner = handler.resolve_ref_schema(reference).get("properties", {})
                _describe(inner, dict(value), handler)
        if value is True:
            field["default"] = True
        if value not in (None, (), [], {}) and not isinstance(value, BaseModel):
            field["description"] = f"{field.get('description', '')} Default: {_text(value)}."


def _arrange(fields: dict[str, Field]) -> None:
    """Give each field its place, and the name of its group before its own."""
    ordered = sorted(fields, key=lambda name: place_of(name)[0])
    for position, name in enumerate(ordered):
        title = name.strip("_").replace("_", " ")
        group = place_of(name)[1]
        fields[name] |= {"position": position, "title": f"{group}: {title}" if group else title}


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    if isinstance(value, tuple | list | set | frozenset):
        return ", ".join(map(str, value))
    return str(value)
