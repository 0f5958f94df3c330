import re
from pathlib import Path

import pytest

from tasks.report.experiments.results import write_results
from tests.report.experiments.rows import Made, language

DASH = "\N{EN DASH}"


def page_of(home: Path) -> str:
    page = home / "page" / "RESULTS.md"
    write_results(home, page)
    return page.read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    return re.split(r"^#+ ", text.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def tables_are_whole(text: str) -> int:
    """How many tables there are; each line of one has as many cells as its head."""
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
        assert re.fullmatch(r"\|(---\|)+", table.splitlines()[1])
    return len(tables)


@pytest.mark.parametrize(
    ("verdict", "difference", "written"),
    [
        ("higher", 0.02, "+.0200 [+.0150, +.0250], **higher**"),
        ("lower", -0.02, "-.0200 [-.0250, -.0150], **lower**"),
        ("no difference shown", 0.0012, "+.0012 [-.0038, +.0062], no difference shown"),
    ],
)
def test_sentences_have_difference_interval_and_verdict(tmp_path, verdict, difference, written):
    made = Made()
    language(made, verdict, difference)
    text = page_of(made.publish(tmp_path))
    mean = f"{0.15 + difference:.3f}"[1:]
    sentence = (
        f"- over SVD, what language adds: four signals {mean}, without language .150; {written} "
        "(p = .040; higher for 30 % of the people, lower for 20 %)."
    )
    assert sentence in section(text, "In words")
    summary = section(text, "books: NDCG@10")
    assert f"| {mean} | .150 | {written} |" in summary
    nothing_gained = "**Nothing here shows that language adds anything.**"
    assert (nothing_gained in summary) == (verdict != "higher")


def test_the_summary_counts_verdicts_and_says_what_popularity_alone_gives(tmp_path):
    made = Made()
    language(made)
    language(made, "lower", -0.03, model="ease")
    summary = section(page_of(made.publish(tmp_path)), "books: NDCG@10")
    assert (
        "NDCG@10 is higher in 1 of 2 comparisons, lower in 1, no difference shown in 0." in summary
    )
    assert "popularity alone, is higher in 0 of 2 comparisons, lower in 2" in summary
    assert "from -.0300 [-.0350, -.0250], **lower** (split, EASE)\nto +.0200" in summary
    assert ".120 [.110, .130] | .170 [.160, .180] | -.0500 [-.0550, -.0450], **lower**" in summary


def test_re_ranked_lists_are_held_against_their_base_lists(tmp_path):
    made = Made()
    made.over_base(made.cell("four signals", mean=0.2), 0.1, "higher")
    made.over_base(made.cell("oracle", mean=0.6, reranker="oracle"), 0.5, "higher")
    text = page_of(made.publish(tmp_path))
    assert (
        "- over SVD, against its base list .100:\n"
        "  four signals +.1000 [+.0950, +.1050], **higher**;\n"
        "  oracle ‡ +.5000 [+.4950, +.5050], **higher**.\n"
    ) in text
    assert "re-ranked against base" not in text


def test_without_a_language_model_the_page_says_what_was_measured(tmp_path):
    made = Made()
    made.cell("four signals")
    made.cell("LLM", status="not run", note="no language model is named", scorer="llm m")
    assert "**No language model was available.**" in page_of(made.publish(tmp_path))


def test_a_language_model_that_was_asked_is_named(tmp_path):
    made = Made()
    made.cell("LLM", scorer="llm some-model")
    text = page_of(made.publish(tmp_path))
    assert "**Language models that were asked:** llm some-model." in text
    assert "No language model was at hand" not in text


def test_a_cell_that_did_not_run_is_listed_with_its_reason(tmp_path):
    made = Made()
    made.cell("four signals")
    made.cell("LLM", status="not run", note="no model is named", model="ease")
    row = "| LLM | books | split | EASE | not run | no model is named |"
    assert row in section(page_of(made.publish(tmp_path)), "What did not run")


def test_an_experiment_of_which_nothing_ran_still_has_its_section(tmp_path):
    made = Made()
    made.cell("LLM", status="failed", note="it broke")
    text = page_of(made.publish(tmp_path))
    assert "failed | it broke |" in text and "### Figures" not in text


def test_published_figures_stand_beside_ours(tmp_path):
    made = Made()
    made.cell("another", base=0.095, mean=0.3)
    made.cell("four signals", base=0.095, mean=0.2)
    made.published()
    made.published(method="SVD + LLM", label="four signals", value=0.195, corrected=0.15)
    made.published(method="SVD++", model="svdpp")
    made.published(method="SVD, jokes", dataset="jokes")
    rows = section(page_of(made.publish(tmp_path)), "Beside published figures")
    ours = ".0950 [.0850, .1050] | base list, SVD | yes |"
    assert f"| SVD | books | split | NDCG@10 | .0900 | {DASH} | {ours}" in rows
    ours = ".2000 [.1900, .2100] | four signals, SVD | no |"
    assert f"| SVD + LLM | books | split | NDCG@10 | .1950 | .1500 | {ours}" in rows
    for theirs in ("SVD++ | books", "SVD, jokes | jokes"):
        assert (
            f"| {theirs} | split | NDCG@10 | .0900 | {DASH} | {DASH} | base list | {DASH} |" in rows
        )


def test_a_published_figures_data_set_may_be_called_as_the_cell_asked_for_it(tmp_path):
    made = Made()
    made.cell("jokes", dataset="Jester", config={"data": "jokes"}, base=0.4)
    made.published(dataset="jokes", value=0.4)
    made.published(dataset=None, method="of any")
    rows = section(page_of(made.publish(tmp_path)), "Beside published figures")
    assert f"| SVD | jokes | split | NDCG@10 | .4000 | {DASH} | .4000 [.3900, .4100] |" in rows
    assert f"| of any | {DASH} | split | NDCG@10 | .0900 | {DASH} | .4000 [.3900, .4100] |" in rows


def test_metrics_that_a_grid_wants_beside_its_own_stand_beside_it(tmp_path):
    made = Made(beside=["diversity", "novelty"])
    plain, varied = made.cell("plain", mean=0.3), made.cell("varied", mean=0.2)
    made.figure(varied, "reranked", 0.8, "diversity")
    made.compare(varied, plain, "what it costs", -0.1, "lower")
    made.compare(varied, plain, "what it costs", 0.05, "higher", metric="diversity")
    made.compare(varied, plain, "what it costs", 0.07, "higher", metric="Gini")
    text = page_of(made.publish(tmp_path))
    assert "| NDCG@10 | sd | diversity@10 | novelty@10 | NDCG@10 liked |" in text
    assert (
        f"| varied | SVD | embedded | .200 [.190, .210] | .001 | .800 [.790, .810] | {DASH} |"
        in text
    )
    assert "lower for 20 %). diversity@10 +.0500 [+.0450, +.0550], **higher**.\n" in text
    assert ".0700" not in text
    assert "- what it costs: higher in 0 of 1 comparisons, lower in 1," in text
    tables_are_whole(text)


def test_a_tuned_base_list_stands_beside_the_plain_one(tmp_path):
    made = Made()
    learned = made.cell("learned", base=0.1, mean=0.3, reranker="learned")
    tuned = {"reranker": "none", "scorer": "none", "config": {"tune": ["ease_regularization"]}}
    other = made.cell("EASE, tuned", base=0.2, **tuned)
    made.compare(learned, other, "against EASE", 0.1, "higher")
    text = page_of(made.publish(tmp_path))
    rows = [line.split(" | ")[0] for line in text.splitlines() if "| SVD |" in line]
    assert rows == ["| learned †", "| base list, tuned", "| base list"]
    assert "against EASE: learned .300, EASE, tuned .200" in text


def test_what_a_learned_order_depends_on_stands_by_group(tmp_path):
    made = Made()
    cells = [made.cell(f"learned {n}", reranker="learned") for n in range(2)]
    for cell in cells:
        for feature, weight in (("a", -0.5), ("b", 0.3), ("c", 0.2), ("d", 0.2)):
            made.weight(cell, feature, "collaborative", weight)
        made.weight(cell, "genres", "metadata", 0.8)
    other = made.cell("learned elsewhere", reranker="learned", dataset="jokes")
    made.weight(other, "age", "dates", 0.004)
    text = page_of(made.publish(tmp_path))
    part = section(text, "What the learned order depends on")
    assert "correlated features share one weight" in part
    assert "**learned 0, SVD** (books, split)" in part and "learned 1" not in part
    assert "collaborative 60 %,\nmetadata 40 %.\n" in part
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    assert rows[1:5] == [
        f"| a | collaborative | -.50 | {DASH} |",
        f"| b | collaborative | +.30 | {DASH} |",
        f"| c | collaborative | +.20 | {DASH} |",
        f"| genres | metadata | +.80 | {DASH} |",
    ]
    assert "dates 100 %.\n" in part and rows[6:] == [f"| age | dates | .00 | {DASH} |"]
    tables_are_whole(text)


def test_what_the_trees_gain_by_a_feature_stands_beside_its_weight(tmp_path):
    made = Made()
    cell = made.cell("learned", reranker="learned")
    made.weight(cell, "rated close together", "collaborative", 0.4, gain=0.3)
    made.weight(cell, "age", "dates", -0.4, gain=0.7)
    text = page_of(made.publish(tmp_path))
    rows = section(text, "What the learned order depends on").splitlines()
    assert "| feature | group | weight | share of the trees' gain |" in rows
    assert "| rated close together | collaborative | +.40 | 30 % |" in rows
    assert "| age | dates | -.40 | 70 % |" in rows
    tables_are_whole(text)


def test_without_learned_cells_nothing_is_said_of_weights(tmp_path):
    made = Made()
    made.cell("four signals")
    assert "learned order" not in page_of(made.publish(tmp_path))


def test_a_table_gives_every_metric_and_marks_what_an_order_rests_on(tmp_path):
    made = Made()
    votes = made.cell("votes", mean=0.2, scorer="none", weights={"external_votes": 1.0})
    made.over_base(votes, 0.1, "higher")
    for place, metric in enumerate(
        ("HR", "cHR", "MAP", "Precision", "Recall", "NDCG liked", "coverage"), start=1
    ):
        made.figure(votes, "reranked", place / 10, metric)
    made.figure(votes, "reranked", 0.99, "HR", k=5)
    figures = section(page_of(made.publish(tmp_path)), "Figures")
    row = ".200 [.190, .210] | .001 | .600 | .100 | .200 | .300 | .400 | .500 | .700 | 20 % |"
    assert f"| votes † | SVD | none | {row} 0 to 2 | 300 |" in figures


@pytest.mark.parametrize(
    ("metric", "columns"),
    [
        ("NDCG", "NDCG@10 | sd | NDCG@10 liked | HR@10"),
        ("NDCG liked", "NDCG@10 liked | sd | NDCG@10 | HR@10"),
        ("MAP", "MAP@10 | sd | NDCG@10 | NDCG@10 liked | HR@10"),
    ],
)
def test_the_grids_own_metric_comes_first(tmp_path, metric, columns):
    made = Made(metric=metric)
    made.cell("four signals")
    if metric != "NDCG":
        made.figure(0, "reranked", 0.4, metric)
    text = page_of(made.publish(tmp_path))
    assert f"| scorer | {columns} |" in text
    tables_are_whole(text)


def test_an_experiments_head_says_how_to_make_it_again(tmp_path):
    made = Made(command="palate experiment 'a ``` b.toml'")
    made.cell("four signals")
    text = page_of(made.publish(tmp_path))
    assert "````\npalate experiment 'a ``` b.toml'\n````\n" in text
    assert "of 1 January 2026 took 10 min" in text and "Seeds: split 0 to 2." in text
    assert "- domains: python 3.11.0, palate 0.1.0" in text


def test_special_characters_are_shown_and_break_no_table(tmp_path):
    made = Made(title="A | `title` <b>")
    wild = made.cell("a|b`c`\n*d* <img>", mean=0.2, dataset="x_y")
    made.compare(wild, wild, "says | `this`", 0.1, "higher")
    made.cell("e|f", status="failed", note="g|h")
    text = page_of(made.publish(tmp_path))
    assert r"## A \| \`title\` \<b\>" in text
    assert r"| a\|b\`c\` \*d\* \<img\> | SVD |" in text
    assert r"says \| \`this\`: a\|b" in text and r"failed | g\|h |" in text
    assert r"**x\_y, split**" in text


def test_every_line_of_a_table_has_as_many_cells_as_its_head(tmp_path):
    made = Made()
    language(made)
    made.published()
    made.cell("LLM", status="not run", note="why")
    text = page_of(made.publish(tmp_path))
    assert tables_are_whole(text) == 4
