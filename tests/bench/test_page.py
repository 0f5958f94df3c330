"""The page: every figure comes from the JSON, and verdicts are computed from it."""

import pytest

from tests.bench import page, samples, targets
from tests.bench.kept import BENCH_FILE, PAGE, PLAN, SCALE_FILE, SEQUENCE_FILE, keep, kept
from tests.bench.page import figure, rendered
from tests.bench.watched import ROOT

FILES = BENCH_FILE, SCALE_FILE, SEQUENCE_FILE


def verdicts(found):
    return {verdict.target: verdict.says for verdict in found}


def row(text, start):
    return next(line for line in text.splitlines() if line.startswith(f"| {start} |"))


def test_without_figures_it_says_which_command_makes_them():
    text = rendered({}, {}, {})
    assert "`make bench` has not been run here" in text
    assert "`make bench-scale` has not been run here" in text
    assert "`make bench-sequence` has not been run here" in text


def test_figures_are_those_of_the_files():
    text = rendered(samples.bench(), samples.scale(), {})
    assert "**12 times** the warm evaluation" in text
    assert "| candidates | Theirs | 1.0 | 0.2 | 0.1 | 0.5 | 99.10% of candidates the same |" in text
    assert "could not be had: no wheel for this Python" in text
    assert "not done: would invert 23,387" in text
    assert "2 cores of Test CPU, 16 GB of memory" in text
    assert "| svd | 9 | 400 | 300 | 9 |" in text


def test_targets_are_met_or_missed_by_what_was_measured():
    text = rendered(samples.bench(warm=25.0), {}, {})
    assert row(text, "whole evaluation, warm").endswith("| met |")
    assert row(text, "whole evaluation, cold").endswith("| **missed** |")
    slower = rendered(samples.bench(warm=31.0), {}, {})
    assert row(slower, "whole evaluation, warm").endswith("| **missed** |")


def test_what_was_not_measured_is_not_called_met():
    found = verdicts(targets.of_scale(samples.scale()))
    assert found["whole night, 32 M ratings"] == "not measured"
    assert found["growth of ingest"] == "met"


def test_fits_alone_are_held_against_the_limit_but_for_what_is_cubic():
    def fits(size, power):
        seconds = (size / 1e6) ** power
        return {name: samples.stage(name, "ratings", size, seconds) for name in ("svd", "ease")}

    for power, says in ((1.0, "met"), (1.2, "**missed**")):
        sizes = {n: samples.of_size(n, fits=fits(n, power)) for n in (1_000_000, 10_000_000)}
        found = verdicts(targets.of_scale({"sizes": {str(n): size for n, size in sizes.items()}}))
        assert found["growth of svd alone"] == says
        assert "growth of ease alone" not in found


@pytest.mark.parametrize(("peak_mb", "says"), [(12 * 1024, "met"), (12.1 * 1024, "**missed**")])
def test_the_full_size_is_held_against_its_targets(peak_mb, says):
    full = samples.of_size(32_000_000) | {"night": samples.night(32_000_000, peak_mb)}
    found = verdicts(targets.of_scale({"sizes": {"32000000": full}}))
    assert found["whole night, 32 M ratings"] == says
    assert found["the night after, 1 % changed"] == "not measured"


def test_a_night_that_failed_says_so():
    failed = samples.of_size(1_000_000) | {"night": {"failed": "ended with -9: killed"}}
    text = rendered({}, {"sizes": {"1000000": failed}}, {})
    assert "**The night failed:** ended with -9: killed" in text


def test_the_night_after_is_told_where_it_was_measured():
    after = {"after": {"seconds": 33.3, "peak_mb": 2048.0}}
    grown = samples.of_size(1_000_000) | {"night": samples.night(1_000_000) | after}
    text = rendered({}, {"sizes": {"1000000": grown}}, {})
    assert "before which 1 % of the users rated one item more: **33.3 s**, at most 2 GB" in text


def test_a_window_is_told_with_what_was_measured_beside_it():
    text = rendered({}, {}, samples.sequence())
    line = "| made-up | 30 days from 2020-09-30 | SASRec | .1500 | {} | .1229 (90 days) |"
    assert line.format("\N{EN DASH}") in text
    assert "| 2020-09-30 | 4 of 5 |" in text
    assert "published minus SASRec .0210 [.0120, .0300]" in text
    beside = samples.sequence()
    beside["windows"]["made-up, 1601503200, 30, SASRec"]["published"] = 0.18
    assert line.format(".1800") in rendered({}, {}, beside)
    assert "RecTools 0.19.0" in text


def test_a_window_whose_last_epoch_was_the_best_says_that_more_might_give_more():
    cut_short = samples.sequence()
    assert "more might give more" not in rendered({}, {}, cut_short)
    for window in cut_short["windows"].values():
        window["epochs"] = len(window["earlier"])
    assert "more might give more" in rendered({}, {}, cut_short)


def test_plots_and_pages_are_written_beside_the_figures(tmp_path):
    keep(tmp_path / BENCH_FILE, samples.bench())
    keep(tmp_path / SCALE_FILE, samples.scale())
    page.write(tmp_path)
    assert (tmp_path / PAGE).read_text().startswith("# Benchmarks")
    assert (tmp_path / PLAN).read_text().startswith("# What far more users would cost")
    assert "candidates" in (tmp_path / BENCH_FILE).with_suffix(".svg").read_text()
    assert "ingest" in (tmp_path / SCALE_FILE).with_suffix(".svg").read_text()


@pytest.mark.parametrize("name", [PAGE, PLAN], ids=str)
def test_the_committed_page_is_what_the_committed_figures_give(name):
    text = page.pages(*(kept(ROOT / file) for file in FILES))[name]
    committed = (ROOT / name).read_text(encoding="utf-8")
    assert text == committed, "`python -m tests.bench.page` writes it anew"


def test_figures_keep_the_digits_that_say_something():
    assert [figure(v) for v in (None, 0, 0.012345, 1.2345, 123.4, 19_820)] == [
        *("-", "0", "0.0123", "1.23", "123", "19,820"),
    ]
