import re

import pytest

from localcloud.trace_context import TraceContext

VALID = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_keeps_the_callers_context() -> None:
    trace = TraceContext.of(VALID)
    assert trace.traceparent == VALID
    assert trace.trace_id == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    "header", [None, "", "nonsense", VALID.upper(), VALID.replace("b7ad6b7169203331", "0" * 16), VALID + "\n"]
)
def test_begins_a_trace_when_there_is_none(header: str | None) -> None:
    trace = TraceContext.of(header)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace.traceparent)
    assert trace != TraceContext.of(header)
