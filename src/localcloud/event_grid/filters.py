"""Which events a subscription receives."""

from localcloud.event_grid.cloud_event import CloudEvent
from localcloud.resources import Subscription


def matches(subscription: Subscription, event: CloudEvent) -> bool:
    """Whether an event passes the subscription's filters.

    Subjects are compared without case, as `isSubjectCaseSensitive` is false unless it is set.
    """
    subject = (event.subject or "").lower()
    return (
        event.type in subscription.included_event_types
        and subject.startswith(subscription.subject_begins_with.lower())
        and subject.endswith(subscription.subject_ends_with.lower())
    )
