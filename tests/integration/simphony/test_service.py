from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from muneris.simphony.errors import NotSentError, TokenRejectedError
from muneris.simphony.model import Connection, Tokens
from muneris.simphony.service import PointOfSale

if TYPE_CHECKING:
    from tests.integration.simphony.conftest import Simulation


class StoredTokens:
    """A stored token, and perhaps an older one still in memory."""

    def __init__(self, stored: Tokens, remembered: str) -> None:
        self._stored = stored
        self._remembered = stored.model_copy(update={"id_token": remembered})
        self.reads: list[bool] = []

    async def get_token(self, account: str, *, fresh: bool = False) -> Tokens:
        assert account
        self.reads.append(fresh)
        return self._stored if fresh else self._remembered


class OneConnection:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get_connection(self, property_code: str) -> Connection:
        assert property_code == "NOR-CPH01"
        return self._connection


def point_of_sale(
    simulation: "Simulation", tokens: StoredTokens, deadline_seconds: float = 65
) -> PointOfSale:
    connections = OneConnection(simulation.connection)
    return PointOfSale(simulation.client, tokens, connections, simulation.clock, deadline_seconds)


def in_time(simulation: "Simulation", seconds: float = 70) -> datetime:
    return simulation.clock.now() + timedelta(seconds=seconds)


async def test_posts_and_finds(simulation: "Simulation") -> None:
    tokens = StoredTokens(simulation.tokens, simulation.bearer)
    pos = point_of_sale(simulation, tokens)
    posted = await pos.post_check("NOR-CPH01", simulation.new_check(), in_time(simulation))
    assert await pos.find_check("NOR-CPH01", {"WEB-1"}, datetime(2030, 5, 4, tzinfo=UTC)) == posted
    assert tokens.reads == [False, False]


async def test_rejected_token_is_read_again_once(simulation: "Simulation") -> None:
    tokens = StoredTokens(simulation.tokens, "old")
    await point_of_sale(simulation, tokens).post_check(
        "NOR-CPH01", simulation.new_check(), in_time(simulation)
    )
    assert tokens.reads == [False, True]
    assert await simulation.check_count() == 1


@pytest.mark.parametrize("stored", ["old", "older"])
async def test_token_rejected_for_good(simulation: "Simulation", stored: str) -> None:
    tokens = StoredTokens(simulation.tokens.model_copy(update={"id_token": stored}), "old")
    with pytest.raises(TokenRejectedError):
        await point_of_sale(simulation, tokens).post_check(
            "NOR-CPH01", simulation.new_check(), in_time(simulation)
        )
    assert tokens.reads == [False, True]


async def test_nothing_is_sent_after_the_deadline(simulation: "Simulation") -> None:
    tokens = StoredTokens(simulation.tokens, simulation.bearer)
    late = in_time(simulation, 0)
    with pytest.raises(NotSentError, match="deadline"):
        await point_of_sale(simulation, tokens).post_check("NOR-CPH01", simulation.new_check(), late)
    assert await simulation.check_count() == 0
