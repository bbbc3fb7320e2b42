import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from azure.storage.blob.aio import BlobServiceClient
from tests.integration.localcloud.function_host.harness import HostProcess, Recorder, until

from localcloud.azurite import StorageAddress
from localcloud.function_host.schedule import Schedule

type StartHost = Callable[..., Awaitable[HostProcess]]
CONTAINER = "azure-webjobs-hosts"
EVERY_SECOND = {"TICK_SCHEDULE": "* * * * * *"}
HOURLY = "0 0 * * * *"


async def put_status(azurite: StorageAddress, host_id: str, status: dict[str, str]) -> None:
    async with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        container = service.get_container_client(CONTAINER)
        if not await container.exists():
            await container.create_container()
        await container.upload_blob(f"timers/{host_id}/tick/status", json.dumps(status))


async def status_of(azurite: StorageAddress, host_id: str) -> dict[str, str | None]:
    async with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        blob = service.get_blob_client(CONTAINER, f"timers/{host_id}/tick/status")
        if not await blob.exists():
            return {}
        status: dict[str, str | None] = json.loads(await (await blob.download_blob()).readall())
        return status


async def test_a_missed_run_is_made_up_for_once(
    start_host: StartHost, recorder: Recorder, azurite: StorageAddress, settings: dict[str, str]
) -> None:
    host_id = settings["AzureFunctionsWebHost__hostid"]
    long_ago = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    missed = Schedule(HOURLY).after(long_ago)
    await put_status(
        azurite,
        host_id,
        {"Last": long_ago.isoformat(), "Next": missed.isoformat(), "LastUpdated": long_ago.isoformat()},
    )
    await start_host({"TICK_SCHEDULE": HOURLY})
    call = await recorder.next()
    assert call.facts["past_due"] is True
    call.succeed()

    async def is_recorded() -> bool:
        last = (await status_of(azurite, host_id))["Last"]
        return last is not None and datetime.now(UTC) - datetime.fromisoformat(last) < timedelta(minutes=5)

    await until(is_recorded)
    assert recorder.is_quiet


async def test_a_new_timer_owes_nothing_and_remembers_when_it_is_due(
    start_host: StartHost, recorder: Recorder, azurite: StorageAddress, settings: dict[str, str]
) -> None:
    host_id = settings["AzureFunctionsWebHost__hostid"]
    await start_host({"TICK_SCHEDULE": "0 0 0 1 1 *"})

    async def is_remembered() -> bool:
        return bool(await status_of(azurite, host_id))

    await until(is_remembered)
    status = await status_of(azurite, host_id)
    assert status["Last"] is None
    assert status["Next"] is not None
    next_run = datetime.fromisoformat(status["Next"])
    assert (next_run.month, next_run.day, next_run.hour) == (1, 1, 0)
    assert recorder.is_quiet


async def test_runs_do_not_overlap_and_a_failed_one_is_not_repeated(
    start_host: StartHost, recorder: Recorder
) -> None:
    host = await start_host(EVERY_SECOND)
    first = await recorder.next()
    assert first.facts["past_due"] is False
    first.fail()
    second = await recorder.next()
    started = datetime.now(UTC)

    async def two_occurrences_have_passed() -> bool:
        assert (await host.request("GET", "/admin/host/ping"))[0] == 200
        return datetime.now(UTC) - started > timedelta(seconds=2)

    await until(two_occurrences_have_passed)
    assert recorder.is_quiet
    second.succeed()
    (await recorder.next()).succeed()


async def test_of_two_hosts_one_runs_the_timer_and_the_other_takes_over(
    start_host: StartHost, recorder: Recorder
) -> None:
    first = await start_host(EVERY_SECOND)
    (await recorder.next()).succeed()
    second = await start_host(EVERY_SECOND | {"HOST_NAME": "second"})
    for _ in range(3):
        call = await recorder.next()
        assert call.facts["host"] == "first"
        call.succeed()
    first.process.kill()
    await first.wait()

    async def second_has_run() -> bool:
        call = await recorder.next()
        call.succeed()
        return call.facts["host"] == "second"

    await until(second_has_run)
    assert await second.stop() == 0


async def test_a_stopped_host_gives_its_lease_back(
    start_host: StartHost, azurite: StorageAddress, settings: dict[str, str], recorder: Recorder
) -> None:
    host = await start_host(EVERY_SECOND)
    (await recorder.next()).succeed()
    lock = f"locks/{settings['AzureFunctionsWebHost__hostid']}/Host.Functions.tick.Listener"
    async with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        blob = service.get_blob_client(CONTAINER, lock)
        assert (await blob.get_blob_properties()).lease.state == "leased"
        await host.stop()
        assert (await blob.get_blob_properties()).lease.state == "available"


async def test_runs_by_hand(start_host: StartHost, recorder: Recorder) -> None:
    host = await start_host()
    assert (await host.request("POST", "/admin/functions/tick"))[0] == 401
    assert (await host.request("POST", "/admin/functions/tick", x_functions_key="the-key"))[0] == 202
    (await recorder.next()).succeed()
    assert (await host.request("POST", "/admin/functions/api", x_functions_key="the-key"))[0] == 400
    assert (await host.request("POST", "/admin/functions/none", x_functions_key="the-key"))[0] == 404
