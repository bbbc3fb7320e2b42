from tests.proofs.docs import PAGE, with_figures
from tests.proofs.figures import Proof

PROOF = Proof(name="Outage", proved_on="2030-05-04", figures={"orders": 1200, "score": "97 %", "share": 0.5})
PAGE_BEFORE = "# Title\n\n<!-- python -m tests.proofs.docs -->\nold\n<!-- end -->\n\nRest\n"


def test_the_figures_take_the_place_of_those_before() -> None:
    table = (
        "| **Outage** | 2030-05-04 |\n| --- | --- |\n| orders | 1,200 |\n| score | 97 % |\n| share | 0.5 |\n"
    )
    marked = f"<!-- python -m tests.proofs.docs -->\n\n{table}\n<!-- end -->\n"
    assert with_figures(PAGE_BEFORE, [PROOF]) == f"# Title\n\n{marked}\nRest\n"


def test_writing_them_again_changes_nothing() -> None:
    once = with_figures(PAGE_BEFORE, [PROOF])
    assert with_figures(once, [PROOF]) == once


def test_the_page_has_a_place_for_them() -> None:
    assert "Outage" in with_figures(PAGE.read_text(), [PROOF])
