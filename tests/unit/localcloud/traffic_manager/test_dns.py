from datetime import UTC, datetime

import pytest
from dnslib import QTYPE, RCODE, DNSRecord

from localcloud.traffic_manager.config import Endpoint, TrafficManagerConfig
from localcloud.traffic_manager.dns import DnsServer
from localcloud.traffic_manager.profile import Profile

CONFIG = TrafficManagerConfig(
    port=7070,
    ttl=7,
    endpoints=(
        Endpoint(name="api1", url="http://127.0.0.1:7071", location="francecentral"),
        Endpoint(name="api2", url="http://127.0.0.1:7072", location="germanywestcentral"),
    ),
)


@pytest.fixture
def profile() -> Profile:
    return Profile(CONFIG.endpoints, method="performance", tolerated_failures=0)


@pytest.fixture
def server(profile: Profile) -> DnsServer:
    return DnsServer(CONFIG, profile)


def ask(server: DnsServer, name: str, qtype: str) -> tuple[str, list[tuple[str, str, str, int]]]:
    packet = server.answer(DNSRecord.question(name, qtype).pack())
    assert packet is not None
    reply = DNSRecord.parse(packet)
    records = [(str(each.rname), QTYPE[each.rtype], str(each.rdata), each.ttl) for each in reply.rr]
    return RCODE[reply.header.rcode], records


def test_the_profile_is_an_alias_of_the_chosen_endpoint(server: DnsServer, profile: Profile) -> None:
    profile.record(CONFIG.endpoints[0], "503", datetime.now(UTC), success=False)
    assert ask(server, "API.Muneris.localtest", "A") == (
        "NOERROR",
        [
            ("api.muneris.localtest.", "CNAME", "api2.muneris.localtest.", 7),
            ("api2.muneris.localtest.", "A", "127.0.0.1", 7),
        ],
    )


def test_the_service_record_has_the_chosen_endpoints_port(server: DnsServer) -> None:
    record = ("_http._tcp.api.muneris.localtest.", "SRV", "0 0 7071 api1.muneris.localtest.", 7)
    assert ask(server, "_http._tcp.api.muneris.localtest", "SRV") == ("NOERROR", [record])


@pytest.mark.parametrize(
    ("name", "qtype", "code", "records"),
    [
        ("api2.muneris.localtest", "A", "NOERROR", [("api2.muneris.localtest.", "A", "127.0.0.1", 7)]),
        ("api2.muneris.localtest", "AAAA", "NOERROR", []),
        ("api.muneris.localtest", "AAAA", "NOERROR", []),
        ("api.muneris.localtest", "MX", "NOERROR", []),
        (
            "api.muneris.localtest",
            "CNAME",
            "NOERROR",
            [("api.muneris.localtest.", "CNAME", "api1.muneris.localtest.", 7)],
        ),
        ("_http._tcp.api.muneris.localtest", "A", "NOERROR", []),
        ("api9.muneris.localtest", "A", "REFUSED", []),
        ("example.com", "A", "REFUSED", []),
    ],
)
def test_answers(server: DnsServer, name: str, qtype: str, code: str, records: list[object]) -> None:
    assert ask(server, name, qtype) == (code, records)


@pytest.mark.parametrize("packet", [b"", b"\x00", b"\xff" * 40, DNSRecord.question("a.b").reply().pack()])
def test_what_is_no_question_is_ignored(server: DnsServer, packet: bytes) -> None:
    assert server.answer(packet) is None


def test_with_every_endpoint_disabled_there_is_no_address() -> None:
    disabled = Endpoint(name="api1", url="http://127.0.0.1:7071", location="francecentral", enabled=False)
    config = TrafficManagerConfig(port=7070, endpoints=(disabled,))
    server = DnsServer(config, Profile(config.endpoints, method="performance", tolerated_failures=0))
    assert ask(server, "api.muneris.localtest", "A") == ("NOERROR", [])
