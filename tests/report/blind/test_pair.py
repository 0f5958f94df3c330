from itertools import pairwise

from tasks.report.blind.pair import Draw, draw
from tests.report.blind.samples import a_pair, shown


def test_the_draw_is_fair_and_its_seed_gives_it_again():
    firsts = [draw(seed).first for seed in range(4_000)]
    assert abs(firsts.count("base") - 2_000) < 160  # five standard deviations
    assert draw(17) == draw(17)
    in_a_row = sum(one == two for one, two in pairwise(firsts))
    assert abs(in_a_row - 2_000) < 160


def test_the_list_that_was_drawn_first_is_a():
    drawn = Draw(seed=0, first="reranked")
    assert (drawn.list_at("A"), drawn.list_at("B")) == ("reranked", "base")
    assert (drawn.letter_of("base"), drawn.letter_of("reranked")) == ("B", "A")


def test_another_order_of_the_same_items_is_another_list():
    assert not a_pair(base=shown("Heat", "Smoke"), reranked=shown("Smoke", "Heat")).same
    assert a_pair(base=shown("Heat", "Smoke"), reranked=shown("Heat", "Smoke")).same
