"""What every document store must do, whatever is behind it."""

from muneris.cloud.documents import Document, Documents


async def test_an_absent_document_is_none(documents: Documents) -> None:
    assert await documents.find("NOR-CPH01/menu.json") is None
    assert await documents.find("NOR-CPH01/menu.json", unless='"1"') is None


async def test_keeps_what_was_put_last(documents: Documents) -> None:
    first = await documents.put("NOR-CPH01/menu.json", b'{"version":1}')
    second = await documents.put("NOR-CPH01/menu.json", b'{"version":2}')
    assert first != second
    assert await documents.find("NOR-CPH01/menu.json") == Document(b'{"version":2}', second)
    assert await documents.find("NOR-CPH02/menu.json") is None


async def test_a_version_that_is_held_is_not_read_again(documents: Documents) -> None:
    held = await documents.put("NOR-CPH01/menu.json", b"{}")
    assert await documents.find("NOR-CPH01/menu.json", unless=held) is None
    newer = await documents.put("NOR-CPH01/menu.json", b"[]")
    assert await documents.find("NOR-CPH01/menu.json", unless=held) == Document(b"[]", newer)
