from pathlib import Path

from localcloud.event_grid import EventGridConfig
from localcloud.resources import load_resources


def test_can_be_handed_to_another_process() -> None:
    topics = load_resources().topics
    config = EventGridConfig(port=1, key="k", connection_string="c", topics=topics, journal=Path("j"))
    assert EventGridConfig.model_validate_json(config.model_dump_json()) == config
