"""A file of orders for tests: the real sample where there is one, else a made-up one of the same shape."""

import os
import random
from decimal import Decimal
from pathlib import Path

_PROJECT = Path(__file__).parents[1]
_HEADER = "order_id\tquantity\titem_name\tchoice_description\titem_price"
_SIDES = {"Chips": "2.15", "Side of Salsa": "1.69", "Bottled Water": "1.09", "6 Pack Soft Drink": "6.49"}
_MAINS = {"Chicken Bowl": ("8.49", "10.98"), "Steak Burrito": ("8.99", "11.75"), "Veggie Salad": ("8.75",)}
_SALSAS = ("Fresh Tomato Salsa (Mild)", "Tomatillo-Red Chili Salsa (Hot)")
_FILLINGS = ("Black Beans", "Rice", "Cheese", "Sour Cream", "Guacamole", "Lettuce")


def find_sample() -> Path | None:
    """The real sample: named by `MUNERIS_SAMPLE_ORDERS`, or beside the checkout."""
    named = os.environ.get("MUNERIS_SAMPLE_ORDERS")
    path = Path(named) if named else _PROJECT.parent / "shared" / "data" / "restaurant_orders.tsv"
    return path if path.is_file() else None


def sample_file(folder: Path) -> Path:
    """The real sample, or 1,834 generated orders written to a folder."""
    return find_sample() or write_generated(folder / "orders.tsv", seed=1, orders=1834)


def write_generated(path: Path, *, seed: int, orders: int) -> Path:
    """Write generated orders to a file."""
    path.write_text(generate(seed, orders))
    return path


def generate(seed: int, orders: int) -> str:
    """Orders of the sample's shape as text; the same seed makes the same text."""
    chance = random.Random(seed)  # noqa: S311 - made-up orders
    rows = [
        f"{number}\t{_line(chance)}" for number in range(1, orders + 1) for _ in range(chance.randint(1, 4))
    ]
    return "\n".join([_HEADER, *rows]) + "\n"


def _line(chance: random.Random) -> str:
    quantity = chance.choices((1, 2, 3), weights=(94, 5, 1))[0]
    if chance.random() < 0.4:
        name, price = chance.choice(list(_SIDES.items()))
        choices = "NULL"
    else:
        name, prices = chance.choice(list(_MAINS.items()))
        price = chance.choice(prices)
        fillings = ", ".join(chance.sample(_FILLINGS, chance.randint(1, 5)))
        choices = f"[{chance.choice(_SALSAS)}, [{fillings}]]"
    return f"{quantity}\t{name}\t{choices}\t${Decimal(price) * quantity} "
