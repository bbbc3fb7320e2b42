import asyncio
import json
from dataclasses import dataclass, field

import pytest

from muneris.cloud.documents import CachedDocuments, Document, DocumentsUnavailableError
from muneris.cloud.documents.memory import MemoryDocuments

NAME = "NOR-CPH01/menu.json"


class WatchedDocuments(MemoryDocuments):
    """Counts what is read, can be down, and can be held up."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str | None] = []
        self.is_down = False
        self.lets_pass = asyncio.Event()
        self.lets_pass.set()

    async def find(self, name: str, *, unless: str | None = None) -> Document | None:
        self.reads.append(unless)
        await self.lets_pass.wait()
        if self.is_down:
            raise DocumentsUnavailableError("down")
        return await super().find(name, unless=unless)


@dataclass
class Kitchen:
    """A cache of menus with a clock."""

    documents: WatchedDocuments = field(default_factory=WatchedDocuments)
    now: float = 1000.0
    parsed: int = 0

    def __post_init__(self) -> None:
        self.cache = CachedDocuments(
            self.documents,
            self._parse,
            fresh_seconds=5,
            stale_seconds=3600,
            monotonic=lambda: self.now,
        )

    def _parse(self, body: bytes) -> int:
        self.parsed += 1
        version: int = json.loads(body)
        return version

    async def publish(self, version: int) -> str:
        return await self.documents.put(NAME, str(version).encode())

    async def version(self) -> int | None:
        return await self.cache.find(NAME)

    async def caught_up(self) -> None:
        """Let what goes on in the background come to its end."""
        for _ in range(10):
            await asyncio.sleep(0)

    async def versions_of(self, readers: int) -> list[int | BaseException | None]:
        """What readers get who all ask while the first one's read is held up."""
        self.documents.lets_pass.clear()
        tasks = [asyncio.create_task(self.version()) for _ in range(readers)]
        await asyncio.sleep(0)
        self.documents.lets_pass.set()
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


async def test_within_its_freshness_a_document_is_read_once(kitchen: Kitchen) -> None:
    await kitchen.publish(1)
    assert await kitchen.version() == 1
    await kitchen.publish(2)
    kitchen.now += 4.999
    assert await kitchen.version() == 1
    assert kitchen.documents.reads == [None]


async def test_after_its_freshness_a_change_is_seen(kitchen: Kitchen) -> None:
    etag = await kitchen.publish(1)
    assert await kitchen.version() == 1
    await kitchen.publish(2)
    kitchen.now += 5
    assert await kitchen.version() == 2
    assert kitchen.documents.reads == [None, etag]


async def test_a_change_is_read_in_the_background_before_its_time(kitchen: Kitchen) -> None:
    etag = await kitchen.publish(1)
    assert await kitchen.version() == 1
    await kitchen.publish(2)
    kitchen.now += 4.5
    kitchen.documents.lets_pass.clear()
    assert [await kitchen.version() for _ in range(50)] == [1] * 50
    kitchen.documents.lets_pass.set()
    await kitchen.caught_up()
    assert await kitchen.version() == 2
    assert kitchen.documents.reads == [None, etag]


async def test_a_reader_of_every_moment_sees_nothing_older_than_its_freshness(kitchen: Kitchen) -> None:
    await kitchen.publish(1000)
    for tenth in range(1, 300):
        seen = await kitchen.version()
        assert seen is not None
        assert kitchen.now - seen < 5
        await kitchen.caught_up()
        kitchen.now = 1000 + tenth / 10
        await kitchen.publish(int(kitchen.now))


async def test_what_has_not_changed_is_not_parsed_again(kitchen: Kitchen) -> None:
    etag = await kitchen.publish(1)
    for _ in range(3):
        assert await kitchen.version() == 1
        kitchen.now += 5
    assert kitchen.documents.reads == [None, etag, etag]
    assert kitchen.parsed == 1


async def test_documents_are_kept_apart(kitchen: Kitchen) -> None:
    await kitchen.publish(1)
    await kitchen.documents.put("SUN-NICE1/menu.json", b"2")
    assert await kitchen.version() == 1
    assert await kitchen.cache.find("SUN-NICE1/menu.json") == 2


async def test_of_many_readers_one_reads(kitchen: Kitchen) -> None:
    await kitchen.publish(1)
    assert await kitchen.versions_of(50) == [1] * 50
    await kitchen.publish(2)
    kitchen.now += 5
    assert await kitchen.versions_of(50) == [2] * 50
    assert len(kitchen.documents.reads) == 2


async def test_a_reader_who_leaves_leaves_the_reading_to_others(kitchen: Kitchen) -> None:
    await kitchen.publish(1)
    kitchen.documents.lets_pass.clear()
    first = asyncio.create_task(kitchen.version())
    second = asyncio.create_task(kitchen.version())
    await asyncio.sleep(0)
    first.cancel()
    kitchen.documents.lets_pass.set()
    assert await second == 1
    assert first.cancelled()


async def test_an_absent_document_is_none_and_not_asked_for_again(kitchen: Kitchen) -> None:
    assert await kitchen.version() is None
    await kitchen.publish(1)
    kitchen.now += 4.999
    assert await kitchen.version() is None
    assert kitchen.documents.reads == [None]
    kitchen.now += 0.001
    assert await kitchen.version() == 1


async def test_an_outage_is_bridged_and_its_end_is_seen(kitchen: Kitchen) -> None:
    await kitchen.publish(1)
    assert await kitchen.version() == 1
    kitchen.documents.is_down = True
    for _ in range(10):
        kitchen.now += 5
        assert await kitchen.version() == 1
    kitchen.documents.is_down = False
    await kitchen.publish(2)
    kitchen.now += 5
    assert await kitchen.version() == 2


async def test_in_an_outage_the_store_is_not_asked_by_everybody(kitchen: Kitchen) -> None:
    await kitchen.publish(1)
    assert await kitchen.version() == 1
    kitchen.documents.is_down = True
    kitchen.now += 5
    assert await kitchen.versions_of(50) == [1] * 50
    assert await kitchen.version() == 1
    assert len(kitchen.documents.reads) == 2


async def test_what_is_too_old_is_not_served(kitchen: Kitchen) -> None:
    await kitchen.publish(1)
    assert await kitchen.version() == 1
    kitchen.documents.is_down = True
    kitchen.now += 3599.999
    assert await kitchen.version() == 1
    kitchen.now += 0.001
    with pytest.raises(DocumentsUnavailableError, match="down"):
        await kitchen.version()
    kitchen.documents.is_down = False
    kitchen.now += 5
    assert await kitchen.version() == 1


async def test_an_outage_that_was_there_before_is_told_to_every_reader(kitchen: Kitchen) -> None:
    await kitchen.publish(1)
    kitchen.documents.is_down = True
    answers = await kitchen.versions_of(50)
    assert {type(answer) for answer in answers} == {DocumentsUnavailableError}
    assert len(kitchen.documents.reads) == 1
    kitchen.documents.is_down = False
    kitchen.now += 5
    assert await kitchen.version() == 1


async def test_an_absence_that_is_known_is_served_in_an_outage(kitchen: Kitchen) -> None:
    assert await kitchen.version() is None
    kitchen.documents.is_down = True
    kitchen.now += 5
    assert await kitchen.version() is None


async def test_what_cannot_be_understood_does_not_replace_what_is_held(kitchen: Kitchen) -> None:
    await kitchen.publish(1)
    assert await kitchen.version() == 1
    await kitchen.documents.put(NAME, b"no json")
    kitchen.now += 5
    assert await kitchen.version() == 1
    await kitchen.publish(2)
    kitchen.now += 5
    assert await kitchen.version() == 2


async def test_what_was_never_understood_is_not_absent(kitchen: Kitchen) -> None:
    await kitchen.documents.put(NAME, b"no json")
    with pytest.raises(DocumentsUnavailableError, match="cannot be understood"):
        await kitchen.version()
