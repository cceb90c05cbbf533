"""Forms and addresses whose text is decoded strictly: Werkzeug's own parser puts U+FFFD for bytes that are not UTF-8,
and takes a form with one such header for an empty form."""

from __future__ import annotations

from io import BytesIO
from typing import IO
from urllib.parse import parse_qsl, unquote_to_bytes

import flask
from flask import Flask
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from lipsync.messages import Message
from lipsync.server.request_errors import RequestError
from lipsync.text.charset import IN_ADDRESS, decode_text, field_source, not_utf8

_CHUNK = 65_536
"""Bytes that are read at once."""
_HEADER = Message("source.form_header")
_ADDRESS = Message("source.address")

_Form = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]
"""The stream, the fields and the files."""


class StrictFormParser(FormDataParser):
    """Werkzeug's parser, but each field is decoded by :func:`lipsync.text.charset.decode_text`.

    The ``charset`` in a part's Content-Type, or of a whole urlencoded form, is followed. A file's name may be in any
    encoding: nothing uses it.
    """

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> _Form:
        """The fields and files in ``stream``. Raises LipsyncError: not_utf8, bad_request (it is not such a form)."""
        options = options or {}
        try:
            if mimetype == "multipart/form-data":
                return self._read_multipart(stream, options.get("boundary", "").encode("ascii"), content_length)
            if mimetype == "application/x-www-form-urlencoded":
                return stream, self._read_urlencoded(stream, options.get("charset")), MultiDict()
        except ValueError as error:  # the form ends before its last boundary, a part has no Content-Disposition
            raise RequestError("bad_request") from error
        return stream, MultiDict(), MultiDict()

    def _read_urlencoded(self, stream: IO[bytes], charset: str | None) -> MultiDict[str, str]:
        # Latin-1 carries bytes through parse_qsl unchanged.
        pairs = parse_qsl(stream.read().decode("latin-1"), keep_blank_values=True, encoding="latin-1")
        fields: MultiDict[str, str] = MultiDict()
        for raw_name, raw_value in pairs:
            name = decode_text(raw_name.encode("latin-1"), charset, source=_HEADER)
            fields.add(name, decode_text(raw_value.encode("latin-1"), charset, source=field_source(name)))
        return fields

    def _read_multipart(self, stream: IO[bytes], boundary: bytes, length: int | None) -> _Form:
        if not boundary:
            raise ValueError("the form has no boundary")
        decoder = _Decoder(boundary, self.max_form_memory_size, max_parts=self.max_form_parts)
        fields: MultiDict[str, str] = MultiDict()
        files: MultiDict[str, FileStorage] = MultiDict()
        part: Field | File | None = None
        content: IO[bytes] = BytesIO()
        while not isinstance(event := decoder.next_event(), Epilogue):
            if isinstance(event, NeedData):
                decoder.receive_data(stream.read(_CHUNK) or None)
            elif isinstance(event, Field | File):
                part, content = event, self._container(event, length)
            elif isinstance(event, Data) and part is not None:
                content.write(event.data)
                if isinstance(part, Field) and content.tell() > (self.max_form_memory_size or content.tell()):
                    raise RequestEntityTooLarge
                if event.more_data:
                    continue
                content.seek(0)
                if isinstance(part, File):
                    files.add(part.name, FileStorage(content, part.filename, part.name, headers=part.headers))
                else:
                    fields.add(part.name, _text(content.read(), part))
        return stream, fields, files

    def _container(self, part: Field | File, length: int | None) -> IO[bytes]:
        """Where the content of ``part`` is written: memory for a field, a temporary file for a large file."""
        if isinstance(part, Field):
            return BytesIO()
        kind = part.headers.get("content-type")
        return self.stream_factory(total_content_length=length, filename=part.filename, content_type=kind)


class Request(flask.Request):
    """A request whose form is decoded strictly."""

    form_data_parser_class = StrictFormParser


class _Decoder(MultipartDecoder):
    """Werkzeug's, but headers that are not UTF-8 are no error when they are a file's, whose name nothing uses."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        try:
            return super()._parse_headers(data)
        except UnicodeDecodeError as error:
            headers = super()._parse_headers(data.decode("latin-1").encode("utf-8"))
            options = parse_options_header(headers.get("content-disposition"))[1]
            if "filename" in options and options.get("name", "").isascii():
                return headers
            raise not_utf8(_HEADER) from error


def install(app: Flask) -> None:
    """Decode the forms of ``app`` strictly, and refuse addresses that are not UTF-8."""
    app.request_class = Request
    app.before_request(_check_address)


def _text(data: bytes, part: Field | File) -> str:
    charset = parse_options_header(part.headers.get("content-type"))[1].get("charset")
    name = part.name if isinstance(part.name, str) else "?"  # what Werkzeug says is a string, need not be one
    return decode_text(data, charset, source=field_source(name))


def _check_address() -> None:
    """Refuse a path or a query that is not UTF-8. Raises LipsyncError not_utf8."""
    environ = flask.request.environ
    path = str(environ.get("PATH_INFO", "")).encode("latin-1")  # PEP 3333: bytes as Latin-1
    query = unquote_to_bytes(flask.request.query_string)
    try:
        path.decode("utf-8")
        query.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf8(_ADDRESS, IN_ADDRESS) from error
