import math

from tests.features.small import assert_is_looped, each_feature


def quality(known, _user, item):
    found = known.item[item]["quality"]
    return math.nan if found is None else found


def votes(known, _user, item):
    found = known.item[item]["votes"]
    return math.nan if found is None else math.log(1 + found)


LOOPS = {"catalogue's rating": quality, "catalogue's votes": votes}


@each_feature("external")
def test_it_is_what_the_catalogue_says_and_unknown_where_it_is_silent(name, case):
    assert_is_looped(name, LOOPS[name], case)
