"""Trusted documents: with `ENTITLEMENTS_TRUSTED_DOCUMENTS`, only the operations of a folder run.

A client names a document by its text, exactly as in its file, or by the SHA-256 of its bytes, as in the draft
"persisted documents" of GraphQL over HTTP (`documentId: "sha256:…"`) or as Apollo's clients do
(`extensions.persistedQuery.sha256Hash`). Each file is one document; of several operations `operationName` chooses.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from graphql import GraphQLError

from app.errors import StartError
from app.http.graphql_http import GraphQLRequest
from app.requests.errors import RequestError
from app.settings import Settings
from schema.execution import EntitlementsSchema

UNKNOWN = "UNKNOWN_DOCUMENT"
_MOST_FAULTS = 20


class UnknownDocumentError(GraphQLError):
    """The document is not one of those that may run, or the id is unknown; the message says which."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": UNKNOWN})


class Documents:
    """The documents that may run: those that are `trusted`, by the SHA-256 of their text; None allows all."""

    def __init__(self, trusted: Mapping[str, str] | None = None) -> None:
        self._trusted = trusted

    def text_of(self, asked: GraphQLRequest) -> str:
        """The document of a request. Raises UnknownDocumentError, or RequestError when it names two."""
        if asked.query is None:
            return self._known(asked.document_hash)
        if asked.document_hash is None and self._trusted is None:
            return asked.query
        digest = _digest(asked.query.encode())
        if asked.document_hash not in {None, digest}:
            raise RequestError(400, "BAD_REQUEST", "The hash is not that of `query`: send one of them.")
        if self._trusted is not None and digest not in self._trusted:
            raise UnknownDocumentError(
                "This document is not one of the trusted ones, which alone may run here."
            )
        return asked.query

    def _known(self, digest: str | None) -> str:
        found = (self._trusted or {}).get(digest or "")
        if found is None:
            raise UnknownDocumentError(
                "There is no document with this id: ask by `sha256:` and the hash of its text."
            )
        return found


def documents_of(settings: Settings, schema: EntitlementsSchema) -> Documents:
    """The documents of the folder that the settings name, if any. Raises StartError naming file and line."""
    folder = settings.trusted_documents
    if folder is None:
        return Documents()
    try:
        contents = {path: path.read_bytes() for path in sorted(folder.rglob("*.graphql"))}
    except OSError as error:
        raise StartError(f"ENTITLEMENTS_TRUSTED_DOCUMENTS: cannot be read: {error}") from None
    if not contents:
        raise StartError(f"ENTITLEMENTS_TRUSTED_DOCUMENTS: there is no .graphql file in {folder}")
    faults = [fault for path, content in contents.items() for fault in _faults(path, content, schema)]
    if faults:
        raise StartError(*faults[:_MOST_FAULTS])
    return Documents({_digest(content): content.decode() for content in contents.values()})


def _faults(path: Path, content: bytes, schema: EntitlementsSchema) -> Iterator[str]:
    """The errors of a document, a line each."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        yield f"{path}: is not UTF-8"
        return
    for error in schema.faults(text):
        line = f":{error.locations[0].line}" if error.locations else ""
        yield f"{path}{line}: {error.message}"


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
