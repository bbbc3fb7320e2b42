from benchmarks.writes import renamed


def test_a_row_of_another_order_has_that_ones_ids_in_its_key() -> None:
    names = {"0191-a": "0192-b", "fe6e": "fe6d"}
    assert renamed("order|fe6e", names) == "order|fe6d"
    assert renamed("work|0191-a|000001|reserve", names) == "work|0192-b|000001|reserve"
