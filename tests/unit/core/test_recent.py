from muneris.core.recent import Recent


def test_what_was_not_used_for_longest_makes_room() -> None:
    recent = Recent[str, int](2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.find("a") == 1
    recent.put("c", 3)
    assert (recent.find("a"), recent.find("b"), recent.find("c"), len(recent)) == (1, None, 3, 2)


def test_a_new_value_takes_the_place_of_the_one_before() -> None:
    recent = Recent[str, int](2)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.put("a", 3)
    recent.put("c", 4)
    assert (recent.find("a"), recent.find("b"), recent.find("c")) == (3, None, 4)


def test_what_is_forgotten_is_gone() -> None:
    recent = Recent[str, int](2)
    recent.put("a", 1)
    recent.forget("a")
    recent.forget("never there")
    assert (recent.find("a"), len(recent)) == (None, 0)
