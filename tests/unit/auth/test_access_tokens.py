import json
import secrets

import pytest
from tests.tenants import SIGNING_KEY

from localcloud import staff
from muneris.auth.access_tokens import AccessTokens
from muneris.cloud.tables.memory import MemoryTable


def issuer(settings: MemoryTable, key: str = SIGNING_KEY) -> AccessTokens:
    return AccessTokens(settings, "api1", key, secrets.token_bytes)


async def test_two_processes_publish_one_key_once() -> None:
    settings = MemoryTable()
    keys = await issuer(settings).public_keys()
    assert await issuer(settings).public_keys() == keys
    assert len(keys) == 1
    assert "d" not in keys[0]


async def test_a_new_key_stands_beside_the_old_one() -> None:
    settings = MemoryTable()
    old = await issuer(settings).public_keys()
    both = await issuer(settings, staff.generate_signing_key()).public_keys()
    assert len(both) == 2
    assert old[0] in both


async def test_an_id_is_never_given_to_another_key() -> None:
    settings = MemoryTable()
    first, second = json.loads(SIGNING_KEY), json.loads(staff.generate_signing_key())
    await issuer(settings).public_keys()
    with pytest.raises(ValueError, match="belongs to another key"):
        await issuer(settings, json.dumps({**second, "kid": first["kid"]})).public_keys()


async def test_a_key_without_an_id_is_named_by_its_thumbprint() -> None:
    bare = {name: value for name, value in json.loads(SIGNING_KEY).items() if name != "kid"}
    keys = await issuer(MemoryTable(), json.dumps(bare)).public_keys()
    assert [each["kid"] for each in keys] == [json.loads(SIGNING_KEY)["kid"]]
