"""`palate check`: what a data set holds, and whether a night could use it."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from flows.cli.main import COMMANDS as ALL
from flows.cli.main import main
from tests.data.conftest import GENERIC, MOVIELENS, write_folder
from tests.support.in_process import run_here


@pytest.fixture
def checked(tmp_path, monkeypatch, capsys):
    """Check a folder of these files; gives the exit code and what was printed."""

    def run(files, *more):
        folder = write_folder(tmp_path / "data", files)
        monkeypatch.setattr(sys, "argv", ["palate", "check", str(folder), *more])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out + printed.err

    return run


def test_it_says_what_was_recognised_inferred_and_dropped(checked):
    rows = "uid;item;stars\n1;10;1\n1;10;2\n2;20;5\n" + "3;10;4\n"
    files = {"ratings.csv": rows, "items.csv": "item,title\n10,Heat\n20,Alien\n"}
    code, out = checked(files)
    assert code == 0
    assert "parted by ';'" in out
    assert "uid -> user" in out
    assert "stars -> rating" in out
    assert "scale 2 to 5, liked from 4.25" in out
    assert "times: there are none" in out
    assert "rated the same item later (the first: ratings.csv, row 3: user 1, item 10)" in out


def test_the_first_bad_row_of_each_kind_is_named(checked):
    rows = "user,item,rating,timestamp\n1,10,4,1\n,10,4,1\n1,20,x,1\n2,10,4,-5\n"
    code, out = checked(GENERIC | {"ratings.csv": rows})
    assert code == 1
    for row, says in ((3, "id is missing"), (4, "'x' is not a number"), (5, "before 1970")):
        assert any(f"row {row}" in line and says in line for line in out.splitlines())


RATED = "userId,movieId,rating,timestamp\n"
LEFT_OUT = {
    "unknown item": (
        MOVIELENS | {"ratings.csv": RATED + "1,10,4,1\n2,10,4,1\n3,20,4,1\n4,99,4,1\n"},
        "1 ratings dropped: the items file lacks their item"
        " (the first: ratings.csv, row 5: item 99)",
    ),
    "repeated in a later file": (
        MOVIELENS | {"ratings/b.csv": RATED + "3,10,4,1\n1,20,5,900\n1,20,5,950\n"},
        "2 ratings dropped: the same user rated the same item later"
        " (the first: b.csv, row 3: user 1, item 20)",
    ),
    "implicit rows summed": (
        {"log.csv": "user,item\n1,10\n2,10\n1,10\n"},
        "1 rows summed: the same user met the same item before"
        " (the first: log.csv, row 4: user 1, item 10)",
    ),
    "zeros": (
        {
            "BX-Book-Ratings.csv": '"User-ID";"ISBN";"Book-Rating"\n'
            '"1";"a";"5"\n"1";"b";"0"\n"2";"a";"7"\n"2";"b";"0"\n'
        },
        "dataset.toml uses them) (the first: BX-Book-Ratings.csv, row 3: user 1, item b)",
    ),
    "no title": (
        GENERIC | {"items.csv": "item,title\n10,Heat\n20,\n"},
        "1 items kept without a title: named by their id (the first: items.csv, row 3: item 20)",
    ),
    "repeated tag": (
        MOVIELENS | {"tags.csv": "userId,movieId,tag\n1,10,slow\n1,10,SLOW\n"},
        "1 tags dropped: empty or repeated (the first: tags.csv, row 3: user 1, item 10)",
    ),
    "tag of what was not rated": (
        MOVIELENS | {"tags.csv": "userId,movieId,tag\n1,10,slow\n2,20,dark\n"},
        "not rated their item (the first: tags.csv, row 3: user 2, item 20)",
    ),
    "surplus description": (
        MOVIELENS | {"descriptions.csv": "movieId,description\n10,long\n77,odd\n10,again\n"},
        "2 descriptions dropped: repeated, or the items file lacks their item"
        " (the first: descriptions.csv, row 3: item 77)",
    ),
    "milliseconds": (
        GENERIC | {"ratings.csv": "user,item,rating,timestamp\n1,10,4,\n2,20,5,1500000000000\n"},
        "1 timestamps kept: converted from milliseconds to seconds"
        " (the first: ratings.csv, row 3: timestamp 1500000000000)",
    ),
}


@pytest.mark.parametrize(("files", "says"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_the_first_row_of_each_kind_that_is_left_out_or_changed_is_named(checked, files, says):
    code, out = checked(files, "--max-dropped", "50")
    assert code == 0, out
    assert says in out


def test_what_is_wrong_in_items_and_tags_is_said_beside_what_is_wrong_in_ratings(checked):
    files = MOVIELENS | {
        "ratings.csv": RATED + "1,10,9,1\n",
        "movies.csv": "movieId,title,genres\n10,Heat,\n10,Heat,\n,Alien,\n",
        "tags.csv": "userId,movieId,tag\n1,10,slow\n,10,dark\n",
    }
    code, out = checked(files)
    assert code == 1
    for place, says in (
        ("movies.csv, row 4", "the id is missing"),
        ("movies.csv, row 3", "item 10 appears a second time"),
        ("ratings.csv, row 2", "9 is off the scale 0.5 to 5"),
        ("tags.csv, row 3", "the id is missing"),
    ):
        assert any(place in line and says in line for line in out.splitlines()), (place, out)


def test_too_many_unknown_items_end_it(checked):
    rows = "user,item,rating\n1,10,4\n2,10,4\n3,10,4\n4,99,4\n"
    code, out = checked(GENERIC | {"ratings.csv": rows})
    assert code == 1
    assert "--max-dropped" in out


def test_columns_are_named_where_nobody_guesses_them(checked):
    rows = "who,what,rating\n1,10,4\n2,20,5\n"
    assert checked({"log.csv": rows}, "--columns", "user=who,item=what")[0] == 0


def test_columns_may_be_named_in_dataset_toml(checked):
    toml = '[columns]\nuser = "who"\nitem = "what"\n'
    code, out = checked({"log.csv": "who,what,rating\n1,10,4\n2,20,5\n", "dataset.toml": toml})
    assert (code, "who -> user" in out) == (0, True)


def test_unguessed_columns_say_what_there_is(checked):
    code, out = checked({"log.csv": "who,what,rating\n1,10,4\n"})
    assert code == 1
    assert "who, what, rating" in out
    assert "--columns" in out


def test_it_imports_no_prefect(tmp_path):
    folder = write_folder(tmp_path / "data", GENERIC)
    code = (
        "import sys; sys.argv = ['palate', 'check', sys.argv[1]]\n"
        "from flows.cli.main import main\n"
        "try: main()\nexcept SystemExit as end: assert end.code == 0, end.code\n"
        "assert 'prefect' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """What a command says that must end with code 1 before it starts a server."""

    def start(_home):
        pytest.fail("a server was started")

    def run(command, files, *more):
        monkeypatch.setattr("flows.cli.running.prefect_for", start)
        folder = write_folder(tmp_path / "data", files)
        more = more or (("--explain", "--llm-model", "m") if command == "estimate" else ())
        words = ["palate", command, "--data", str(folder), "--home", str(tmp_path / "home"), *more]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        return capsys.readouterr().err

    return run


COMMANDS = ["nightly", "estimate", "enrich", "evaluate", "replay"]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_look_at_the_data_before_they_start_a_server(command, refused):
    assert "no file has a user and an item" in refused(command, {"log.csv": "who,what\n1,10\n"})


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_read_every_row_before_they_start_a_server(command, refused, tmp_path):
    rows = "user,item,rating,timestamp\n1,10,4,1\n2,20,4,1\n3,20,nine,1\n"
    says = refused(command, GENERIC | {"ratings.csv": rows})
    assert "ratings.csv, row 4, column 'rating': 'nine' is not a number" in says
    assert len(says.splitlines()) == 2
    assert not list((tmp_path / "home").rglob("*.tmp"))


def test_too_many_unknown_items_and_early_days_are_found_before_a_server_starts(refused):
    rows = "user,item,rating,timestamp\n1,10,4,1\n2,20,4,1\n3,99,4,1\n"
    assert "at most 5 % may be" in refused("nightly", GENERIC | {"ratings.csv": rows})


def test_a_day_before_all_ratings_is_found_before_a_server_starts(refused):
    assert "Choose a later --as-of" in refused("nightly", GENERIC, "--as-of", "1969-01-01")


def test_the_rules_of_a_night_are_read_before_a_server_starts(refused):
    items = "item,title,available_from\n10,Heat,soon\n20,Alien,\n"
    assert "'soon' is no date" in refused("nightly", GENERIC | {"items.csv": items})


def test_typed_tastes_are_read_before_a_server_starts(refused, tmp_path):
    tastes = tmp_path / "tastes.csv"
    tastes.write_text("who,words\n1,westerns\n")
    says = refused("nightly", GENERIC, "--profiles", str(tastes))
    assert "tastes.csv" in says and "the column is missing" in says


def test_an_address_without_its_secret_is_found_before_a_server_starts(refused, toml):
    config = toml('publish_to = ["redis://:$NO_SUCH_SECRET@127.0.0.1:1/0"]\n')
    says = refused("nightly", GENERIC, "--config", str(config))
    assert "$NO_SUCH_SECRET is not in the environment" in says


def test_the_rules_beside_a_data_set_are_said(checked):
    files = {"exclude.csv": "user,item\n1,10\n,20\n1,77\n", "seen.csv": "user,item\n2,20\n"}
    code, out = checked(GENERIC | files)
    assert code == 0
    assert "rules: lists leave out 1 items, 2 pairs of a user and an item" in out
    assert "1 rows of exclude.csv left out" in out
    assert "(the first: row 4, item 77)" in out


def test_a_rule_that_cannot_be_read_keeps_a_night_from_the_data(checked):
    code, out = checked(GENERIC | {"seen.csv": "user,when\n1,10\n"})
    assert code == 1
    assert "seen.csv" in out
    assert "the column is missing" in out


def test_queries_are_read_and_nothing_is_kept(checked, tmp_path, monkeypatch):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        shop.execute("CREATE TABLE log (who INT, what TEXT, stars REAL)")
        shop.executemany("INSERT INTO log VALUES (?, ?, ?)", [(1, "a", 4), (2, "b", 5)])
        shop.commit()
    monkeypatch.setenv("PALATE_HOME", str(tmp_path / "home"))
    toml = f"""
data = "sqlite:///{tmp_path}/shop.db"
[queries]
ratings = "SELECT who, what, stars FROM log"
"""
    code, out = checked({"dataset.toml": toml}, "--columns", "user=who,item=what")
    assert code == 0
    assert "2 ratings read from sqlite:///" in out
    assert "who -> user, what -> item, stars -> rating" in out
    assert not (tmp_path / "home").exists()


WRONG = {"--topp": "3", "--data": "nowhere", "--top": "0", "--config": "none.toml"}
"""By option, a value that cannot be."""

EVERY = sorted(name for names in ALL.values() for name in names)


@pytest.mark.parametrize("option", WRONG)
@pytest.mark.parametrize("command", EVERY)
def test_no_command_starts_prefect_for_what_cannot_be(command, option, tmp_path, monkeypatch):
    monkeypatch.setattr("flows.cli.running.prefect_for", lambda _home: pytest.fail("started"))
    value = WRONG[option]
    file = ["grid.toml"] if command in {"experiment", "judgements"} else []
    done = run_here(command, *file, option, value, PALATE_HOME=str(tmp_path))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("Error: ") or "fail" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("estimate", "--top", "5"), "nothing to estimate"),
        (("nightly", "--runner", "dask://127.0.0.1:9", "--explain", "--llm-model", "m"), "LEDGER"),
        (("evaluate", "--protocol", "given", "--held-out", "none.csv"), "none.csv"),
        (("evaluate", "--scorer", "recorded", "--scores", "none.csv"), "none.csv"),
    ],
)
def test_settings_that_only_a_flow_would_read_are_looked_at_before_it(refused, words, said):
    command, *more = words
    assert said in refused(command, GENERIC, *more)
