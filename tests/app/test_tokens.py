"""Every kind of invalid token is refused; a valid one identifies the viewer exactly."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from app.errors import StartError
from app.identity import keys as keys_module
from app.identity import tokens as tokens_module
from app.identity.keys import KeyRing, key_ring
from app.identity.tokens import CannotIssueError, TokenError, Tokens
from app.settings import Settings, load_settings
from schema.context import Role, Viewer

SECRET = b"0123456789abcdef0123456789abcdef"
TOKENS = Tokens(KeyRing(secret=SECRET), issuer="entitlements", audience="entitlements")


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ENTITLEMENTS_{name.upper()}", raising=False)


def claims(**changed: object) -> dict[str, object]:
    now = datetime.now(UTC)
    good = {
        "iss": "entitlements",
        "aud": "entitlements",
        "sub": "somebody",
        "iat": now,
        "exp": now + timedelta(hours=1),
        "role": "finance",
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(
    key: object = SECRET, algorithm: str = "HS256", headers: dict[str, object] | None = None, **changed
) -> str:
    return jwt.encode(claims(**changed), key, algorithm=algorithm, headers=headers)


@pytest.mark.parametrize(
    "viewer",
    [
        Viewer(role=Role.FRONTEND, subject="frontend"),
        Viewer(role=Role.FRONTEND, member="M-1", subject="M-1"),
        Viewer(role=Role.VENDOR, vendor="dental-1", subject="dental-1"),
        Viewer(role=Role.FINANCE, subject="finance"),
        Viewer(role=Role.OPERATIONS, subject="operations"),
        Viewer(role=Role.AUDITOR, subject="auditor"),
    ],
)
def test_what_is_issued_is_read(viewer):
    token = TOKENS.issue(viewer.role, vendor=viewer.vendor, member=viewer.member)
    read = TOKENS.read(token)
    assert replace(read, token_id=None) == viewer
    assert read.token_id == jwt.decode(token, options={"verify_signature": False})["jti"]


def test_no_two_tokens_have_the_same_id():
    assert len({TOKENS.read(TOKENS.issue(Role.FINANCE)).token_id for _ in range(10)}) == 10


@pytest.mark.parametrize(
    ("role", "given"),
    [
        (Role.VENDOR, {}),
        (Role.FINANCE, {"vendor": "dental-1"}),
        (Role.FINANCE, {"member": "M-1"}),
        (Role.VENDOR, {"vendor": "dental-1", "member": "M-1"}),
        (Role.VENDOR, {"vendor": ""}),
        (Role.VENDOR, {"vendor": "a\nb"}),
    ],
)
def test_no_token_is_issued_whose_claims_do_not_fit_its_role(role, given):
    with pytest.raises(TokenError):
        TOKENS.issue(role, **given)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "somebody-else"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"iat": None},
        {"iat": datetime.now(UTC) + timedelta(hours=1)},
        {"exp": None},
        {"exp": datetime.now(UTC) - timedelta(minutes=5)},
        {"exp": "tomorrow"},
        {"nbf": datetime.now(UTC) + timedelta(hours=1)},
        {"role": None},
        {"role": "root"},
        {"role": ["finance"]},
        {"role": 7},
        {"role": "vendor"},
        {"role": "vendor", "vendor": ""},
        {"role": "vendor", "vendor": ["dental-1"]},
        {"role": "vendor", "vendor": "v" * 201},
        {"role": "vendor", "vendor": "nul\0"},
        {"role": "finance", "vendor": "dental-1"},
        {"role": "finance", "member": "M-1"},
        {"role": "vendor", "vendor": "dental-1", "member": "M-1"},
        {"role": "frontend", "member": ""},
        {"role": "frontend", "member": 7},
        {"iat": True},
        {"exp": True},
        {"iat": str(int(datetime.now(UTC).timestamp()))},
    ],
    ids=lambda changed: ",".join(
        f"{name}={'a moment' if isinstance(value, datetime) or len(str(value)) == 10 else value}"
        for name, value in changed.items()
    ),
)
def test_a_token_with_wrong_claims_is_refused(changed):
    with pytest.raises(TokenError):
        TOKENS.read(signed(**changed))


_NOTHING_SAID = {
    "null": None,
    "empty": "",
    "a blank": " ",
    "a wide blank": "\u3000",
    "a blank before": " x",
    "a blank behind": "x ",
    "a tab": "x\t",
    "a number": 7,
    "zero": 0,
    "false": False,
    "true": True,
    "a list": ["x"],
    "an empty list": [],
    "an object": {"x": "x"},
    "too long": "x" * 201,
    "a nul": "x\0",
    "two lines": "x\ny",
    "written right to left": "x\u202ey",
}


@pytest.mark.parametrize("value", _NOTHING_SAID.values(), ids=_NOTHING_SAID.keys())
@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ("member", "frontend"),
        ("member", "finance"),
        ("vendor", "vendor"),
        ("vendor", "frontend"),
        ("role", None),
        ("sub", "finance"),
        ("jti", "finance"),
        ("iss", "finance"),
        ("aud", "finance"),
        ("iat", "finance"),
        ("exp", "finance"),
        ("nbf", "finance"),
    ],
)
def test_a_claim_that_is_there_but_says_nothing_is_refused(claim, role, value):
    given = claims(role=role) | {claim: value}
    if claim == "nbf" and isinstance(value, int):
        return  # a moment long past
    with pytest.raises(TokenError):
        TOKENS.read(jwt_of(given))


def jwt_of(given: dict[str, object]) -> str:
    """A token of any claims, also of those that the library would not sign."""
    seconds = {
        name: int(value.timestamp()) if isinstance(value, datetime) else value
        for name, value in given.items()
    }
    return jwt.api_jws.encode(json.dumps(seconds).encode(), SECRET, algorithm="HS256")


def test_what_is_said_by_hand_is_read():
    assert TOKENS.read(jwt_of(claims(role="frontend", member="M-1"))).member == "M-1"


@pytest.mark.parametrize("times", [{"exp": 1e400}, {"iat": -1e400}, {"exp": float("nan")}, {"iat": 10**400}])
def test_numbers_beyond_all_time_are_refused(times):
    with pytest.raises(TokenError):
        TOKENS.read(jwt_of(claims() | times))


def test_a_token_that_is_valid_for_longer_than_allowed_is_refused():
    now = datetime.now(UTC)
    day = timedelta(hours=24)
    assert TOKENS.read(signed(iat=now, exp=now + day))
    with pytest.raises(TokenError, match="more than 24 hours"):
        TOKENS.read(signed(iat=now, exp=now + day + timedelta(seconds=1)))
    # Not what is left counts, but what it was issued for.
    with pytest.raises(TokenError, match="more than 24 hours"):
        TOKENS.read(signed(iat=now - 2 * day, exp=now + timedelta(minutes=1)))
    with pytest.raises(TokenError, match="more than 24 hours"):
        TOKENS.issue(Role.FINANCE, hours=25)
    longer = Tokens(KeyRing(secret=SECRET), issuer="entitlements", audience="entitlements", longest_hours=200)
    assert longer.read(longer.issue(Role.FINANCE, hours=200))


NEXT = b"abcdef0123456789abcdef0123456789"


def ring_of(*secrets: bytes) -> Tokens:
    return Tokens(
        KeyRing(secret=secrets[0], former=secrets[1:]), issuer="entitlements", audience="entitlements"
    )


def test_the_first_key_signs_and_all_check():
    before, during, after = ring_of(SECRET), ring_of(NEXT, SECRET), ring_of(NEXT)
    old, new = before.issue(Role.FINANCE), during.issue(Role.FINANCE)
    assert during.read(old).role is during.read(new).role is after.read(new).role is Role.FINANCE
    for tokens, token in ((before, new), (after, old)):
        with pytest.raises(TokenError, match="unknown key"):
            tokens.read(token)
    kid = jwt.get_unverified_header(new)["kid"]
    assert kid == hashlib.sha256(NEXT).hexdigest()[:8]


def test_a_token_that_names_no_key_is_read_with_whichever_fits():
    assert ring_of(NEXT, SECRET).read(signed()).role is Role.FINANCE
    with pytest.raises(TokenError):
        ring_of(NEXT, b"f" * 32).read(signed())


@pytest.mark.parametrize("kid", ["", "00000000", "\0secret", hashlib.sha256(NEXT).hexdigest()[:8]])
def test_a_token_that_names_another_key_is_refused(kid):
    with pytest.raises(TokenError):
        ring_of(SECRET, NEXT).read(signed(headers={"kid": kid}))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ü.ü.ü", "." * 10, "x" * 10_000, "null.null.null", "\0"])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(TokenError):
        TOKENS.read(token)


def test_a_token_signed_with_another_key_is_refused():
    with pytest.raises(TokenError):
        TOKENS.read(signed(b"f" * 32))


def test_a_token_that_was_changed_is_refused():
    head, body, signature = signed(role="frontend").split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"role": "operations"}).encode()).rstrip(b"=").decode()
    for token in (f"{head}.{forged}.{signature}", f"{head}.{body}.", f"{head}.{body}.{signature[:-4]}AAAA"):
        with pytest.raises(TokenError):
            TOKENS.read(token)


@pytest.mark.parametrize("algorithm", ["none", "HS512", "HS384"])
def test_no_other_algorithm_is_taken(algorithm):
    key = "" if algorithm == "none" else SECRET * 2
    with pytest.raises(TokenError):
        Tokens(KeyRing(secret=SECRET * 2), issuer="entitlements", audience="entitlements").read(
            signed(key, algorithm)
        )


class Issuer:
    """Somebody who issues tokens with private keys."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.ed = ed25519.Ed25519PrivateKey.generate()

    def jwks(self) -> str:
        of = {
            "rsa": jwt.algorithms.RSAAlgorithm,
            "ec": jwt.algorithms.ECAlgorithm,
            "ed": jwt.algorithms.OKPAlgorithm,
        }
        found = [
            json.loads(algorithm.to_jwk(getattr(self, name).public_key())) | {"kid": name, "use": "sig"}
            for name, algorithm in of.items()
        ]
        return json.dumps({"keys": [*found, {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}]})


ISSUER = Issuer()


@pytest.fixture
def public(tmp_path) -> Tokens:
    file = tmp_path / "jwks.json"
    file.write_text(ISSUER.jwks())
    return Tokens(
        key_ring(load_settings(jwks=str(file), data=tmp_path)), issuer="entitlements", audience="entitlements"
    )


@pytest.mark.parametrize(("name", "algorithm"), [("rsa", "RS256"), ("ec", "ES256"), ("ed", "EdDSA")])
def test_tokens_of_an_issuer_with_public_keys_are_read(public, name, algorithm):
    token = signed(getattr(ISSUER, name), algorithm, {"kid": name})
    assert public.read(token).role is Role.FINANCE


def test_with_public_keys_nothing_is_issued_here(public):
    with pytest.raises(CannotIssueError):
        public.issue(Role.FINANCE)


def test_a_public_key_is_no_shared_secret(public):
    pem = ISSUER.rsa.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    body = claims() | {
        "iat": int(datetime.now(UTC).timestamp()),
        "exp": int(datetime.now(UTC).timestamp()) + 60,
    }
    unsigned = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa'})}.{part(body)}"
    mac = hmac.new(pem, unsigned.encode(), hashlib.sha256).digest()
    with pytest.raises(TokenError):
        public.read(f"{unsigned}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


@pytest.mark.parametrize(
    ("name", "algorithm", "headers"),
    [
        ("rsa", "RS256", {"kid": "ec"}),  # a key is good for its own algorithm only
        ("rsa", "RS512", {"kid": "rsa"}),
        ("rsa", "PS256", {"kid": "rsa"}),
        ("rsa", "RS256", {"kid": "unknown"}),
        ("rsa", "RS256", {"kid": "shared"}),
        ("rsa", "RS256", None),  # which of several keys is not said
    ],
)
def test_a_token_that_does_not_fit_its_public_key_is_refused(public, name, algorithm, headers):
    with pytest.raises(TokenError):
        public.read(signed(getattr(ISSUER, name), algorithm, headers))


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"keys": 7}', '{"keys": []}', '{"keys": [7]}', '{"keys": [{"kty": "RSA"}]}']
)
def test_a_broken_key_set_stops_the_start(tmp_path, content):
    file = tmp_path / "jwks.json"
    file.write_text(content)
    with pytest.raises(StartError, match="ENTITLEMENTS_JWKS"):
        key_ring(load_settings(jwks=str(file)))


def test_a_key_set_that_cannot_be_had_stops_the_start(tmp_path):
    with pytest.raises(StartError, match="ENTITLEMENTS_JWKS"):
        key_ring(load_settings(jwks=str(tmp_path / "none.json")))
    with pytest.raises(StartError, match="ENTITLEMENTS_JWKS"):
        key_ring(load_settings(jwks="http://127.0.0.1:1/jwks.json"))


async def test_a_new_key_of_the_issuer_is_fetched_when_a_token_names_it_but_not_at_every_token(monkeypatch):
    asked = 0
    documents = [json.dumps({"keys": json.loads(ISSUER.jwks())["keys"][:1]}), ISSUER.jwks()]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal asked
            content = documents[min(asked, 1)].encode()
            asked += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            ring = await asyncio.to_thread(
                key_ring, load_settings(jwks=f"http://127.0.0.1:{server.server_port}/jwks.json")
            )
            tokens = Tokens(ring, issuer="entitlements", audience="entitlements")
            token = signed(ISSUER.ec, "ES256", {"kid": "ec"})
            with pytest.raises(TokenError):
                await tokens.viewer(token)
            assert asked == 1  # too soon after the last time
            monkeypatch.setattr(keys_module, "_FETCH_EVERY_S", 0.0)
            assert (await tokens.viewer(token)).role is Role.FINANCE
            monkeypatch.undo()
            for _ in range(20):
                with pytest.raises(TokenError):
                    await tokens.viewer(signed(ISSUER.ec, "ES256", {"kid": "forged"}))
            assert asked == 2
        finally:
            server.shutdown()
            thread.join()


def test_an_address_of_keys_that_leads_on_is_not_followed():
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("location", "/elsewhere.json")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(StartError, match=r"JSON Web Key Set \(HTTPError\)"):
                key_ring(load_settings(jwks=f"http://127.0.0.1:{server.server_port}/jwks.json"))
        finally:
            server.shutdown()
            thread.join()
    assert asked == ["/jwks.json"]


def test_a_key_that_is_no_use_does_not_stop_the_others(tmp_path):
    file = tmp_path / "jwks.json"
    others = [{"kty": "RSA"}, {"kty": "EC", "crv": "P-224"}, {"kty": "none"}, 7]
    file.write_text(json.dumps({"keys": [*others, *json.loads(ISSUER.jwks())["keys"]]}))
    ring = key_ring(load_settings(jwks=str(file)))
    assert {key_id: ring.find("RS256", key_id)[0].algorithm for key_id in ("rsa", "ec", "ed")} == {
        "rsa": "RS256",
        "ec": "ES256",
        "ed": "EdDSA",
    }
    assert ring.find("RS256", "shared") == ()


def test_a_token_that_was_read_before_ends_with_its_time(monkeypatch):
    tokens = Tokens(KeyRing(secret=SECRET), issuer="entitlements", audience="entitlements")
    token = signed()
    assert tokens.read(token) == tokens.read(token)

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=1, seconds=31)

    monkeypatch.setattr(tokens_module, "datetime", Later)
    monkeypatch.setattr(jwt.api_jwt, "datetime", Later)
    with pytest.raises(TokenError, match="Expired"):
        tokens.read(token)


def test_a_token_that_was_read_before_ends_with_its_key(tmp_path):
    file = tmp_path / "jwks.json"
    file.write_text(ISSUER.jwks())
    ring = key_ring(load_settings(jwks=str(file)))
    tokens = Tokens(ring, issuer="entitlements", audience="entitlements")
    token = signed(ISSUER.ec, "ES256", {"kid": "ec"})
    assert tokens.read(token).role is Role.FINANCE
    keys = [key for key in json.loads(ISSUER.jwks())["keys"] if key["kid"] != "ec"]
    file.write_text(json.dumps({"keys": keys}))
    ring.load()
    with pytest.raises(TokenError, match="unknown key"):
        tokens.read(token)


def test_the_development_key_is_made_once_and_for_its_owner_alone(tmp_path):
    data = tmp_path / "data"
    first, second = (key_ring(load_settings(data=data)) for _ in range(2))
    assert first.secret == second.secret
    assert first.secret is not None
    assert len(first.secret.key) >= 32
    assert (data / "token.key").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in data.iterdir()] == ["token.key"]


def test_a_development_key_that_others_could_read_is_taken_from_their_sight(tmp_path):
    key_ring(load_settings(data=tmp_path))
    (tmp_path / "token.key").chmod(0o644)
    key_ring(load_settings(data=tmp_path))
    assert (tmp_path / "token.key").stat().st_mode & 0o777 == 0o600


def test_a_development_key_that_was_cut_off_is_not_used(tmp_path):
    (tmp_path / "token.key").write_text("short")
    with pytest.raises(StartError, match="too short"):
        key_ring(load_settings(data=tmp_path))


def test_a_token_is_verified_once_and_may_still_be_revoked(monkeypatch):
    tokens = Tokens(KeyRing(secret=SECRET), issuer="entitlements", audience="entitlements")
    token = tokens.issue(Role.FINANCE)
    verified = []
    decode = jwt.decode
    monkeypatch.setattr(jwt, "decode", lambda *given, **named: verified.append(1) or decode(*given, **named))
    viewers = {tokens.read(token) for _ in range(3)}
    assert (len(viewers), len(verified)) == (1, 1)
    monkeypatch.setattr(tokens.revocations, "revoked", lambda **_: True)
    with pytest.raises(TokenError, match="revoked"):
        tokens.read(token)


async def test_a_token_that_was_read_before_does_not_keep_public_keys_from_being_fetched(public, monkeypatch):
    token = signed(ISSUER.rsa, "RS256", {"kid": "rsa"})
    await public.viewer(token)
    before = public._keys.edition
    await public.viewer(token)
    assert public._keys.edition == before
    monkeypatch.setattr(keys_module, "_FETCH_AFTER_S", -1.0)
    monkeypatch.setattr(keys_module, "_FETCH_EVERY_S", -1.0)
    await public.viewer(token)
    assert public._keys.edition == before + 1


def test_the_tokens_that_are_remembered_take_no_more_than_a_bound(monkeypatch):
    monkeypatch.setattr(tokens_module, "_MOST_PROVED_BYTES", 10_000)
    tokens = Tokens(KeyRing(secret=SECRET), issuer="entitlements", audience="entitlements")
    for _ in range(50):
        tokens.read(tokens.issue(Role.FINANCE))
    assert 0 < tokens._proved.currsize <= 10_000
