import json
from pathlib import Path

import pytest

from localcloud.resources import ResourceDeclarationError, Resources, load_resources

SUBSCRIPTION = {
    "name": "inbox",
    "queueName": "inbox",
    "includedEventTypes": ["a.b"],
    "deadLetterContainer": "dead-letter",
}
DECLARATION = {
    "tables": ["Orders"],
    "queues": ["inbox"],
    "containers": ["dead-letter"],
    "topics": [{"name": "topic", "subscriptions": [SUBSCRIPTION]}],
}


def declared(folder: Path, **changes: object) -> Path:
    path = folder / "resources.json"
    path.write_text(json.dumps(DECLARATION | changes))
    return path


def subscribed(**changes: object) -> list[object]:
    return [{"name": "topic", "subscriptions": [SUBSCRIPTION | changes]}]


def test_the_projects_declaration_is_valid_and_routes_each_event_once() -> None:
    resources = load_resources()
    routes = {
        event_type: each.queue_name
        for topic in resources.topics
        for each in topic.subscriptions
        for event_type in each.included_event_types
    }
    assert routes == {
        "muneris.stock.reserve": "inventory-inbox",
        "muneris.stock.consume": "inventory-inbox",
        "muneris.stock.release": "inventory-inbox",
        "muneris.stock.reserved": "orders-inbox",
        "muneris.stock.rejected": "orders-inbox",
        "muneris.stock.consumed": "orders-inbox",
        "muneris.stock.released": "orders-inbox",
        "muneris.check.post": "orders-post",
        "muneris.check.void": "orders-post",
    }
    assert {f"{queue}-poison" for queue in routes.values()} < set(resources.queues)


def test_a_further_account_has_tables_alone() -> None:
    further = load_resources().of_further_account
    assert further == Resources(tables=("Orders", "Inventory"), queues=(), containers=(), topics=())


def test_a_subscription_has_event_grids_defaults(tmp_path: Path) -> None:
    subscription = load_resources(declared(tmp_path)).topics[0].subscriptions[0]
    assert (subscription.max_delivery_attempts, subscription.event_time_to_live_in_minutes) == (30, 1440)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tables": ["1st"]}, "tables.0"),
        ({"tables": ["Orders", "orders"]}, "orders is declared twice"),
        ({"tablesInEveryAccount": ["Stock"]}, "Add Stock to 'tables'"),
        ({"queues": ["Inbox"]}, "queues.0"),
        ({"queues": []}, "add its queue inbox to 'queues'"),
        ({"containers": ["a--b"]}, "containers.0"),
        ({"containers": []}, "add its container dead-letter to 'containers'"),
        ({"topics": subscribed(maxDeliveryAttempts=31)}, "maxDeliveryAttempts"),
        ({"topics": subscribed(eventTimeToLiveInMinutes=0)}, "eventTimeToLiveInMinutes"),
        ({"topics": subscribed(includedEventTypes=[])}, "includedEventTypes"),
        ({"blobs": []}, "blobs"),
    ],
)
def test_a_wrong_declaration_is_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    path = declared(tmp_path, **changes)
    with pytest.raises(ResourceDeclarationError) as raised:
        load_resources(path)
    assert str(path) in str(raised.value)
    assert message in str(raised.value)


def test_a_missing_declaration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourceDeclarationError, match="Cannot read"):
        load_resources(tmp_path / "nothing.json")
