import json
from datetime import datetime

import polars as pl

from tasks.report.experiments.results import write_results
from tasks.store.warehouse import publish
from tests.report.experiments.reading import front_of, page_of, section, tables_are_whole

RUN = {
    "run_id": "20260101-000000-abcdef",
    "flow": "judgements",
    "started_at_utc": datetime(2026, 1, 1, 3),
    "finished_at_utc": datetime(2026, 1, 1, 4),
    "seconds": 60.0,
    "dataset": "books",
    "versions": "{}",
    "config": json.dumps(
        {
            "title": "Judged | books",
            "command": "palate judgements b.toml",
            "notes": ["It *may* leak."],
        }
    ),
}


def row(place, name, value, judge=None, against=None, metric="NDCG@10", part="orders"):
    return {
        "run_id": RUN["run_id"],
        "part": part,
        "place": place,
        "judge": judge,
        "list": name,
        "against": against,
        "metric": metric,
        "value": value,
        "low": value - 0.01,
        "high": value + 0.01,
        "p": None if against is None else 0.01,
        "p_holm": None if against is None else 0.02,
        "users": 300,
        "verdict": None if against is None else "higher",
    }


ROWS = [
    row(0, "learned", 0.5),
    row(1, "a-model", 0.4, "a-model"),
    row(2, "learned + a-model", 0.52, "a-model"),
    row(3, "learned + a-model", 0.02, "a-model", "learned"),
    row(4, "learned + a-model", 0.03, "a-model", "learned", "NDCG liked@10"),
    row(0, "learned", 0.6, metric="AUC", part="ratings"),
    row(1, "b", 0.55, "b", metric="AUC", part="ratings"),
    row(2, "learned + b", 0.64, "b", metric="AUC", part="ratings"),
    row(3, "learned + b", 0.04, "b", "learned", "AUC", "ratings"),
]


def made(tmp_path):
    publish(
        tmp_path,
        {"runs": pl.DataFrame([RUN]), "judgements": pl.DataFrame(ROWS, infer_schema_length=None)},
    )
    return tmp_path


def test_the_page_of_all_has_a_line_per_judge_alone_and_on_top(tmp_path):
    text = front_of(made(tmp_path))
    told = section(text, "What real language models added")
    assert (
        "| a-model | a list of others, ordered anew | NDCG@10 | .400 [.390, .410]"
        " | .500 [.490, .510] | +.0200 [+.0100, +.0300], **higher**"
        " | +.0300 [+.0200, +.0400], **higher** |"
    ) in told
    assert "| b | ratings of held-out items | AUC | .550 [.540, .560] | .600 [.590, .610] |" in told
    tables_are_whole(text)


def test_its_page_has_every_figure_the_command_and_the_notes(tmp_path):
    text = page_of(made(tmp_path), "judgements-books")
    assert "palate judgements b.toml" in text and "- It \\*may\\* leak." in text
    assert (
        "| learned + a-model | learned | NDCG@10 | +.0200 [+.0100, +.0300], **higher** | 300 |"
        in text
    )
    tables_are_whole(text)


def test_without_such_a_run_nothing_is_said(tmp_path):
    run = RUN | {"flow": "wishes"}
    publish(tmp_path, {"runs": pl.DataFrame([run])})
    *_, front = write_results(tmp_path, tmp_path / "RESULTS.md")
    assert "real language models" not in front.read_text("utf-8")
