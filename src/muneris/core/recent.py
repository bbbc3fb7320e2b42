"""What was used recently, kept in bounded memory."""

from collections import OrderedDict
from collections.abc import Hashable


class Recent[K: Hashable, V]:
    """At most `most` values by key; of more, the one that was not used for longest is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def find(self, key: K) -> V | None:
        """The value, which this is a use of; or None."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value in the place of the one before."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, key: K) -> None:
        """Keep it no longer, if it is kept."""
        self._values.pop(key, None)
