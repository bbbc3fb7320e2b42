import pytest

from localcloud.gateway import find_route

ROUTES = {"/v1/orders": "orders", "/v1/orders/webhooks": "webhooks", "/health": "orders"}


@pytest.mark.parametrize(
    ("path", "upstream"),
    [
        ("/v1/orders", "orders"),
        ("/v1/orders/", "orders"),
        ("/v1/orders/NOR-CPH01/1", "orders"),
        ("/v1/orders/webhooks/adyen", "webhooks"),
        ("/health", "orders"),
        ("/v1/ordersx", None),
        ("/v1", None),
        ("/", None),
        ("//v1/orders", None),
        ("/V1/orders", None),
    ],
)
def test_the_longest_prefix_of_whole_segments_wins(path: str, upstream: str | None) -> None:
    assert find_route(ROUTES, path) == upstream
