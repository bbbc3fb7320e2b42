"""Three regions: each knows the others' properties, and Traffic Manager leaves the sick one."""

import socket
import uuid

import dnslib
import pytest
from tests.local_cloud import LocalCloud, call, eventually

from localcloud.layout import LOOPBACK, url


def resolve(cloud: LocalCloud, name: str) -> str:
    """The first answer of Traffic Manager's DNS."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(dnslib.DNSRecord.question(name).pack(), (LOOPBACK, cloud.layout.traffic_manager))
        answers = dnslib.DNSRecord.parse(client.recv(512)).rr
    return str(answers[0].rdata).rstrip(".")


def test_every_region_is_healthy_and_says_who_it_is(cloud: LocalCloud) -> None:
    for region in cloud.layout.regions:
        status, health, headers = call(f"{url(cloud.layout.gateway(region))}/health")
        assert (status, health["region"], health["status"]) == (200, region.name, "healthy")
        assert headers["Muneris-Region"] == region.name


def test_another_region_names_the_home_of_a_property(cloud: LocalCloud, restaurant: str) -> None:
    staff = cloud.command("token", "--staff")["access_token"]
    for region in cloud.layout.regions[1:]:
        asked = url(cloud.layout.gateway(region))
        answers = [
            call(f"{asked}/v1/auth/guest-sessions", body={"property_code": restaurant}),
            call(f"{asked}/v1/orders/{restaurant}/{uuid.uuid4()}", token=staff),
            call(f"{asked}/v1/config/properties/{restaurant}/menu", token=staff),
            call(f"{asked}/v1/inventory/{restaurant}/items", token=staff),
        ]
        told = {(status, answer["code"], answer["home_endpoint"]) for status, answer, _ in answers}
        assert told == {(421, "property_in_another_region", _home(cloud))}


def test_a_session_belongs_to_its_region(cloud: LocalCloud, restaurant: str) -> None:
    guest = cloud.command("token", "--guest", restaurant)["access_token"]
    address = f"/v1/orders/{restaurant}/{uuid.uuid4()}"
    status, answer, _ = call(f"{url(cloud.layout.gateway(cloud.layout.regions[0]))}{address}", token=guest)
    assert (status, answer["code"]) == (404, "order_not_found")
    status, answer, _ = call(f"{url(cloud.layout.gateway(cloud.layout.regions[1]))}{address}", token=guest)
    assert (status, answer["code"]) == (401, "session_of_another_region")
    assert answer["home_endpoint"] == _home(cloud)


def _home(cloud: LocalCloud) -> str:
    return f"http://localhost:{cloud.layout.gateway(cloud.layout.regions[0])}"


def test_traffic_manager_leaves_a_region_whose_orders_app_is_down(cloud: LocalCloud) -> None:
    assert resolve(cloud, "api.muneris.localtest") == "api1.muneris.localtest"
    cloud.command("app", "stop", "orders", "--region", "api1")
    try:
        eventually(
            lambda: resolve(cloud, "api.muneris.localtest"), lambda name: name == "api2.muneris.localtest"
        )
        status, health, headers = call(f"{url(cloud.layout.traffic_manager)}/health")
        assert (status, health["region"], headers["Muneris-Region"]) == (200, "api2", "api2")
        status, answer, headers = call(f"{url(cloud.layout.gateway(cloud.layout.regions[0]))}/health")
        assert (status, answer["code"], headers["Muneris-Region"]) == (503, "service_unavailable", "api1")
        assert headers["Retry-After"]
    finally:
        cloud.command("app", "start", "orders", "--region", "api1")
    eventually(lambda: resolve(cloud, "api.muneris.localtest"), lambda name: name == "api1.muneris.localtest")


@pytest.mark.parametrize("app", ["auth", "config", "inventory"])
def test_a_region_without_one_app_serves_the_others_and_stays(cloud: LocalCloud, app: str) -> None:
    api1 = url(cloud.layout.gateway(cloud.layout.regions[0]))
    cloud.command("app", "stop", app, "--region", "api1")
    try:
        _, health, _ = eventually(
            lambda: call(f"{api1}/health"), lambda found: found[1]["status"] == "degraded"
        )
        assert health["components"] | {app: "down"} == health["components"]
        assert call(f"{api1}/health")[0] == 200
        assert call(f"{api1}/v1/{app}/health")[0] == 503
        for other in {"auth", "config", "inventory", "orders"} - {app}:
            assert call(f"{api1}/v1/{other}/health")[0] == 200
        assert resolve(cloud, "api.muneris.localtest") == "api1.muneris.localtest"
    finally:
        cloud.command("app", "start", app, "--region", "api1")
    eventually(lambda: call(f"{api1}/health"), lambda found: found[1]["status"] == "healthy")


def test_what_nobody_serves_is_a_problem_document(cloud: LocalCloud) -> None:
    api1 = url(cloud.layout.gateway(cloud.layout.regions[0]))
    status, answer, headers = call(f"{api1}/v1/nothing")
    assert (status, answer["code"], headers["Content-Type"]) == (404, "not_found", "application/problem+json")
