"""Notifications where Oracle's pages say nothing."""

from tests.simphony import Simulation
from tests.simphony_caller import Caller, opened
from tests.simphony_notified import (
    REGISTRATION,
    SUBSCRIPTIONS,
    Receiver,
    deliveries,
    register,
    subscribe,
    subscription,
)


async def test_subscriptions_of_all_accounts_are_shown_and_each_sees_its_own(
    simulation: Simulation, call: Caller
) -> None:
    await register(call)
    mine = await subscribe(call, "https://hooks.example.com/a")
    other = simulation.account.model_copy(update={"username": "other"})
    simulation.tokens = await simulation.signing_in.sign_in(other, "password")
    assert (await call("GET", SUBSCRIPTIONS)).body == {"items": []}
    await register(call)
    theirs = await subscribe(call, "https://hooks.example.com/b")
    shown = (await call("GET", "/sim/subscriptions")).body["items"]
    assert [each["subscriptionId"] for each in shown] == [mine, theirs]


async def test_subscription_needs_a_registration(call: Caller) -> None:
    refused = await call("POST", SUBSCRIPTIONS, body=subscription("https://hooks.example.com"))
    assert (refused.status, refused.body["detail"]) == (400, "The client is not registered")


async def test_nobody_at_the_address_is_noted_and_no_concern_of_the_check(call: Caller) -> None:
    await register(call)
    await subscribe(call, "http://127.0.0.1:1/hook")
    await opened(call)
    (delivery,) = await deliveries(call, 1)
    assert (delivery["status"], delivery["error"]) == (None, "ClientConnectorError")


async def test_ended_registration_ends_its_notifications(call: Caller, receiver: Receiver) -> None:
    await register(call)
    await subscribe(call, receiver.url)
    await call("DELETE", REGISTRATION)
    await opened(call)
    assert (await call("GET", "/sim/notifications")).body == {"items": []}
    assert receiver.is_empty
