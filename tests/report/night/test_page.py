import re

import duckdb
import polars as pl
import pytest

from tasks.core.errors import StoreError
from tasks.report.night import page, read
from tasks.report.night.page import write_report
from tasks.report.text import MINUS, MISSING
from tasks.store.warehouse import database_file, publish
from tests.report.night.rows import HOSTILE, ANight, data_of, said
from tests.store.rows import a_run
from tests.store.test_warehouse import write_old

DASH = "\N{EN DASH}"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A bare night, and one of another data set with everything that a night may have."""
    home = ANight(day=2).publish(tmp_path_factory.mktemp("home"))
    told = {"model_from": "20251231-030000-bbbbbb", "method": "0123456789abcdef0123"}
    whole = ANight(3, dataset="jokes", scorer="llm", unscored=12, **told).measure().ask().guard()
    whole.tables["changes"] = [
        {"lists": "kept", "reason": "nothing changed", "users": 500},
        {"lists": "new", "reason": "new ratings", "users": 110},
    ]
    whole.tables["dropped"] = [{"reason": "twice the same", "rows": 1207}]
    return whole.publish(home)


def page_of(home, day):
    return write_report(home, f"202601{day:02}-030000-aaaaaa").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bare(home):
    return page_of(home, 2)


@pytest.fixture(scope="module")
def whole(home):
    return page_of(home, 3)


def test_what_ran_when_and_for_how_long(bare):
    text = said(bare)
    when = "films , Friday, 2 January 2026 complete finished at 03:00 UTC after 3 min 25 s"
    assert when in text and 'role="alert"' not in bare
    assert "Users with a list 2 2 items each; 1 user has rated everything" in text
    assert "Candidates per user come from EASE 200, SVD 20; EASE's order is the base list." in text
    assert "A learned re-ranker (weights, fitted on 2 inner splits of the ratings)" in text
    assert "No row of the data set was left out or changed." in text and "python 3.11.7" in text


def test_a_first_night_without_figures_or_language_model_says_so(bare):
    text = said(bare)
    assert "Lists changed first night" in text
    assert "This is the first night of this data set and method" in text
    assert "Not measured. Nothing was measured" in text and "Quality not measured" in text
    assert "No request was sent: similarities come from embeddings" in text
    assert not data_of(bare)["again"] and "<svg" not in bare.split("What ran")[0].split("cards")[0]


def test_where_the_time_went(bare):
    text = said(bare)
    assert "2 of 4 stages were taken from disk, which saved 80.0 s of work" in text
    assert "Read the data 1 of 1 from disk 0.10 s" in text
    assert "Fit models 1 of 2 from disk 4.00 s" in text
    assert "train ease tonight 1 of 2 4.00 s" in text and "Measure 0 of 1 from disk 2.00 s" in text
    assert text.index("Read the data") < text.index("Fit models") < text.index("Measure 0")


def test_stages_of_an_earlier_version_are_one_phase(tmp_path):
    night = ANight()
    for stage in night.tables["stages"]:
        del stage["phase"], stage["detail"]
    page = night.write(tmp_path)
    assert "All stages 2 of 4 from disk 6.10 s" in said(page) and "train tonight 1 of 2" in said(
        page
    )


def test_signals_are_explained_where_lists_have_them(bare, tmp_path):
    assert "similarity : how well the item's text fits" in said(bare)
    night = ANight()
    night.tables["ranked_items"] = night.tables["ranked_items"].with_columns(
        similarity=pl.lit(None, pl.Float64), popularity=pl.lit(None, pl.Float64)
    )
    text = said(night.write(tmp_path))
    assert "estimate : the base model's own figure" in text
    assert "similarity :" not in text and "popularity :" not in text


def test_what_re_ranking_gives_with_its_interval(whole):
    text = said(whole)
    assert "NDCG@10 0.220 base list 0.200, so +0.0200 (+0.0100 to +0.0300): higher" in text
    assert "NDCG@10 liked the same, of users who had rated the hidden item as something" in text
    assert "the re-ranked list is better for 10.2 % of the users, worse for 8.5 %" in text
    assert f"0.200 0.220 {DASH} {DASH} {DASH}" in text, "coverage is not compared"


def test_the_guards_figures_stand_by_group_of_users(whole):
    row = "everybody NDCG@10 120 300 0.100 0.080 -0.0200 -0.0300 to -0.0100 worse"
    assert row.replace("-", MINUS) in said(whole)
    assert f"NDCG@10 3 300 {DASH} {DASH} {DASH} {DASH} insufficient" in said(whole)


def test_why_lists_were_made_anew_or_kept(whole):
    text = said(whole)
    assert "new new ratings 110 kept nothing changed 500" in text
    assert "model fitted by run 20251231-030000-bbbbbb" in text
    assert "twice the same 1,207" in text


def test_what_was_asked_cost_and_failed(whole):
    text = said(whole)
    assert "Language model $0.0800 40 requests, 2 without an answer" in text
    assert "40 requests in 42 sends, for 875 scores . 12 of 163,784 candidates" in text.replace(
        "scores.", "scores ."
    )
    assert "1 request was sent more than once; 1 send may have been charged" in text
    assert "profile 5 7 0 5,010 50 % 500 0.25 s" in text
    assert "length 1 0 the answer was cut at its greatest length" in text


def test_what_moved_since_the_last_night_of_the_same_method_is_told(tmp_path):
    before, tonight = ANight(day=1, users=1), ANight(day=2, users=1)
    for night, places in ((before, [1, 2, 3]), (tonight, [3, 1, 2])):
        night.tables["ranked_items"] = night.tables["ranked_items"].with_columns(
            item=pl.Series(["1", "2", "3"]),
            title=pl.Series(["One", "Two", "Three"]),
            year=pl.lit(None, pl.Int32),
            rank=pl.Series(places),
        )
    before.publish(tmp_path)
    written = tonight.write(tmp_path)
    text = said(written)
    assert "Lists changed 1 of 1 that were there on 1 January 2026, 03:00 UTC" in text
    assert "1 list has other items, 1.0 new ones each on average" in text
    assert "More lists than before item before tonight lists Three new 0 1 +1" in text
    assert f"Fewer lists than before item before tonight lists One dropped 1 0 {MINUS}1" in text
    (user,) = data_of(written)["users"]
    titles = [data_of(written)["items"][row[0]][0] for row in user["rows"]]
    place_before = dict(zip(titles, (row[4] for row in user["rows"]), strict=True))
    assert place_before == {"One": 1, "Two": 2, "Three": None}


def test_a_price_that_is_not_known_is_not_shown_as_nothing(tmp_path):
    text = said(ANight(scorer="llm", reranker="llm_only").ask(dollars=None).write(tmp_path))
    assert "Language model 40 40 requests, 2 without an answer; its price is not known" in text
    assert "$" not in text


def test_a_night_of_nobodys_list_has_a_page(tmp_path):
    night = ANight(users_listed=0)
    night.tables["ranked_items"] = night.tables["ranked_items"].head(0)
    written = night.write(tmp_path)
    assert "Nobody has a list" in said(written) and data_of(written)["users"] == []


def test_titles_users_and_reasons_that_look_like_markup_stay_text(tmp_path):
    night = ANight(titles=[HOSTILE] * 9, dataset=HOSTILE, note=HOSTILE, status="degraded").measure()
    night.tables["changes"] = [{"lists": "new", "reason": HOSTILE, "users": 1}]
    night.tables["dropped"] = [{"reason": HOSTILE, "rows": 1}]
    ranked = night.tables["ranked_items"]
    night.tables["ranked_items"] = ranked.with_columns(user=pl.lit(HOSTILE) + pl.col("user"))
    written = night.write(tmp_path)
    assert "alert(1)</script>" not in written and "<img" not in written
    assert written.count("<script") == written.count("</script>") == 2
    assert "\u2028" not in written.split('id="data">', 1)[1]
    assert said(written).count("</script><script>alert(1)</script><img") >= 5
    banner = written.split('<div class="banner bad" role="alert">')[1].split("</div>")[0]
    assert "&lt;/script&gt;" in banner and "run the same command again" in banner
    data = data_of(written)
    assert data["users"][0]["id"].startswith(HOSTILE) and [HOSTILE, 1950, None] in data["items"]


def test_what_is_known_of_people_stands_beside_their_lists(tmp_path):
    night = ANight(users=3).know({"2": ("no horror", 0.5)}, count=2)
    data = data_of(night.write(tmp_path))
    known = {
        user["id"]: (
            [data["items"][item] + [rating] for item, rating in user["liked"]],
            user.get("taste"),
        )
        for user in data["users"]
    }
    parts = [[f"Loved, Part {n}", 1960 + n, "Comedy", 5.0] for n in range(3)]
    assert known == {"1": (parts[:2], None), "2": (parts[1:], ["no horror", 0.5])}
    shown = {tuple(data["items"][row[0]])[2] for user in data["users"] for row in user["rows"]}
    assert shown <= {None, "Drama|Science Fiction"} and not data["implicit"]


def test_a_file_without_what_is_known_of_people_shows_their_lists(tmp_path):
    night = ANight(users=3)
    with duckdb.connect(database_file(night.publish(tmp_path))) as database:
        database.execute("DROP TABLE favourites; DROP TABLE tastes")
    data = data_of(write_report(tmp_path, night.run_id).read_text(encoding="utf-8"))
    assert len(data["users"]) == 2 and not any("liked" in user for user in data["users"])


def test_what_was_recognised_and_inferred_of_the_data_is_told(tmp_path, bare):
    night = ANight(implicit=True, remarks='["user_id -> user", "<b>nobody</b> rated"]')
    text = said(night.write(tmp_path))
    assert "Recognised and inferred of the data user_id -> user <b>nobody</b> rated" in text
    assert "Recognised" not in said(bare)


def test_what_was_passed_over_as_there_is_too_much_of_it_is_told(tmp_path, bare):
    night = ANight(passed_over='["EASE looks at the 5 <b>most</b> rated of 9 items"]')
    text = said(night.write(tmp_path))
    told = "EASE looks at the 5 <b>most</b> rated of 9 items"
    assert f"Passed over, as there is too much of it {told}" in text
    assert "Passed over" not in said(bare)


@pytest.mark.parametrize("is_new", [False, True])
def test_a_night_of_an_earlier_version_has_its_page_before_and_after_the_next_run(tmp_path, is_new):
    write_old(tmp_path, "run-1")
    if is_new:
        publish(tmp_path, {"runs": a_run("run-2")["runs"]})
    page = write_report(tmp_path, "run-1").read_text(encoding="utf-8")
    data = data_of(page)
    assert [(user["id"], user["gain"]) for user in data["examples"]] == [("2", 0.5), ("1", -0.5)]
    assert data["reasons"] == [] and "All stages 0 of 1 from disk" in said(page)


def test_of_many_users_the_first_stand_in_the_page_which_says_where_the_others_are(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(read, "SHOWN", 2)
    monkeypatch.setattr(page, "SHOWN", 2)
    written = ANight(users=12).write(tmp_path)
    assert [user["id"] for user in data_of(written)["users"]] == ["1", "2"]
    assert "for the first 2 of 11 users ( palate sql" in said(written)


def test_nothing_outside_the_page_is_named_and_only_its_own_code_may_run(whole):
    assert not re.search(r'(?:src|href)="(?!#|data:,")', whole)
    assert "url(" not in whole and "@import" not in whole
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", whole)
    policy = whole.split('Content-Security-Policy" content="')[1].split('"')[0]
    assert policy.startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert "unsafe" not in policy


def test_the_same_results_give_the_same_bytes_whatever_came_later(home, whole):
    ANight(day=5, dataset="jokes", scorer="llm").publish(home)
    assert page_of(home, 3) == whole


def test_only_the_newest_nights_page_is_the_latest(tmp_path):
    newest = ANight(day=2).write(tmp_path)
    latest = tmp_path / "reports" / "latest.html"
    assert latest.read_text(encoding="utf-8") == newest
    ANight(day=1).write(tmp_path)
    assert latest.read_text(encoding="utf-8") == newest


def test_a_page_may_be_written_elsewhere(home, tmp_path):
    written = write_report(home, "20260102-030000-aaaaaa", tmp_path / "a" / "page.html")
    assert written.exists() and not list(tmp_path.glob("**/latest.html"))


def test_a_night_that_is_not_there_is_an_error_that_says_where_to_look(home):
    with pytest.raises(StoreError, match=r"there is no night 2026.*palate sql"):
        write_report(home, "20260909-000000-ffffff")


def test_what_judging_heads_adds_and_takes_is_shown_by_part(tmp_path):
    page = ANight(scorer="llm").judge_heads().write(tmp_path)
    text = said(page)
    assert "Heads of lists: asked for 18 new people; not for the other 592." in text
    assert "new people 110 +0.0200 +0.0040 +0.0300 yes 18" in text
    assert f"warm people 110 +0.0010 {MINUS}0.0020 +0.0040 no 592" in text
    assert f"new items 3 too few people {MISSING} {MISSING} no 592" in text
    assert "the sample 800 300,000 9,000 $0.13" in text
    assert "this night's lists 36 300,000 9,000 not known" in text
    assert "learned 220 0.310 [0.300, 0.320] 0.720 [0.710, 0.730]" in text
    assert "language model 220 0.250 [0.240, 0.260] 0.580 [0.570, 0.590]" in text
    assert "Heads of lists" not in said(ANight(day=3).write(tmp_path))
