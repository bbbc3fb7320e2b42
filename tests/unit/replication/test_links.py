from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.token_links import ACCOUNT, new_link

from muneris.replication.links import Link, Writer, heads, next_version, seen_after

NOW = datetime(2030, 5, 4, tzinfo=UTC)


def grown_from(known: Sequence[Link], writer: Writer) -> Link:
    version = next_version(known)
    return new_link(writer, version, seen_after(known, writer, version))


def test_a_writer_is_written_and_read() -> None:
    assert Writer.parse(str(Writer(12, "api1"))) == Writer(12, "api1")
    assert str(Writer.of_sign_in("api2")) == "0@api2"


def test_a_refresh_supersedes_what_it_goes_back_to() -> None:
    first = grown_from([], Writer.of_sign_in("api2"))
    second = grown_from([first], Writer(1, "api1"))
    third = grown_from([second], Writer(1, "api1"))
    assert [each.version for each in (first, second, third)] == [1, 2, 3]
    assert heads([first, third, second]) == [third]
    assert not second.supersedes(third)
    assert not third.supersedes(third)


def test_two_that_know_nothing_of_each_other_both_stay() -> None:
    first = grown_from([], Writer.of_sign_in("api1"))
    ours, theirs = grown_from([first], Writer(1, "api1")), grown_from([first], Writer(2, "api2"))
    assert heads([ours, first, theirs]) == [theirs, ours]


def test_the_successor_of_a_fork_supersedes_both_branches() -> None:
    first = grown_from([], Writer.of_sign_in("api1"))
    fork = [grown_from([first], Writer(1, "api1")), grown_from([first], Writer(2, "api2"))]
    assert heads([*fork, grown_from(fork, Writer(2, "api2"))]) == [grown_from(fork, Writer(2, "api2"))]


def test_what_either_region_knows_to_be_spent_is() -> None:
    link = grown_from([], Writer.of_sign_in("api1"))
    known = [replace(link, spent=True), link, replace(link, password_spent=True)]
    assert heads(known) == [replace(link, spent=True, password_spent=True)]


class Regions(RuleBasedStateMachine):
    """Three regions grow one account's links and hear of each other's in any order, or never."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, Sequence[Link]] = {"api1": [], "api2": [], "api3": []}
        self.grown: list[Link] = []

    regions = st.sampled_from(["api1", "api2", "api3"])

    @rule(region=regions, epoch=st.integers(0, 2))
    def grow(self, region: str, epoch: int) -> None:
        link = grown_from(self.held[region], Writer(epoch, region))
        self.grown.append(link)
        self.held[region] = heads([*self.held[region], link])
        assert self.held[region] == [link]

    @rule(teller=regions, hearer=regions)
    def tell(self, teller: str, hearer: str) -> None:
        before = self.held[hearer]
        self.held[hearer] = heads([*before, *self.held[teller]])
        for link in before:
            assert any(each.id == link.id or each.supersedes(link) for each in self.held[hearer])
        assert heads([*self.held[hearer], *self.held[teller]]) == self.held[hearer]

    @invariant()
    def all_that_was_heard_of_in_any_order_is_the_same(self) -> None:
        everything = [link for links in self.held.values() for link in links]
        assert heads(everything) == heads(reversed(everything)) == heads(self.grown)

    @invariant()
    def links_have_names_of_their_own(self) -> None:
        assert len({link.id for link in self.grown}) == len(self.grown)


TestRegions = Regions.TestCase


@given(st.integers(1, 9), st.integers(1, 9))
def test_of_one_writer_the_higher_version_prevails(one: int, other: int) -> None:
    writer = Writer(1, "api1")
    links = [new_link(writer, version, {writer: version}) for version in (one, other)]
    assert [link.version for link in heads(links)] == [max(one, other)]


def test_links_are_of_the_account_they_are_made_for() -> None:
    link = new_link(Writer(1, "api1"), 1)
    assert link.account == ACCOUNT
    assert link.expires_at - link.obtained_at == timedelta(days=10)
