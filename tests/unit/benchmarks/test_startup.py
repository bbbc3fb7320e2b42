from benchmarks.startup import OTHERS, PackageCost, least, read_import_times

PRINTED = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   json.decoder
import time:      2000 |       2000 |       azure.core.rest
import time:      1000 |       3000 |     azure.core
import time:       300 |        400 |       json
import time:      4000 |       7400 |   muneris.cloud
import time:       500 |        500 |     azure.core.pipeline
import time:      6000 |       6500 |   muneris.orders
import time:        50 |      14050 | function_app
"""


def test_a_package_takes_what_its_modules_take_and_what_they_import_first() -> None:
    assert read_import_times(PRINTED) == {
        "standard library": PackageCost("standard library", 0.4, 0.5),
        "azure.core": PackageCost("azure.core", 3.5, 3.5),
        "muneris": PackageCost("muneris", 10.0, 13.9),
        "function_app": PackageCost("function_app", 0.05, 14.05),
    }


def test_of_several_runs_the_least_counts_and_the_small_packages_as_one() -> None:
    runs = [
        {name: PackageCost(name, alone, together) for name, alone, together in run}
        for run in (
            [("a", 3.0, 9.0), ("b", 20.0, 20.0), ("c", 0.5, 8.0), ("d", 0.25, 0.25)],
            [("a", 4.0, 8.0), ("b", 10.0, 30.0), ("c", 0.75, 0.75), ("d", 0.25, 0.25), ("e", 9.0, 9.0)],
        )
    ]
    assert least(runs) == [
        PackageCost("b", 10.0, 20.0),
        PackageCost("a", 3.0, 8.0),
        PackageCost(OTHERS, 0.75, 0.75),
    ]
