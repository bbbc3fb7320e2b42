import asyncio
import base64
import hmac
import json
from collections.abc import Callable
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey
from tests.asgi import call
from tests.faults import Faults, FaultyTable
from tests.polling import until
from tests.tenants import REGIONS, ManualClock

from localcloud import staff
from muneris.cloud.http import Authenticate, PublicKeys, bearer, create_api
from muneris.cloud.http.bearer import AUDIENCE, KEYS_PARTITION
from muneris.cloud.http.guard import Guard
from muneris.cloud.http.staff import require_staff
from muneris.cloud.tables import ANY, TableUnavailableError, Transaction
from muneris.core.cache import EARLY
from muneris.core.identity import GUEST, STAFF, Caller
from muneris.core.problems import ProblemError

STAFF_KEY = ECKey.import_key(json.loads(staff.generate_signing_key()))
REGION_KEY = ECKey.import_key(json.loads(staff.generate_signing_key()))
STRANGE_KEY = ECKey.generate_key("P-256")
ENDLESS = 90_000

type Claims = dict[str, object]


class Door:
    """Region api1 as it checks tokens, with a clock and a table of public keys."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.settings = FaultyTable(reads=Faults())
        self.keys = PublicKeys(self.settings, self.clock.monotonic)
        jwks = json.dumps({"keys": [STAFF_KEY.as_dict(private=False)]})
        self.authenticate = Authenticate("api1", REGIONS, self.keys, staff.ISSUER, jwks, self.clock)

    async def publish(self, key: ECKey = REGION_KEY, kid: str | None = None) -> None:
        jwk = json.dumps(key.as_dict(private=False))
        row = f"keys|{kid or key.kid}"
        await self.settings.transact(Transaction(KEYS_PARTITION).insert(row, {"Jwk": jwk}))

    async def withdraw(self) -> None:
        await self.settings.transact(Transaction(KEYS_PARTITION).delete(f"keys|{REGION_KEY.kid}", etag=ANY))

    def claims(self, **changed: object) -> Claims:
        """A guest's, with changes; None leaves a claim out."""
        claims: Claims = {
            "iss": "api1",
            "sub": "guest-1",
            "aud": AUDIENCE,
            "scope": GUEST,
            "property": "NOR-CPH01",
            "exp": int(self.clock.now().timestamp()) + 3600,
        }
        return {name: value for name, value in {**claims, **changed}.items() if value is not None}

    def token(self, key: ECKey = REGION_KEY, kid: object = REGION_KEY.kid, **changed: object) -> str:
        return signed({"alg": "ES256", "kid": kid}, self.claims(**changed), key)

    def staff_token(self, **changed: object) -> str:
        claims = {"iss": staff.ISSUER, "sub": "staff", "scope": STAFF, "property": None}
        return self.token(STAFF_KEY, STAFF_KEY.kid, **(claims | changed))

    async def enter(self, token: str) -> Caller:
        return await self.authenticate.identify(f"Bearer {token}")


@pytest.fixture
async def door() -> Door:
    door = Door()
    await door.publish()
    return door


def encoded(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(header: Claims, claims: object, key: ECKey) -> str:
    """A token with any header and any claims, properly signed."""
    content = f"{encoded({'alg': 'ES256'} | header)}.{encoded(claims)}"
    return f"{content}.{encoded(jws.JWSRegistry.algorithms['ES256'].sign(content.encode(), key))}"


def signed_with_public_key(claims: Claims) -> str:
    """HS256 with what everybody knows as its secret."""
    content = f"{encoded({'alg': 'HS256', 'kid': REGION_KEY.kid})}.{encoded(claims)}"
    secret = REGION_KEY.as_pem(private=False)
    return f"{content}.{encoded(hmac.digest(secret, content.encode(), 'sha256'))}"


async def refusal(door: Door, authorization: str | None) -> ProblemError:
    with pytest.raises(ProblemError) as raised:
        await door.authenticate.identify(authorization)
    assert raised.value.type.status == 401
    return raised.value


async def test_a_guest_of_the_region(door: Door) -> None:
    assert await door.enter(door.token()) == Caller("guest-1", GUEST, "NOR-CPH01")


async def test_staff(door: Door) -> None:
    assert await door.enter(door.staff_token()) == Caller("staff", STAFF)


async def test_a_token_of_the_local_issuer_of_staff(door: Door) -> None:
    now = int(door.clock.now().timestamp())
    token = staff.issue_token(json.dumps(STAFF_KEY.as_dict(private=True)), now)
    assert (await door.enter(token)).is_staff


async def test_the_scheme_is_read_in_any_case(door: Door) -> None:
    assert (await door.authenticate.identify(f"bEARER {door.token()}")).subject == "guest-1"


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "token"])
async def test_without_a_bearer_token(door: Door, authorization: str | None) -> None:
    problem = await refusal(door, authorization)
    assert problem.type.code == "unauthenticated"
    assert problem.detail == "Send 'Authorization: Bearer <access token>'."
    assert problem.headers == {"WWW-Authenticate": "Bearer"}


type Forge = Callable[[Door], str]
NOT_VALID = "The access token is not valid."
NOT_FOR_US = "The access token was not issued for us."
EXPIRED = "The access token has expired: get a new one."
LACKS = "The access token lacks what we need."
FORGERIES: dict[str, tuple[Forge, str]] = {
    "alg none": (
        lambda door: f"{encoded({'alg': 'none', 'kid': REGION_KEY.kid})}.{encoded(door.claims())}.",
        NOT_VALID,
    ),
    "no signature": (lambda door: door.token().rpartition(".")[0] + ".", NOT_VALID),
    "HS256 with the public key": (lambda door: signed_with_public_key(door.claims()), NOT_VALID),
    "another algorithm's name": (
        lambda door: signed({"alg": "RS256", "kid": REGION_KEY.kid}, door.claims(), REGION_KEY),
        NOT_VALID,
    ),
    "another key": (lambda door: door.token(STRANGE_KEY), NOT_VALID),
    "a key of its own": (
        lambda door: signed(
            {"kid": REGION_KEY.kid, "jwk": STRANGE_KEY.as_dict(private=False)}, door.claims(), STRANGE_KEY
        ),
        NOT_VALID,
    ),
    "claims exchanged": (
        lambda door: ".".join(
            [door.token().split(".")[0], encoded(door.claims(sub="guest-2")), door.token().split(".")[2]]
        ),
        NOT_VALID,
    ),
    "an unknown critical header": (
        lambda door: signed(
            {"kid": REGION_KEY.kid, "crit": ["future"], "future": 1}, door.claims(), REGION_KEY
        ),
        NOT_VALID,
    ),
    "unknown kid": (lambda door: door.token(kid="unknown"), NOT_FOR_US),
    "no kid": (lambda door: door.token(kid=None), NOT_FOR_US),
    "a kid that no row can have": (lambda door: door.token(kid="a/b\\c#d?e\n"), NOT_FOR_US),
    "staff's kid": (lambda door: door.token(kid=STAFF_KEY.kid), NOT_FOR_US),
    "wrong issuer": (lambda door: door.token(iss="https://elsewhere.example"), NOT_FOR_US),
    "no issuer": (lambda door: door.token(iss=None), NOT_FOR_US),
    "wrong audience": (lambda door: door.token(aud="another"), NOT_FOR_US),
    "audience among others": (lambda door: door.token(aud=[AUDIENCE, "another"]), NOT_FOR_US),
    "no audience": (lambda door: door.token(aud=None), NOT_FOR_US),
    "expired now": (lambda door: door.token(exp=int(door.clock.now().timestamp())), EXPIRED),
    "expired": (lambda door: door.token(exp=1), EXPIRED),
    "never expires": (lambda door: door.token(exp=None), EXPIRED),
    "expires as text": (lambda door: door.token(exp="9999999999"), EXPIRED),
    "no subject": (lambda door: door.token(sub=None), LACKS),
    "a subject that is no text": (lambda door: door.token(sub=["guest-1"]), LACKS),
    "no scope": (lambda door: door.token(scope=None), LACKS),
    "another scope": (lambda door: door.token(scope="kitchen"), LACKS),
    "two scopes": (lambda door: door.token(scope=[GUEST, STAFF]), LACKS),
    "a guest as staff": (lambda door: door.token(scope=STAFF), LACKS),
    "a guest with staff's key": (lambda door: door.staff_token(iss="api1"), NOT_FOR_US),
    "a guest of staff's issuer": (lambda door: door.staff_token(scope=GUEST), LACKS),
    "staff by the region's key": (
        lambda door: door.token(iss=staff.ISSUER, scope=STAFF),
        NOT_FOR_US,
    ),
    "staff by the region's key under staff's kid": (
        lambda door: door.token(kid=STAFF_KEY.kid, iss=staff.ISSUER, scope=STAFF),
        NOT_VALID,
    ),
    "claims that are no object": (
        lambda _: signed({"kid": REGION_KEY.kid}, ["iss", "api1"], REGION_KEY),
        NOT_VALID,
    ),
    "claims nested without end": (
        lambda _: f"{encoded({'alg': 'ES256'})}.{encoded(b'[' * ENDLESS)}.AAAA",
        NOT_VALID,
    ),
    "a header nested without end": (
        lambda door: f"{encoded(b'[' * ENDLESS)}.{encoded(door.claims())}.AAAA",
        NOT_VALID,
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_token_that_is_refused(door: Door, forgery: str) -> None:
    forge, detail = FORGERIES[forgery]
    problem = await refusal(door, f"Bearer {forge(door)}")
    assert (problem.type.code, problem.detail) == ("unauthenticated", detail)
    assert problem.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize("exp", [None, 1])
async def test_a_token_of_another_region_is_told_where_to_go(door: Door, exp: int | None) -> None:
    problem = await refusal(door, f"Bearer {door.token(iss='api2', exp=exp)}")
    assert problem.type.code == "session_of_another_region"
    assert problem.members == {"home_endpoint": REGIONS["api2"]}


async def test_a_property_that_is_no_text_binds_to_none(door: Door) -> None:
    assert await door.enter(door.token(property=["NOR-CPH01"])) == Caller("guest-1", GUEST)


async def test_a_key_is_read_once(door: Door) -> None:
    for _ in range(3):
        await door.enter(door.token())
    assert door.settings.reads.calls == 1


async def test_an_unknown_key_is_looked_for_once_in_a_while(door: Door) -> None:
    await door.enter(door.token())
    for number in range(9):
        await refusal(door, f"Bearer {door.token(kid=str(number))}")
    assert door.settings.reads.calls == 2
    door.clock.advance(seconds=5)
    await refusal(door, f"Bearer {door.token(kid='more')}")
    assert door.settings.reads.calls == 3


async def test_many_who_name_unknown_keys_at_once_have_them_read_once(door: Door) -> None:
    await door.enter(door.token())
    new = ECKey.import_key(json.loads(staff.generate_signing_key()))
    await door.publish(new)
    strangers = [refusal(door, f"Bearer {door.token(kid=str(number))}") for number in range(9)]
    known = asyncio.create_task(door.enter(door.token(new, new.kid)))
    await asyncio.gather(known, *strangers)
    assert (await known).subject == "guest-1"
    assert door.settings.reads.calls == 2


async def test_unknown_keys_do_not_hide_known_ones(door: Door) -> None:
    await refusal(door, f"Bearer {door.token(kid='unknown')}")
    read = door.settings.reads.calls
    assert (await door.enter(door.token())).subject == "guest-1"
    assert door.settings.reads.calls == read


async def test_a_new_key_is_found(door: Door) -> None:
    await door.enter(door.token())
    new = ECKey.import_key(json.loads(staff.generate_signing_key()))
    await door.publish(new)
    assert (await door.enter(door.token(new, new.kid))).subject == "guest-1"
    assert (await door.enter(door.token())).subject == "guest-1"
    assert door.settings.reads.calls == 2


async def test_keys_out_of_reach_are_an_outage_and_no_refusal(door: Door) -> None:
    door.settings.reads.down()
    with pytest.raises(TableUnavailableError):
        await door.enter(door.token())
    assert (await door.enter(door.staff_token())).is_staff
    door.settings.reads.calm()
    assert (await door.enter(door.token())).subject == "guest-1"


async def test_a_key_that_was_withdrawn_is_believed_for_a_minute_at_most(door: Door) -> None:
    token = door.token()
    await door.enter(token)
    await door.withdraw()
    door.clock.advance(seconds=59)
    assert (await door.enter(token)).subject == "guest-1"
    door.clock.advance(seconds=1)
    assert (await refusal(door, f"Bearer {token}")).detail == NOT_FOR_US
    assert (await refusal(door, f"Bearer {door.token(sub='guest-2')}")).detail == NOT_FOR_US


async def test_while_tokens_come_in_a_withdrawal_is_seen_earlier_and_nobody_waits(door: Door) -> None:
    await door.enter(door.token())
    await door.withdraw()
    door.clock.advance(seconds=60 * EARLY)
    read = door.settings.reads.calls
    assert (await door.enter(door.token())).subject == "guest-1"
    assert door.settings.reads.calls == read
    await until(lambda: door.settings.reads.calls > read)
    assert (await refusal(door, f"Bearer {door.token()}")).detail == NOT_FOR_US


async def test_another_key_of_the_same_name_does_not_vouch_for_what_the_first_signed(door: Door) -> None:
    token = door.token()
    await door.enter(token)
    await door.withdraw()
    await door.publish(STRANGE_KEY, str(REGION_KEY.kid))
    door.clock.advance(seconds=60)
    assert (await refusal(door, f"Bearer {token}")).detail == NOT_VALID
    assert (await door.enter(door.token(STRANGE_KEY))).subject == "guest-1"


async def test_keys_that_were_read_serve_in_an_outage_for_an_hour(door: Door) -> None:
    token = door.token(exp=int(door.clock.now().timestamp()) + 7200)
    await door.enter(token)
    door.settings.reads.down()
    door.clock.advance(seconds=3599)
    assert (await door.enter(token)).subject == "guest-1"
    door.clock.advance(seconds=1)
    with pytest.raises(TableUnavailableError):
        await door.enter(token)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signatures are checked."""
    checked: list[str] = []
    decode = jwt.decode

    def decoding(value: str, key: ECKey, algorithms: list[str]) -> jwt.Token:
        checked.append(value)
        return decode(value, key, algorithms=algorithms)

    monkeypatch.setattr(jwt, "decode", decoding)
    return checked


async def test_a_signature_is_checked_once(door: Door, checks: list[str]) -> None:
    guest, staffs = door.token(), door.staff_token()
    for _ in range(3):
        assert await door.enter(guest) == Caller("guest-1", GUEST, "NOR-CPH01")
        assert await door.enter(staffs) == Caller("staff", STAFF)
    assert checks == [guest, staffs]


async def test_keys_read_again_that_are_the_same_vouch_as_before(door: Door, checks: list[str]) -> None:
    token = door.token()
    await door.enter(token)
    door.clock.advance(seconds=60)
    await door.enter(token)
    assert (checks, door.settings.reads.calls) == ([token], 2)


async def test_a_token_that_was_checked_expires_all_the_same(door: Door, checks: list[str]) -> None:
    token = door.token(exp=int(door.clock.now().timestamp()) + 10)
    for seconds in (0, 9):
        door.clock.advance(seconds=seconds)
        assert (await door.enter(token)).subject == "guest-1"
    door.clock.advance(seconds=1)
    for _ in range(2):
        assert (await refusal(door, f"Bearer {token}")).detail == EXPIRED
    assert checks == [token, token]


async def test_what_was_checked_vouches_for_no_other_token(door: Door, checks: list[str]) -> None:
    token = door.token()
    await door.enter(token)
    header, claims, signature = token.split(".")
    for other in (
        f"{header}.{encoded(door.claims(sub='guest-2'))}.{signature}",
        f"{header}.{claims}.{signature[:-4]}AAAA",
        token[:-1],
        token + "A",
    ):
        assert (await refusal(door, f"Bearer {other}")).detail == NOT_VALID
    assert await door.enter(token) == Caller("guest-1", GUEST, "NOR-CPH01")
    assert checks.count(token) == 1


async def test_what_is_refused_is_checked_every_time(door: Door, checks: list[str]) -> None:
    token = door.token(aud="another")
    for _ in range(2):
        assert (await refusal(door, f"Bearer {token}")).detail == NOT_FOR_US
    assert checks == [token, token]


async def test_of_many_tokens_only_the_last_used_are_remembered(
    monkeypatch: pytest.MonkeyPatch, checks: list[str]
) -> None:
    monkeypatch.setattr(bearer, "MOST_VERIFIED", 2)
    door = Door()
    await door.publish()
    first, second, third = (door.token(sub=name) for name in ("first", "second", "third"))
    for token in (first, second, first, third, first, second):
        await door.enter(token)
    assert checks == [first, second, third, second]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = ["alg", "kid", "typ", "crit", "b64", "jwk", "iss", "sub", "aud", "exp", "nbf", "scope", "property"]
LIKELY = ["ES256", "none", "HS256", "api1", "api2", staff.ISSUER, AUDIENCE, STAFF, GUEST, REGION_KEY.kid]
OBJECTS = st.dictionaries(st.sampled_from(NAMES), JSON | st.sampled_from(LIKELY)) | JSON
SEGMENTS = st.text(max_size=40) | st.binary().map(encoded) | OBJECTS.map(encoded)


async def enters_or_is_refused(authorization: str) -> None:
    door = Door()
    await door.publish()
    try:
        await door.authenticate.identify(authorization)
    except ProblemError as problem:
        refused_with = problem.type.status
    else:
        raise AssertionError("nobody could sign this")
    assert refused_with == 401


@settings(deadline=None)
@given(st.text() | st.lists(SEGMENTS, max_size=6).map(".".join))
@example("..")
@example("e30.e30.e30")
async def test_garbage_of_any_shape_is_refused(token: str) -> None:
    await enters_or_is_refused(f"Bearer {token}")


@settings(deadline=None)
@given(header=OBJECTS, claims=OBJECTS, signature=st.binary(max_size=80))
async def test_a_forged_token_of_any_content_is_refused(
    header: object, claims: object, signature: bytes
) -> None:
    if isinstance(header, dict):
        header = {"alg": "ES256", "kid": REGION_KEY.kid, **header}
    if isinstance(claims, dict):
        claims = {"iss": "api1", **claims}
    await enters_or_is_refused(f"Bearer {encoded(header)}.{encoded(claims)}.{encoded(signature)}")


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), JSON | st.sampled_from(LIKELY)),
    st.sampled_from(["api1", staff.ISSUER]),
)
async def test_an_issuers_token_of_any_content_enters_or_is_refused(claims: Claims, issuer: str) -> None:
    door = Door()
    await door.publish()
    key = REGION_KEY if issuer == "api1" else STAFF_KEY
    token = signed({"kid": key.kid}, door.claims() | claims | {"iss": issuer}, key)
    try:
        caller = await door.enter(token)
    except ProblemError as problem:
        refused_with = problem.type.status
    else:
        assert caller.is_staff is (issuer == staff.ISSUER)
        return
    assert refused_with == 401


async def test_routes_for_staff_alone(door: Door) -> None:
    router = APIRouter()

    @router.get("/staff")
    async def enter(caller: Annotated[Caller, Depends(require_staff(door.authenticate))]) -> str:
        return caller.subject

    app = Guard(create_api("auth", router), "api1")
    answers = [
        await call(app, "GET", "/staff", headers={"Authorization": f"Bearer {token}"})
        for token in (door.staff_token(), door.token())
    ]
    assert [(answer.status, answer.code) for answer in answers] == [(200, None), (403, "forbidden")]
    anonymous = await call(app, "GET", "/staff")
    assert (anonymous.status, anonymous.headers["www-authenticate"]) == (401, "Bearer")
