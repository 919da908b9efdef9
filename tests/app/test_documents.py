"""With a folder of trusted documents only its operations run, by text or by hash; a wrong one stops the start."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from app.errors import StartError
from app.http.documents import Documents, UnknownDocumentError, documents_of
from app.http.graphql_http import GraphQLRequest, parse_request
from app.requests.errors import RequestError
from app.requests.negotiation import GRAPHQL_JSON
from app.settings import Settings
from schema.build import build_schema
from schema.viewer import Role
from tests.app.conftest import serving

SHIPPED = Path(__file__).parents[1] / "operations"
SHARED = """
query Edition { programme { ...Named } }
query FirstDay { programme { ...Named effectiveFrom } }
fragment Named on Programme { edition }
"""
EDITION = {"programme": {"edition": "zhenxuan-1"}}
FOREIGN = "{ programme { edition } }"


def request(**body: object) -> GraphQLRequest:
    return parse_request("application/json", json.dumps(body).encode())


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


SCHEMA = build_schema()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return furnish(tmp_path / "documents")


@pytest.fixture(scope="module")
def trusted(tmp_path_factory) -> Documents:
    found = furnish(tmp_path_factory.mktemp("trusted") / "documents")
    return documents_of(Settings(trusted_documents=found), SCHEMA)


def furnish(found: Path) -> Path:
    shutil.copytree(SHIPPED, found / "shipped", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (found / "shared.graphql").write_text(SHARED, encoding="utf-8")
    (found / "README.md").write_text("no document", encoding="utf-8")
    return found


@pytest.fixture
async def trusting(database_dsn, tmp_path, folder):
    async with serving(database_dsn, tmp_path, trusted_documents=folder) as found:
        yield found


async def ask(served, accept: str = "application/json", **body: object):
    headers = {**served.header(Role.FRONTEND), "accept": accept}
    return await served.client.post("/graphql", json=body, headers=headers)


@pytest.mark.parametrize(
    "by",
    [
        {"query": SHARED},
        {"documentId": f"sha256:{digest(SHARED)}"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(SHARED)}}},
        {"query": SHARED, "documentId": f"sha256:{digest(SHARED)}"},
        {"query": SHARED, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(SHARED)}}},
        {"query": SHARED, "documentId": None, "extensions": None},
        {"query": SHARED, "extensions": {"somebody": "else's"}},
    ],
    ids=",".join,
)
def test_a_trusted_document_is_asked_for_by_text_and_by_hash(trusted, by):
    assert trusted.text_of(request(**by)) == SHARED


async def test_of_several_operations_the_request_chooses(trusting):
    by = {"documentId": f"sha256:{digest(SHARED)}"}
    assert (await ask(trusting, **by, operationName="Edition")).json()["data"] == EDITION
    both = (await ask(trusting, **by, operationName="FirstDay")).json()
    assert both["data"]["programme"].keys() == {"edition", "effectiveFrom"}
    assert (await ask(trusting, **by)).json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    text = (SHIPPED / "programme.graphql").read_text(encoding="utf-8")
    by_hash = await ask(trusting, documentId=f"sha256:{digest(text)}", variables={"on": "2026-10-01"})
    by_text = await ask(trusting, query=text, variables={"on": "2026-10-01"})
    assert by_hash.json()["data"] == by_text.json()["data"]
    assert by_hash.json()["data"]["programme"]["edition"] == "zhenxuan-1"


@pytest.mark.parametrize(
    "by",
    [
        {"query": FOREIGN},
        {"query": SHARED.strip()},  # another text, though the same document
        {"query": SHARED + "\nquery More { programme { edition } }"},
        {"query": "{ __schema { types { name } } }"},
        {"query": "no document at all"},
        {"query": ""},
        {"documentId": f"sha256:{digest(FOREIGN)}"},
        {"documentId": f"sha256:{digest(SHARED).upper()}"},
        {"documentId": digest(SHARED)},
        {"documentId": f"x-mine:{digest(SHARED)}"},
        {"documentId": "sha256:"},
        {"documentId": ""},
        {"documentId": "../shared.graphql"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(FOREIGN)}}},
    ],
    ids=str,
)
def test_every_other_document_is_refused(trusted, by):
    with pytest.raises(UnknownDocumentError):
        trusted.text_of(request(**by))


async def test_a_refused_document_is_a_graphql_response(trusting):
    plain, strict = await ask(trusting, query=FOREIGN), await ask(trusting, GRAPHQL_JSON, query=FOREIGN)
    assert (plain.status_code, strict.status_code) == (200, 400)
    for answer in (plain, strict):
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "UNKNOWN_DOCUMENT"
        assert "data" not in answer.json()
    # The role decides also about a trusted document.
    text = (SHIPPED / "record.graphql").read_text(encoding="utf-8")
    asked = {"documentId": f"sha256:{digest(text)}", "operationName": "Record", "variables": {"events": []}}
    forbidden = await ask(trusting, **asked)
    assert forbidden.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"documentId": 7},
        {"documentId": ["sha256:"]},
        {"query": SHARED, "extensions": []},
        {"query": SHARED, "extensions": "x"},
        {"extensions": {"persistedQuery": 7}},
        {"extensions": {"persistedQuery": {"sha256Hash": 7}}},
        {"query": SHARED, "documentId": f"sha256:{digest(FOREIGN)}"},
    ],
    ids=str,
)
def test_what_names_no_document_or_two_is_no_request(trusted, body):
    with pytest.raises(RequestError) as caught:
        trusted.text_of(request(**body))
    assert (caught.value.status, caught.value.code) == (400, "BAD_REQUEST")


async def test_without_a_folder_every_text_runs_and_no_hash_is_known(served):
    assert (await ask(served, query=FOREIGN)).json()["data"] == EDITION
    with_hash = await ask(served, query=FOREIGN, documentId=f"sha256:{digest(FOREIGN)}")
    assert with_hash.json()["data"] == EDITION
    unknown = await ask(served, documentId=f"sha256:{digest(FOREIGN)}")
    assert unknown.json()["errors"][0]["extensions"]["code"] == "UNKNOWN_DOCUMENT"


def test_a_wrong_document_stops_the_start_with_its_file_and_line(folder):
    wrong = {
        "cut_off.graphql": "query A {\n  programme {",
        "no_such_field.graphql": "query A {\n  programme {\n    edition\n    colour\n  }\n}",
        "only_a_fragment.graphql": "fragment F on Programme { edition }",
        "shipped/later.graphql": "\n\nquery A($on: Nothing) { viewer { role } }",
        "empty.graphql": "",
    }
    for name, text in wrong.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "latin.graphql").write_bytes("{ programme { édition } }".encode("latin-1"))
    with pytest.raises(StartError) as caught:
        documents_of(Settings(trusted_documents=folder), SCHEMA)
    places = {line.removeprefix(f"{folder}/").partition(": ")[0] for line in caught.value.lines}
    assert places >= {
        "cut_off.graphql:2",
        "no_such_field.graphql:4",
        "only_a_fragment.graphql:1",
        "shipped/later.graphql:3",
        "empty.graphql:1",
        "latin.graphql",
    }


@pytest.mark.parametrize("name", ["none", "without-any"])
def test_a_folder_without_documents_stops_the_start(tmp_path, name):
    (tmp_path / "without-any").mkdir()
    with pytest.raises(StartError, match=r"there is no \.graphql file"):
        documents_of(Settings(trusted_documents=tmp_path / name), SCHEMA)
