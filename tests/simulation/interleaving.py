"""Exact races: somebody acts just before or just after a call that another makes."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

type Act = Callable[[], Awaitable[object]]


@contextmanager
def just_before(whose: object, call: str, act: Act) -> Iterator[None]:
    """Within, somebody acts when `whose.call` is called next, before it is carried out."""

    def interleaved(original: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def carry_out(*args: object, **kwargs: object) -> object:
            await act()
            return await original(*args, **kwargs)

        return carry_out

    with _replaced_once(whose, call, interleaved):
        yield


@contextmanager
def just_after(whose: object, call: str, act: Act) -> Iterator[None]:
    """Within, somebody acts when `whose.call` was called next, before its caller goes on."""

    def interleaved(original: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def carry_out(*args: object, **kwargs: object) -> object:
            answer = await original(*args, **kwargs)
            await act()
            return answer

        return carry_out

    with _replaced_once(whose, call, interleaved):
        yield


@contextmanager
def _replaced_once(
    whose: object,
    name: str,
    replace: Callable[[Callable[..., Awaitable[object]]], Callable[..., Awaitable[object]]],
) -> Iterator[None]:
    """The next call of a method is another's; that it comes is part of the test."""
    original = getattr(whose, name)
    left = [replace(original)]

    async def next_call(*args: object, **kwargs: object) -> object:
        return await (left.pop() if left else original)(*args, **kwargs)

    setattr(whose, name, next_call)
    try:
        yield
    finally:
        delattr(whose, name)
    assert not left, f"nobody called {name}"
