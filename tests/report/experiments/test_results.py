import pytest

from tests.report.experiments.reading import front_of, page_of, section, tables_are_whole
from tests.report.experiments.rows import Made, language

DASH = "\N{EN DASH}"


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
    summary = section(page_of(tmp_path, "what-language-adds"), "books: NDCG@10")
    assert f"| {mean} | .150 | {written} |" in summary
    nothing_gained = "**Nothing here shows that language adds anything.**"
    assert (nothing_gained in summary) == (verdict != "higher")


def test_the_summary_counts_verdicts_and_says_what_popularity_alone_gives(tmp_path):
    made = Made()
    language(made)
    language(made, "lower", -0.03, model="ease")
    text = page_of(made.publish(tmp_path), "what-language-adds")
    summary = section(text, "books: NDCG@10")
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
    home = made.publish(tmp_path)
    assert "**No language model was available:**" in front_of(home)
    assert "**No language model was available.**" in page_of(home, "what-language-adds")


def test_a_language_model_that_was_asked_is_named(tmp_path):
    made = Made()
    made.cell("LLM", scorer="llm some-model")
    home = made.publish(tmp_path)
    for text in (front_of(home), page_of(home, "what-language-adds")):
        assert "**Language models that were asked:** llm some-model." in text
        assert "No language model was available" not in text


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
    assert "failed | it broke |" in text and "# Figures" not in text


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


def test_an_experiments_head_says_how_to_make_it_again(tmp_path):
    made = Made(command="palate experiment 'a ``` b.toml'")
    made.cell("four signals")
    text = page_of(made.publish(tmp_path))
    assert "````\npalate experiment 'a ``` b.toml'\n````\n" in text
    assert "of 1 January 2026 took 10 min" in text and "Seeds: split 0 to 2." in text
    assert "\nMade with python 3.11.0, palate 0.1.0.\n" in text


def test_special_characters_are_shown_and_break_no_table(tmp_path):
    made = Made(title="A | `title` <b>")
    wild = made.cell("a|b`c`\n*d* <img>", mean=0.2, dataset="x_y")
    made.compare(wild, wild, "says | `this`", 0.1, "higher")
    made.cell("e|f", status="failed", note="g|h")
    text = page_of(made.publish(tmp_path))
    assert r"# A \| \`title\` \<b\>" in text
    assert r"| a\|b\`c\` \*d\* \<img\> | SVD |" in text
    assert r"says \| \`this\`: a\|b" in text and r"failed | g\|h |" in text
    assert r"**x\_y, split**" in text


def test_every_line_of_a_table_has_as_many_cells_as_its_head(tmp_path):
    made = Made()
    language(made)
    made.published()
    made.cell("LLM", status="not run", note="why")
    text = page_of(made.publish(tmp_path))
    assert tables_are_whole(text) == 3
    assert tables_are_whole(page_of(tmp_path, "what-language-adds")) == 1
