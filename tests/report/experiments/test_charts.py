import xml.etree.ElementTree as ET

from tasks.report.experiments import charts

SVG = "{http://www.w3.org/2000/svg}"


def row(method="four signals", mean=0.2, **given):
    made = {"method": method, "model": "svd", "scorer": "embedded", "is_base": False}
    return made | {"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "kept": 0} | given


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_panel_names_its_methods_best_first_as_text():
    svg = charts.dots(
        {"books, split": [row("z first"), row("a second", 0.1)], "jokes, loo": [row()]}, "HR@10"
    )
    said = texts(svg)
    assert said.index("z first, SVD") < said.index("a second, SVD")
    assert {"books, split", "jokes, loo", "four signals, SVD"} < set(said)
    assert "HR@10 and its 95 % interval" in said


def test_dots_show_the_interval_to_scale():
    svg = charts.dots({"p": [row(mean=0.2), row("other", 0.3, low=0.28, high=0.34)]}, "HR@10")
    rules = [e for e in ET.fromstring(svg).iter(f"{SVG}line") if e.get("opacity") == "0.6"]
    short, wide = (float(rule.attrib["x2"]) for rule in rules)
    assert abs(wide - 3 * short) < 0.1


def test_base_lists_language_and_the_rest_have_their_own_colours():
    base = row("base list", scorer="none", is_base=True)
    rows = dict(zip(charts.KINDS.values(), (base, row(scorer="none"), row("similar")), strict=True))
    everything = charts.dots({"p": list(rows.values())}, "HR@10")
    for color, mine in rows.items():
        others = charts.dots(
            {"p": [other for other in rows.values() if other is not mine]}, "HR@10"
        )
        assert everything.count(f'fill="{color}"') == others.count(f'fill="{color}"') + 1


def test_lines_go_from_few_ratings_kept_to_many():
    rows = [row(kept=kept, mean=0.1 + kept / 100) for kept in (0, 1, 3, 5)]
    said = texts(charts.lines({"books": rows}, "HR@10"))
    assert [text for text in said if text in {"0", "1", "3", "5"}] == ["0", "1", "3", "5"]
    assert {"books", "four signals", "SVD", "train ratings kept"} < set(said)


def test_names_with_special_characters_are_shown_as_they_are():
    name = """<b>&"'|`"""
    assert f"{name}, SVD" in texts(charts.dots({name: [row(name)]}, "HR@10"))


def test_the_same_figures_give_the_same_bytes_on_a_white_card():
    first, again = (charts.dots({"books, split": [row()]}, "HR@10") for _ in range(2))
    assert first == again
    assert 'fill="white"' in first


def test_a_large_grid_stays_small():
    rows = [row(f"method {n}", n / 10) for n in range(12)]
    assert len(charts.dots({f"data {n}, cold-user-0": rows for n in range(20)}, "HR@10")) < 150_000
