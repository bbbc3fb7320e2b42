import pytest
from tests.tenants import AT, SIMPHONY, STAFF_KEY, TenantRegion, bearer

from localcloud import staff
from muneris.replication.store import AccountStore
from muneris.simphony.model import Account

ACCOUNT = Account(**{name: str(SIMPHONY[name]) for name in Account.model_fields})


@pytest.fixture
async def region() -> TenantRegion:
    region = TenantRegion()
    await region.add_property()
    return region


async def test_a_property_without_simphony_has_no_account(region: TenantRegion) -> None:
    answer = await region.send("GET", f"{AT}/simphony")
    assert (answer.status, answer.code) == (409, "simphony_not_connected")


@pytest.mark.parametrize(
    ("days", "state", "days_left"), [(0, "valid", 14), (7, "refresh_due", 7), (20, "refresh_due", 0)]
)
async def test_how_the_account_stands_is_shown(
    region: TenantRegion, days: int, state: str, days_left: int
) -> None:
    await region.connect()
    region.clock.advance(days=days)
    token = staff.issue_token(STAFF_KEY, int(region.clock.now().timestamp()))
    document = (await region.send("GET", f"{AT}/simphony", headers=bearer(token))).json()
    assert (document["state"], document["days_left"]) == (state, days_left)
    assert document["password_expires_soon"] is False


async def test_only_staff_may_ask(region: TenantRegion) -> None:
    await region.connect()
    assert (await region.send("GET", f"{AT}/simphony", anonymous=True)).status == 401


@pytest.mark.parametrize("keep", [False, True])
async def test_the_password_is_kept_only_if_its_owner_wants_that(region: TenantRegion, *, keep: bool) -> None:
    answer = await region.send("PUT", f"{AT}/simphony", {**SIMPHONY, "keep_password": keep})
    assert answer.status == 200
    (link,) = await AccountStore(region.tokens).links(ACCOUNT.id)
    assert link.keeps_password is keep
    assert "a password" not in repr(link)
