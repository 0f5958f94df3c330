import json
import shlex
from pathlib import Path

import pytest

from tasks.core.errors import SettingsError
from tasks.evaluation.grid import is_list, read_grid
from tasks.settings.settings import flat_options
from tasks.settings.sources import CellOptions, EvaluateOptions
from tasks.store.query import query
from tests.report.experiments.rows import Made

pytestmark = pytest.mark.usefixtures("clean_environment")

SMALLEST = 'name = "tiny"\n[[cells]]\nlabel = "all"\n'
THEIRS = """
[[published]]
source = "paper"
method = "SVD"
protocol = "loo"
model = "svd"
metric = "HR"
k = 10
value = 0.1
"""
BOOKS_AND_JOKES = '[settings]\ndata = ["books", "jokes"]\n'
GRIDS = sorted((Path(__file__).parents[2] / "deployments" / "experiments").glob("*.toml"))


@pytest.fixture
def grid(toml):
    return lambda text, **given: read_grid(toml(text, "grid.toml"), given)


def chosen(grid, *names):
    """The block's label of each cell, and these of its settings."""
    options = [flat_options(cell.settings) for cell in grid.cells]
    return [
        (cell.block or cell.label, *(own[name] for name in names))
        for cell, own in zip(grid.cells, options, strict=True)
    ]


def labels(grid):
    return [cell.label for cell in grid.cells]


def test_lists_are_crossed_and_the_last_one_varies_fastest(grid):
    made = grid(
        'name = "x"\n[settings]\nprotocol = ["loo", "split"]\nseeds = 3\n'
        '[[cells]]\nlabel = "all"\nmodel = ["svd", "ease"]\n'
        '[[cells]]\nlabel = "base"\nreranker = "none"\n'
    )
    assert chosen(made, "protocol", "model", "reranker", "seeds") == [
        ("all", "loo", "svd", "weighted", 3),
        ("all", "loo", "ease", "weighted", 3),
        ("all", "split", "svd", "weighted", 3),
        ("all", "split", "ease", "weighted", 3),
        ("base", "loo", "svd", "none", 3),
        ("base", "split", "svd", "none", 3),
    ]


def test_what_a_block_says_goes_before_what_holds_for_all_cells(grid):
    made = grid(
        'name = "x"\n[settings]\nmodel = ["svd", "ease"]\ntop = 5\n'
        '[[cells]]\nlabel = "one"\nmodel = "knn"\n[[cells]]\nlabel = "two"\n'
    )
    assert chosen(made, "model", "top") == [
        ("one", "knn", 5),
        ("two", "svd", 5),
        ("two", "ease", 5),
    ]


def test_settings_given_beside_the_grid_win_over_all_of_its_own(grid):
    made = grid(
        'name = "x"\n[settings]\nseeds = 3\nmodel = ["svd", "ease"]\n'
        '[[cells]]\nlabel = "all"\nseeds = [4, 5]\ntop = 7\n',
        seeds=1,
        home=Path("elsewhere"),
    )
    assert chosen(made, "seeds", "top", "model") == [("all", 1, 7, "svd"), ("all", 1, 7, "ease")]
    assert labels(made) == ["all", "all"], "cells that are the same are measured once"
    assert made.home == Path("elsewhere")


def test_the_grid_goes_before_the_environment(grid, monkeypatch):
    monkeypatch.setenv("PALATE_SEEDS", "9")
    monkeypatch.setenv("PALATE_TOP", "4")
    assert chosen(grid(SMALLEST + "seeds = 3\n"), "seeds", "top") == [("all", 3, 4)]


def test_a_setting_that_is_a_list_is_one_choice_and_a_list_of_lists_several(grid):
    asking = SMALLEST + 'scorer = "llm"\nllm_model = "m"\n'
    one = grid(asking + 'llm_show = ["year", "genres"]\n')
    assert chosen(one, "llm_show") == [("all", ["year", "genres"])]
    nothing = grid(asking + "llm_show = []\n")
    assert chosen(nothing, "llm_show") == [("all", [])]
    several = grid(asking + 'llm_show = [["year"], ["year", "genres"], []]\n')
    assert chosen(several, "llm_show") == [
        ("all", ["year"]),
        ("all", ["year", "genres"]),
        ("all", []),
    ]


def test_options_to_tune_are_one_choice(grid):
    made = grid(SMALLEST + 'tune = ["als_alpha", "ease_regularization"]\n')
    assert chosen(made, "tune") == [("all", ["als_alpha", "ease_regularization"])]


def test_whether_a_setting_is_a_list_follows_from_its_type():
    lists = {name for name in CellOptions.model_fields if is_list(name)}
    assert {"tune", "without", "llm_show"} <= lists
    assert not {"model", "sources", "weights", "home", "data", "search_count", "no such"} & lists
    for name in lists:
        assert isinstance(CellOptions.model_fields[name].default, tuple), name


def test_a_cell_starts_from_plain_defaults_unless_it_names_a_method(grid):
    plain, paper, best = grid(
        'name = "x"\n[[cells]]\nlabel = "plain"\n'
        '[[cells]]\nlabel = "paper"\nmethod = "paper"\n'
        '[[cells]]\nlabel = "best"\nmethod = "best"\nsources = { ease = 30 }\n'
    ).cells
    started = [cell.settings.method for cell in (plain, paper, best)]
    assert [(one.model, one.reranker) for one in started] == [
        ("svd", "weighted"),
        ("svd", "llm_only"),
        ("ease", "learned"),
    ]
    assert started[0].sources == {} and started[2].sources == {"ease": 30}
    assert EvaluateOptions().settings().method.reranker == "learned"


VARIED = """
name = "x"
[settings]
model = ["svd", "ease"]
[[cells]]
label = "weighted"
reranker = ["weighted", "rrf"]
[[cells]]
label = "without"
reranker = ["weighted", "rrf"]
weights = [{ similarity = 0 }, { similarity = 0, popularity = 0.5 }]
[[cells]]
label = "cold"
protocol = ["cold-user", "loo"]
keep = [0, 3]
[[cells]]
label = "shown"
scorer = "llm"
llm_model = "m"
llm_show = [["year"], ["year", "genres"], []]
external = [true, false]
"""


def test_what_varies_within_a_label_stands_in_it_unless_it_has_a_column(grid):
    made = grid(VARIED)
    assert labels(made)[:4] == ["weighted, reranker weighted", "weighted, reranker rrf"] * 2
    assert labels(made)[4:8] == [
        "without, reranker weighted, weights popularity 1",
        "without, reranker weighted, weights popularity 0.5",
        "without, reranker rrf, weights popularity 1",
        "without, reranker rrf, weights popularity 0.5",
    ]
    assert set(labels(made)[12:20]) == {"cold", "cold, keep 0", "cold, keep 3"}
    assert set(labels(made)[20:]) == {
        f"shown, external {seen}, llm show {show}"
        for seen in ("on", "off")
        for show in ("year", "year+genres", "none")
    }
    assert {cell.block for cell in made.cells} == {"weighted", "without", "cold", "shown", None}


def test_cells_of_two_blocks_with_one_label_are_told_apart(grid):
    made = grid(
        'name = "x"\n[[cells]]\nlabel = "a"\nsources = { svd = 50 }\n[[cells]]\nlabel = "a"\n'
        '[[cells]]\nlabel = "a"\nprotocol = "split"\nseeds = 3\n'
    )
    assert labels(made) == ["a, sources svd 50", "a", "a"]
    assert labels(grid('name = "x"\n[[cells]]\nlabel = "a"\n[[cells]]\nlabel = "a"\n')) == ["a"]


def test_as_many_cells_as_ran_are_in_the_leaderboard(grid, tmp_path):
    made, rows = grid(VARIED), Made()
    for number, cell in enumerate(made.cells):
        settings = cell.settings
        rows.cell(
            cell.label,
            mean=number / 100,
            dataset=settings.data,
            protocol=settings.protocol_name,
            model=settings.method.model,
            scorer=settings.scorer_label,
            reranker=settings.reranker_label,
            external=settings.uses_external,
            candidates=settings.candidate_count,
        )
    board = query(rows.publish(tmp_path), "FROM leaderboard WHERE method NOT LIKE 'base%'")
    assert board.height == len(made.cells) == 32
    assert len(set(board["ndcg"])) == 32


def test_orders_of_one_label_in_several_runs_are_methods_of_their_own(tmp_path):
    for day, (reranker, mean) in enumerate((("weighted", 0.3), ("rrf", 0.2), ("rrf", 0.25)), 1):
        run = Made(name="x", run_id=f"2026010{day}-000000-aaaaaa", day=day)
        run.cell("held out", base=0.1 / day, mean=mean, reranker=reranker, scorer=f"s{day % 2}")
        run.publish(tmp_path)
    run = Made(name="x", run_id="20260104-000000-aaaaaa", day=4)
    run.cell("held out", base=0.01, mean=0.22, reranker="rrf", scorer="s1")
    run.publish(tmp_path)
    board = query(tmp_path, "SELECT method, scorer, reranker, round(ndcg, 4) FROM leaderboard")
    assert board.rows() == [
        ("held out", "s1", "weighted", 0.3),
        ("held out", "s1", "rrf", 0.22),
        ("held out", "s0", "rrf", 0.2),
        ("base: svd", "none", "none", 0.01),
    ]


def test_numbers_that_differ_late_stand_in_the_labels_as_they_are(grid):
    made = grid(SMALLEST + "diversity = [0.12345678, 0.12345679]\n")
    assert labels(made) == ["all, diversity 0.12345678", "all, diversity 0.12345679"]


def test_tables_of_weights_can_be_crossed_too(grid):
    made = grid(SMALLEST + "weights = [{ similarity = 0 }, { similarity = 2, estimate = 0 }]\n")
    weights = [cell.settings.method.weights for cell in made.cells]
    assert [(w.similarity, w.estimate, w.popularity) for w in weights] == [(0, 1, 1), (2, 0, 1)]


def test_a_cell_of_an_unnamed_language_model_is_kept_as_missing(grid, monkeypatch):
    text = SMALLEST + 'scorer = "llm"\n[[cells]]\nlabel = "plain"\n'
    asked, plain = grid(text).cells
    assert asked.missing is not None and "PALATE_LLM_MODEL" in asked.missing
    assert plain.missing is None
    (emptied, _) = grid(text.replace('"llm"\n', '"llm"\nllm_model = ""\n')).cells
    assert emptied.missing == asked.missing
    monkeypatch.setenv("PALATE_LLM_MODEL", "m")
    assert [cell.missing for cell in grid(text).cells] == [None, None]
    assert grid(text).cells[0].settings.llm.llm_model == "m"


def test_a_missing_language_model_hides_no_other_mistake(grid):
    with pytest.raises(SettingsError, match="profiles: nobody can say"):
        grid(SMALLEST + 'scorer = "llm"\nprofiles = "typed.csv"\n')
    with pytest.raises(SettingsError, match="seeds: "):
        grid(SMALLEST + 'scorer = "llm"\nseeds = 0\n')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALLEST + 'modell = "svd"\n', ["the cells 'all'", "modell", "Extra inputs"]),
        (SMALLEST + "weights = { similarty = 0 }\n", ["the cells 'all'", "weights.similarty"]),
        (SMALLEST + 'model = ["svd", "svd3"]\n', ["the cells 'all'", "model: ", "'svd'"]),
        ('name = "x"\n[settings]\nsed = 1\n[[cells]]\nlabel = "all"\n', ["the cells 'all'", "sed"]),
        ('titel = "y"\n' + SMALLEST, ["the grid", "titel", "Extra inputs"]),
        ('name = "x"\n', ["the grid", "cells: Field required"]),
        ('[[cells]]\nlabel = "all"\n', ["the grid", "name: Field required"]),
        ('name = "x"\ncells = []\n', ["there are no cells"]),
        ('name = "x"\n[[cells]]\nmodel = "svd"\n', ["[[cells]] 1: has no label"]),
        (SMALLEST + '[[cells]]\nlabel = ""\n', ["[[cells]] 2: has no label"]),
        (SMALLEST + "[[cells]]\nlabel = 3\n", ["[[cells]] 2: has no label"]),
        ("name = \n", ["is not valid TOML"]),
        (
            SMALLEST + '[[comparisons]]\nof = "all"\nagainst = "al"\nsays = "what"\n',
            ["a comparison names 'al', which no cell is labelled"],
        ),
        (
            SMALLEST + '[[comparisons]]\nof = "everything"\nagainst = "all"\nsays = "what"\n',
            ["a comparison names 'everything'"],
        ),
        (SMALLEST + '[[comparisons]]\nof = "all"\nsays = "what"\n', ["comparisons.0.against"]),
        (SMALLEST + '[[published]]\nsource = "paper"\n', ["published.0.method"]),
        (SMALLEST + THEIRS, ["[[published]] 1: has no data set"]),
        (SMALLEST + BOOKS_AND_JOKES + THEIRS, ["[[published]] 1: has no data set"]),
    ],
)
def test_a_mistake_names_the_file_and_what_is_wrong(grid, tmp_path, text, said):
    with pytest.raises(SettingsError) as caught:
        grid(text)
    assert caught.value.what.startswith(str(tmp_path / "grid.toml"))
    assert all(part in caught.value.what for part in said), caught.value.what


def test_a_published_figure_is_of_the_grids_data_set_unless_it_names_another(grid):
    films = SMALLEST + '[settings]\ndata = "films"\n'
    both = THEIRS + THEIRS + 'data = "books"\n'
    assert [one.data for one in grid(films + both, data="other").published] == ["films", "books"]
    (named,) = grid(SMALLEST + BOOKS_AND_JOKES + THEIRS + 'data = "jokes"\n').published
    assert named.data == "jokes"


def test_what_a_grid_wants_beside_its_metric_is_recorded_with_it(grid):
    assert json.loads(grid(SMALLEST).described())["beside"] == []
    asked = grid('beside = ["diversity"]\n' + SMALLEST)
    assert json.loads(asked.described())["beside"] == ["diversity"]


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read"):
        read_grid(tmp_path / "nowhere.toml", {})
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"bad\.toml: is not valid TOML"):
        read_grid(tmp_path / "bad.toml", {})


def test_a_grid_says_what_it_is_and_how_to_run_it_again(grid, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = json.loads(grid('title = "Tiny one"\n' + SMALLEST, seeds=2, home=Path("h")).described())
    assert (said["name"], said["title"]) == ("tiny", "Tiny one")
    assert shlex.split(said["command"]) == ["palate", "experiment", "grid.toml", "--seeds", "2"]
    assert json.loads(grid(SMALLEST).described())["title"] == "tiny"


@pytest.mark.parametrize("file", GRIDS, ids=lambda file: file.stem)
def test_every_grid_that_ships_can_be_read(file):
    made = read_grid(file, {})
    assert made.name == file.stem and made.cells
    missing = [cell for cell in made.cells if cell.missing]
    assert all(cell.settings.method.asks_llm for cell in missing)
    assert all(cell.block is None for cell in made.cells), "every label says what it is"


def test_the_command_can_be_typed_again(toml, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = toml('name = "g"\n[[cells]]\nlabel = "a"\n', "grid.toml")
    given = {
        "home": tmp_path,
        "seeds": 2,
        "external": False,
        "weights": {"date_affinity": 0.5},
        "without": ("language", "external"),
    }
    assert read_grid(file, given).command == (
        "palate experiment grid.toml --seeds 2 --no-external --weights.date-affinity 0.5"
        " --without language --without external"
    )
