import pytest

from muneris.core.identity import GUEST, STAFF, Caller


@pytest.mark.parametrize("code", ["NOR-CPH01", "SUN-NICE1"])
def test_staff_may_order_everywhere(code: str) -> None:
    caller = Caller("staff", STAFF)
    assert caller.is_staff
    assert caller.may_order_at(code)


def test_a_guest_may_order_at_its_own_property_only() -> None:
    caller = Caller("guest", GUEST, "NOR-CPH01")
    assert not caller.is_staff
    assert caller.may_order_at("NOR-CPH01")
    assert not caller.may_order_at("NOR-CPH02")
    assert not caller.may_order_at("")


def test_a_guest_without_a_property_may_order_nowhere() -> None:
    assert not Caller("guest", GUEST).may_order_at("NOR-CPH01")
