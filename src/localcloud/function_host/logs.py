"""Log lines that carry the invocation they belong to."""

import logging
import sys

from localcloud.function_host.worker import invocation_id

_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(invocation_id)s] %(message)s"


class InvocationFilter(logging.Filter):
    """Adds `invocation_id` to every record; `-` outside of an invocation."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.invocation_id = invocation_id.get() or "-"
        return True


def configure_logging() -> None:
    """Log to standard error, from INFO on; the Azure SDK and libraries of the host only warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(InvocationFilter())
    logging.basicConfig(level=logging.INFO, format=_FORMAT, handlers=[handler], force=True)
    for name in ("azure", "aiohttp"):
        logging.getLogger(name).setLevel(logging.WARNING)
