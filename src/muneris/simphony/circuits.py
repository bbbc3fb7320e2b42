"""A circuit breaker for each property: one that does not answer costs nobody any time."""

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from muneris.core.recent import Recent
from muneris.simphony.errors import PausedError

_MOST_HELD = 10_000


@dataclass(frozen=True)
class Patience:
    """When a property is left alone, and for how long; all times are in seconds.

    So many `failures` in a row open its circuit for `first_pause`; after it one call at a time probes it,
    for at most `probe`, and each that fails doubles the pause.
    """

    failures: int = 5
    first_pause: float = 2.0
    longest_pause: float = 10.0
    probe: float = 70.0


@dataclass(frozen=True)
class Circuit:
    """How a property answered lately: closed while `pause` is 0, open until `open_until`, then probed.

    Pure; times are those of one monotonic clock, in seconds.
    """

    failures: int = 0
    pause: float = 0.0
    open_until: float = -math.inf
    probed_until: float = -math.inf

    def admits(self, now: float, *, may_probe: bool = True) -> bool:
        """Whether it may be called, by a call that `may_probe` it or by one that may not."""
        return not self.pause or (may_probe and now >= max(self.open_until, self.probed_until))

    def called(self, now: float, patience: Patience) -> "Circuit":
        """It is called; if it was open, that is the one probe."""
        return replace(self, probed_until=now + patience.probe) if self.pause else self

    def answered(self) -> "Circuit":
        """It answered, whatever it said."""
        return Circuit()

    def failed(self, now: float, patience: Patience) -> "Circuit":
        """It did not answer. What was under way when the circuit opened tells nothing new."""
        if self.pause and now < self.open_until:
            return self
        failures = self.failures + 1
        if not self.pause and failures < patience.failures:
            return Circuit(failures)
        pause = min(patience.longest_pause, self.pause * 2 or patience.first_pause)
        return Circuit(failures, pause, now + pause)

    def told_nothing(self) -> "Circuit":
        """The call ended and says nothing of the property: whoever comes next may probe it."""
        return replace(self, probed_until=-math.inf)

    def asked_to_wait(self, now: float, seconds: float, patience: Patience) -> "Circuit":
        """It asked to be left alone for so long (`Retry-After`)."""
        return Circuit(self.failures, self.pause or patience.first_pause, now + seconds)


class Circuits:
    """The circuits of one process, a property each."""

    def __init__(
        self, patience: Patience | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience = patience or Patience()
        self._monotonic = monotonic
        self._circuits = Recent[Hashable, Circuit](_MOST_HELD)

    def call(self, site: Hashable, *, may_probe: bool = True) -> None:
        """Note that a property is called.

        A call that may be given up before it tells anything must not be the probe.

        Raises:
            PausedError: it is left alone now.
        """
        now, circuit = self._monotonic(), self._find(site)
        if not circuit.admits(now, may_probe=may_probe):
            raise PausedError("the property has not answered lately")
        self._circuits.put(site, circuit.called(now, self._patience))

    def answered(self, site: Hashable) -> None:
        """A call was answered by the property."""
        self._circuits.put(site, self._find(site).answered())

    def failed(self, site: Hashable) -> None:
        """A call got no answer of the property."""
        self._circuits.put(site, self._find(site).failed(self._monotonic(), self._patience))

    def told_nothing(self, site: Hashable) -> None:
        """A call ended without the property."""
        self._circuits.put(site, self._find(site).told_nothing())

    def asked_to_wait(self, site: Hashable, seconds: float) -> None:
        """A call was answered with `Retry-After`."""
        circuit = self._find(site).asked_to_wait(self._monotonic(), seconds, self._patience)
        self._circuits.put(site, circuit)

    def _find(self, site: Hashable) -> Circuit:
        return self._circuits.find(site) or Circuit()
