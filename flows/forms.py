"""Settings as a flow's parameter: what the form in Prefect's UI shows of them."""

from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class AsForm:
    """Annotates settings whose form leaves everything empty that nobody fills in.

    A form sends the defaults that it shows. They would count as given, and a method of which a
    part is given is not the best one (flows/best.py); so a default is told in the description.
    """

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Give the JSON schema without any default."""
        schema = handler(core_schema)
        _tell_defaults(schema, handler)
        return schema


def _tell_defaults(schema: dict[str, Any], handler: GetJsonSchemaHandler) -> None:
    """Move the defaults of a model's fields, and of models in it, into their descriptions."""
    for field in handler.resolve_ref_schema(schema).get("properties", {}).values():
        default = field.pop("default", None)
        for reference in (field, *field.get("allOf", [])):
            if "$ref" in reference:
                _tell_defaults(reference, handler)
        if default not in (None, [], {}) and not isinstance(default, dict):
            field["description"] = f"{field.get('description', '')} Default: {default}.".strip()
