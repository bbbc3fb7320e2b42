"""The profile's DNS answers."""

import asyncio
from typing import cast, override

from dnslib import CNAME, QTYPE, RCODE, RR, SRV, A, DNSError, DNSRecord
from yarl import URL

from localcloud.layout import LOOPBACK
from localcloud.traffic_manager.config import TrafficManagerConfig
from localcloud.traffic_manager.profile import Profile

_PROFILE = "api"
_SERVICE = "_http._tcp"


class DnsServer(asyncio.DatagramProtocol):
    """Answers for the profile's name, with the chosen endpoint, and for the endpoints' own names.

    The profile's `_http._tcp` SRV record has the chosen endpoint's port: locally every region has one.
    Names of others are refused, packets that are no question are ignored.
    """

    def __init__(self, config: TrafficManagerConfig, profile: Profile) -> None:
        self._ttl = config.ttl
        self._profile = profile
        self._name = f"{_PROFILE}.{config.domain}"
        self._addresses = {f"{each.name}.{config.domain}": each for each in config.endpoints}
        self._domain = config.domain

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self.answer(data)
        if answer is not None:
            self._transport.sendto(answer, addr)

    def answer(self, packet: bytes) -> bytes | None:
        """The answer to a query; None if the packet is none."""
        try:
            query = DNSRecord.parse(packet)
        except DNSError:
            return None
        if query.header.qr or len(query.questions) != 1:
            return None
        reply = query.reply()
        records = self._records(str(query.q.qname).rstrip(".").lower(), query.q.qtype)
        if records is None:
            reply.header.rcode = RCODE.REFUSED
        else:
            reply.add_answer(*records)
        return bytes(reply.pack())

    def _records(self, name: str, qtype: int) -> list[RR] | None:
        if name in self._addresses:
            return [self._record(name, A(LOOPBACK))] if qtype in (QTYPE.A, QTYPE.ANY) else []
        if name not in (self._name, f"{_SERVICE}.{self._name}"):
            return None
        chosen = self._profile.chosen()
        if chosen is None:
            return []
        endpoint = f"{chosen.name}.{self._domain}"
        if name == self._name:
            return self._profile_records(endpoint, qtype)
        port = URL(chosen.url).port or 80
        return [self._record(name, SRV(0, 0, port, endpoint))] if qtype in (QTYPE.SRV, QTYPE.ANY) else []

    def _profile_records(self, endpoint: str, qtype: int) -> list[RR]:
        alias = self._record(self._name, CNAME(endpoint))
        if qtype == QTYPE.CNAME:
            return [alias]
        return [alias, self._record(endpoint, A(LOOPBACK))] if qtype in (QTYPE.A, QTYPE.ANY) else []

    def _record(self, name: str, data: A | CNAME | SRV) -> RR:
        return RR(name, getattr(QTYPE, type(data).__name__), ttl=self._ttl, rdata=data)
