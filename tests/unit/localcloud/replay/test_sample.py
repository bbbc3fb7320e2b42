from decimal import Decimal
from pathlib import Path

import pytest
from tests.sample_orders import find_sample, generate, write_generated

from localcloud.replay.sample import SampleError, SampleLine, SampleOrder, read_sample

_HEADER = "order_id\tquantity\titem_name\tchoice_description\titem_price\n"


def _written(folder: Path, *rows: str) -> Path:
    file = folder / "orders.tsv"
    file.write_text(_HEADER + "".join(f"{row}\n" for row in rows))
    return file


@pytest.mark.skipif(find_sample() is None, reason="the real sample is not here")
def test_the_real_sample_is_read_whole() -> None:
    sample = find_sample()
    assert sample
    orders = read_sample(sample)
    assert len(orders) == 1834
    assert sum(len(order.lines) for order in orders) == 4622
    assert sum(order.total for order in orders) == Decimal("34500.16")


def test_generated_orders_are_of_the_same_shape(tmp_path: Path) -> None:
    orders = read_sample(write_generated(tmp_path / "orders.tsv", seed=3, orders=50))
    assert [order.number for order in orders] == list(range(1, 51))
    assert generate(3, 50) == generate(3, 50) != generate(4, 50)


def test_lines_of_an_order_belong_together_wherever_they_stand(tmp_path: Path) -> None:
    file = _written(
        tmp_path,
        "2\t2\tChicken Bowl\t[Red Salsa (Hot, Fresh), [Black Beans, Rice]]\t$16.98 ",
        "1\t1\tIzze\t[Clementine]\t$3.39 ",
        "2\t1\tChips\tNULL\t$2.15 ",
    )
    bowl = SampleLine(2, "Chicken Bowl", ("Red Salsa (Hot, Fresh)", "Black Beans", "Rice"), Decimal("16.98"))
    assert read_sample(file) == [
        SampleOrder(2, (bowl, SampleLine(1, "Chips", (), Decimal("2.15")))),
        SampleOrder(1, (SampleLine(1, "Izze", ("Clementine",), Decimal("3.39")),)),
    ]
    assert bowl.unit_price == Decimal("8.49")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1\t1\tChips\tNULL", "expected 5 tab-separated fields, found 4"),
        ("x\t1\tChips\tNULL\t$1.00", "order_id must be a whole number from 1, not 'x'"),
        ("1\t0\tChips\tNULL\t$1.00", "quantity must be a whole number from 1, not '0'"),
        ("1\t1\t \tNULL\t$1.00", "item_name is empty"),
        ("1\t1\tChips\tSalsa\t$1.00", "choice_description must be NULL or a list in brackets, not 'Salsa'"),
        ("1\t1\tChips\tNULL\t$1", "item_price must be an amount such as $2.39, not '$1'"),
        ("1\t2\tChips\tNULL\t$1.99", "item_price $1.99 is no multiple of its quantity 2 in whole cents"),
        ("1\t3\tChips\tNULL\t$1.00", "item_price $1.00 is no multiple of its quantity 3 in whole cents"),
    ],
)
def test_a_wrong_line_is_named(row: str, reason: str, tmp_path: Path) -> None:
    file = _written(tmp_path, "1\t1\tChips\tNULL\t$2.15 ", row)
    with pytest.raises(SampleError) as error:
        read_sample(file)
    assert str(error.value) == f"{file}, line 3: {reason}."


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    absent, other, empty = tmp_path / "absent.tsv", tmp_path / "other.tsv", _written(tmp_path)
    other.write_text("a,b\n1,2\n")
    expected = {
        absent: f"Cannot read {absent}: No such file or directory.",
        other: f"{other}, line 1: expected the tab-separated header "
        "order_id quantity item_name choice_description item_price.",
        empty: f"{empty} holds no orders.",
    }
    for file, message in expected.items():
        with pytest.raises(SampleError) as error:
            read_sample(file)
        assert str(error.value) == message
