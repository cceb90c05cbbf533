"""The page of the WebSocket's messages, from the models that read and write them."""

from __future__ import annotations

import json
from typing import Any, get_args

from pydantic import BaseModel

Object = dict[str, Any]


def stream_page(notice: str) -> str:
    """The messages of ``/api/v1/stream`` by their type, with their fields."""
    from lipsync.conversation.protocol import client_messages as client  # noqa: PLC0415 - --help needs none of it
    from lipsync.conversation.protocol import server_messages as server  # noqa: PLC0415

    sent = get_args(get_args(client.ClientMessage)[0])
    received = [
        model
        for model in vars(server).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and "type" in model.model_fields
    ]
    lines = ["# Messages of a live conversation", "", notice, ""]
    lines += [
        "`GET /api/v1/stream` is a WebSocket (subprotocol `lipsync.v1`, optional). How it is used: "
        "[conversation.md](../conversation.md#live). Messages are JSON with a field `type`; sound and video may also "
        "be binary: 16 bytes of header (kind, 0, 0, 0, number of the answer in 4 bytes, microseconds in 8 bytes, "
        f"big-endian), then the data. Kinds: 1 microphone, 2 sound, 3 video. At most {client.MAX_JSON_BYTES // 1024} "
        f"KiB of JSON and {client.MAX_BINARY_BYTES // 1024} KiB of binary data a message.",
        "",
    ]
    lines += ["## From the client", "", *_messages(list(sent))]
    lines += ["## From the server", "", *_messages(received)]
    return "\n".join(lines).rstrip() + "\n"


def _messages(models: list[type[BaseModel]]) -> list[str]:
    lines: list[str] = []
    for model in models:
        schema = model.model_json_schema()
        kinds = _values(schema["properties"]["type"])
        lines += [f"### {', '.join(f'`{kind}`' for kind in kinds)}", "", " ".join((model.__doc__ or "").split()), ""]
        rows = list(_rows(schema, schema.get("$defs", {})))
        if rows:
            lines += ["| field | values | default | meaning |", "|---|---|---|---|", *rows, ""]
    return lines


def _rows(schema: Object, definitions: Object, prefix: str = "") -> list[str]:
    rows = []
    for name, field in schema["properties"].items():
        if name == "type" and not prefix:
            continue
        inner = _definition(field, definitions)
        if inner is not None and "properties" in inner and prefix.count(".") < 1:
            rows += _rows(inner, definitions, f"{prefix}{name}.")
            continue
        required = name in schema.get("required", ())
        default = "required" if required else f"`{json.dumps(field['default'])}`" if "default" in field else ""
        default = "" if default == "`null`" else default
        meaning = " ".join(str(field.get("description", "")).split()).replace("|", "\\|")
        rows.append(f"| `{prefix}{name}` | {_type(field, definitions)} | {default} | {meaning} |")
    return rows


def _definition(field: Object, definitions: Object) -> Object | None:
    reference = field.get("$ref") or next((one["$ref"] for one in field.get("allOf", ()) if "$ref" in one), None)
    return definitions[reference.rsplit("/", 1)[1]] if reference else None


def _values(field: Object) -> list[str]:
    return [str(field["const"])] if "const" in field else [str(value) for value in field.get("enum", ())]


def _type(field: Object, definitions: Object) -> str:
    inner = _definition(field, definitions)
    kind, bounds = str(field.get("type", "any")), [str(field[key]) for key in ("minimum", "maximum") if key in field]
    if values := _values(field):
        text = ", ".join(f"`{value}`" for value in values)
    elif "anyOf" in field:
        text = " or ".join(_type(one, definitions) for one in field["anyOf"] if one.get("type") != "null")
    elif inner is not None:
        text = "object" if "properties" in inner else _type(inner, definitions)
    elif len(bounds) == 2:
        text = f"{kind}, {bounds[0]} to {bounds[1]}"
    elif "maxLength" in field:
        text = f"{kind}, at most {field['maxLength']} characters"
    else:
        text = "list" if kind == "array" else kind
    return text
