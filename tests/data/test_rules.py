"""What lists leave out, as the files beside a data set have it."""

from datetime import date

import pytest

from tasks.core.artifacts import read_table
from tasks.core.errors import BadDataError
from tasks.data import catalogue
from tasks.data.rule_stages import rules_on, write_rules
from tasks.data.stages import ingest_source
from tests.data.conftest import GENERIC, write_folder

DATED = "item,title,Available From,available_until\n10,Heat,2024-05-01,\n20,Alien,,2024-05-31\n"


class Written:
    """A folder's rules as they are on days, and what was said of their rows."""

    def __init__(self, tmp_path, files):
        self.home = tmp_path / "home"
        self.folder = write_folder(tmp_path / "data", GENERIC | files)
        self.source = catalogue.find(str(self.folder), self.home)
        dataset = ingest_source(self.home, self.source)
        self.written = write_rules(self.home, self.source.rules, dataset)

    @property
    def dropped(self):
        return self.written.rules.dropped

    def on(self, day="2024-05-15"):
        rules = rules_on(self.home, self.written, date.fromisoformat(day))
        tables = (rules.pairs, rules.items, rules.users)
        return [read_table(self.home, table).rows() for table in tables]


@pytest.fixture
def written(tmp_path):
    return lambda files: Written(tmp_path, files)


def test_a_pair_an_item_and_a_user_are_told_by_what_a_row_names(written):
    rules = written(
        {"exclude.csv": "user,item\n1,10\n,20\n2,\n1,10\n", "seen.csv": "user,item\n2,10\n"}
    )
    assert rules.on() == [[(1, 10), (2, 10)], [(20,)], [(2,)]]
    assert rules.dropped == {}


@pytest.mark.parametrize("column", ["item", "movieId"])
def test_one_column_is_enough_and_a_header_alone_is_no_rule(written, column):
    rules = written({"exclude.csv": f"{column}\n20\n", "seen.csv": "user,item\n"})
    assert rules.on() == [[], [(20,)], []]


def test_items_are_off_before_their_first_day_and_after_their_last(written):
    rules = written({"items.csv": DATED})
    off = [rules.on(f"2024-{day}")[1] for day in ("04-30", "05-01", "05-31", "06-01")]
    assert off == [[(10,)], [], [], [(20,)]]


def test_rows_that_name_nobody_or_nothing_are_counted_with_the_first(written):
    rows = "user,item\n1,99\n1,98\nzed,10\n7,10\n,\n"
    rules = written({"exclude.csv": rows})
    assert rules.on() == [[(7, 10)], [], []]
    assert rules.dropped == {
        "rows of exclude.csv left out: they name neither user nor item (the first: row 6)": 1,
        "rows of exclude.csv left out: the items file lacks their item"
        " (the first: row 2, item 99)": 2,
        "rows of exclude.csv left out: nobody has an id like their user's"
        " (the first: row 4, user zed)": 1,
        "rows of exclude.csv kept: their user has rated nothing (the first: row 5, user 7)": 1,
    }


@pytest.mark.parametrize(
    ("files", "row", "says"),
    [
        ({"items.csv": DATED.replace("2024-05-01", "May")}, 2, "'May' is no date"),
        ({"items.csv": DATED.replace("31\n", "31x\n")}, 3, "'2024-05-31x' is no date"),
        ({"items.csv": DATED.replace("01,\n", "01,2024-04-01\n")}, 2, "before available_from"),
        ({"seen.csv": "user,what\n1,10\n"}, None, "column is missing (found: user, what)"),
        ({"exclude.csv": "who\n1\n"}, None, "column is missing (found: who)"),
        ({"exclude.csv": ""}, None, "column is missing"),
    ],
)
def test_what_cannot_be_read_is_named(written, files, row, says):
    with pytest.raises(BadDataError) as caught:
        written(files)
    assert says in str(caught.value)
    assert row is None or f"row {row}" in str(caught.value)


def test_rules_change_nothing_of_the_data_set_itself(written, tmp_path):
    plain = catalogue.find(str(write_folder(tmp_path / "plain" / "data", GENERIC)), tmp_path)
    assert plain.rules.files == []
    ruled = written({"exclude.csv": "item\n20\n", "seen.csv": "user,item\n2,10\n"})
    assert ruled.source.files == [ruled.folder / file.name for file in plain.files]
    assert ruled.source.fingerprint() == plain.fingerprint()


def test_what_was_seen_is_the_data_set_where_nothing_else_is(tmp_path):
    folder = write_folder(tmp_path / "data", {"seen.csv": "user,item\n1,10\n2,20\n"})
    source = catalogue.find(str(folder), tmp_path)
    assert (source.files, source.rules.files) == ([folder / "seen.csv"], [])


def test_movielens_has_rules_too(tmp_path):
    files = {
        "ratings.csv": "userId,movieId,rating,timestamp\n1,10,4,1\n2,20,5,1\n",
        "movies.csv": "movieId,title,genres,available_until\n10,Heat,,2001-01-01\n20,Alien,,\n",
        "exclude.csv": "userId,movieId\n1,20\n",
    }
    rules = Written(tmp_path, files)
    assert rules.on() == [[(1, 20)], [(10,)], []]


def test_ids_that_are_text_meet_as_text(tmp_path):
    files = {
        "ratings.csv": "user,item,rating\nann,007,4\nbob,b,5\n",
        "items.csv": "item,title\n007,Bond\nb,B\n",
        "exclude.csv": "user,item\nann, b\n,007\n",
    }
    assert Written(tmp_path, files).on() == [[("ann", "b")], [("007",)], []]
