import pytest

from localcloud.event_grid.cloud_event import CloudEvent
from localcloud.event_grid.filters import matches
from localcloud.resources import Subscription


@pytest.mark.parametrize(
    ("event_type", "subject", "expected"),
    [
        ("a.b", "/Properties/NOR-CPH01/orders", True),
        ("a.b", "/properties/nor-cph01/ORDERS", True),
        ("a.c", "/properties/NOR-CPH01/orders", False),
        ("a.b", "/companies/NOR/orders", False),
        ("a.b", "/properties/NOR-CPH01/items", False),
        ("a.b", None, False),
    ],
)
def test_type_and_both_ends_of_the_subject_must_match(
    event_type: str, subject: str | None, *, expected: bool
) -> None:
    subscription = Subscription(
        name="inbox",
        queue_name="inbox",
        included_event_types=("a.b",),
        subject_begins_with="/properties/",
        subject_ends_with="/orders",
        dead_letter_container="dead-letter",
    )
    event = CloudEvent(specversion="1.0", id="1", source="/x", type=event_type, subject=subject)
    assert matches(subscription, event) is expected
