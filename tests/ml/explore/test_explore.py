"""The page about the training rows: right figures, harmless text, YAML that means what it says, and no other rows."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from ml.explore.association import association, epsilon_squared, uncertainty_coefficient
from ml.explore.bars import number_bars
from ml.explore.calendar import MOST, periods
from ml.explore.columns import MEASURED
from ml.explore.correlations import correlations, gaps, repeats
from ml.explore.levels import Levels, levels
from ml.explore.page import render
from ml.explore.suggest_column import _comment, outward
from ml.explore.target import Target
from ml.explore.typed_column import read
from ml.explore.yaml_text import block
from ml.schema_inference.infer import infer_schema
from ml.values.display import readable
from schemas.choice import Choice
from schemas.data import Column
from schemas.data_spec import DataSpec
from schemas.exploration import Exploration
from schemas.run import Run
from tests.ml.explore.exploring import look, look_at_csv
from tests.ml.features.ugly_table import IMAGE, NAMES, SCRIPT, TARGET, write_ugly

FINITE = st.floats(allow_nan=False, allow_infinity=False)


class Parsed(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def table(rows: int = 300) -> pd.DataFrame:
    """Numbers, gaps, labels and dates that a class and a quantity depend on."""
    draw = np.random.default_rng(1)
    size, kind = draw.normal(50, 10, rows), draw.choice(["a", "b", "c"], rows)
    frame = pd.DataFrame(
        {
            "size": np.where(draw.random(rows) < 0.1, np.nan, size),
            "noise": draw.normal(0, 1, rows),
            "kind": kind,
            "day": (np.datetime64("2022-01-01") + draw.integers(0, 700, rows)).astype(str),
        }
    )
    frame["price"] = size * 3 + (kind == "b") * 40 + draw.normal(0, 1, rows)
    frame["dear"] = np.where(frame["price"] > 160, "yes", "no")
    return frame


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(8)


@pytest.fixture(scope="module")
def ugly(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    return look_at_csv(write_ugly(tmp_path_factory.mktemp("ugly") / "häßlich & schön.csv"), TARGET)


def read_back(folder: Path, text: str) -> Run:
    """Compose and validate an experiment, as `run.py --config-dir=… +experiment=demo` does."""
    (folder / "experiment").mkdir(exist_ok=True)
    (folder / "experiment" / "demo.yaml").write_text(text, encoding="utf-8")
    return load_run(compose(parse_arguments([f"--config-dir={folder}", "+experiment=demo"])))


# ---- the page


def test_names_and_values_of_the_data_are_text_and_nothing_else(ugly: Exploration) -> None:
    page = Parsed(render(ugly))
    assert {tag for tag, _ in page.tags} & {"script", "img", "iframe", "object", "link", "form", "input"} == set()
    attributes = {name for _, given in page.tags for name in given}
    assert not {name for name in attributes if name.startswith("on")} and "src" not in attributes
    text = " ".join(page.text)
    for name in (SCRIPT, IMAGE, "مرحبا بالعالم", "名前 🎉", "${oc.env:HOME}", 'it\'s "quoted"'):
        assert name in text
    assert "\u202e" not in render(ugly) and "\\u202e" in text


def test_every_link_leads_to_a_place_on_the_page(ugly: Exploration) -> None:
    page = Parsed(render(ugly))
    places = [given["id"] for _, given in page.tags if "id" in given]
    links = {given["href"] for tag, given in page.tags if tag == "a"}
    assert len(places) == len(set(places))
    assert links <= {f"#{place}" for place in places}
    described = [view for view in ugly.columns if view.type != "drop"]
    assert len([place for place in places if str(place)[1:].isdigit()]) == len(described) == len(NAMES) - 4


@pytest.mark.parametrize("target", ["price", "dear"])
def test_the_page_states_which_rows_were_read(target: str) -> None:
    found = look(table().drop(columns="dear" if target == "price" else "price"), target)
    text = " ".join(" ".join(Parsed(render(found)).text).split())
    assert "comes from the 180 training rows. The 60 validation rows and 60 test rows were not read" in text
    assert found.measure in text
    assert "None" not in text and "nan" not in text


@pytest.mark.slow
@pytest.mark.untraced
def test_a_wide_table_with_long_names_stays_light() -> None:
    draw = np.random.default_rng(0)
    wide = pd.DataFrame({f"{number} {'long name ' * 25}": draw.normal(size=60) for number in range(700)})
    wide["target"] = draw.choice(["a", "b"], 60)
    page = render(look(wide, "target"))
    assert len(page.encode()) < 2_000_000
    assert "and 100 more columns" in page


@pytest.mark.slow
@pytest.mark.untraced
def test_the_page_of_a_large_table_stays_light(draw: np.random.Generator) -> None:
    rows = 100_000
    large = pd.DataFrame(draw.normal(size=(rows, 40)).round(4), columns=[f"measure {number}" for number in range(40)])
    for number in range(10):
        large[f"kind {number}"] = np.char.add("label ", draw.integers(0, 300, rows).astype(str)).astype(object)
    large["target"] = np.where(large["measure 0"] > 0, "yes", "no")
    assert len(render(look(large, "target")).encode()) < 2_000_000


# ---- nothing of the other sets


def test_nothing_of_the_other_rows_reaches_the_page_or_the_yaml() -> None:
    rows = table().drop(columns="price")
    mixed = np.arange(300).astype(str).astype(object)
    train = np.arange(300) < 200
    rows["mixed"], rows["const"] = mixed, "same"
    marked: dict[str, Any] = {
        "kind": "MARKER-A", "mixed": "MARKER-B", "day": "2031-12-24", "size": 98765.4, "dear": "MARKER-C",
    }  # fmt: skip
    for place, (column, value) in enumerate(marked.items()):
        rows.loc[250 + place, column] = value
    found = look(rows, "dear", train=train, columns={"kind": {"allowed": ["a", "b", "c"]}})
    everything = render(found) + found.model_dump_json() + found.suggestion
    for marker in ("MARKER", "2031", "98765", "98,765"):
        assert marker not in everything
    assert any(one.state == "failed" and one.name == "allowed" and "1 of 300" in one.text for one in found.outcomes)


def test_a_reason_that_only_all_rows_give_is_not_repeated() -> None:
    rows = table().drop(columns="price")
    rows["place"] = ["here"] * 200 + [f"place {number}" for number in range(100)]
    found = look(rows, "dear", train=np.arange(300) < 200)
    (place,) = [view for view in found.columns if view.name == "place"]
    assert (place.type, place.distinct) == ("identifier", 1)
    assert place.why.startswith("read off all rows; the training rows alone would not show it")


def test_a_column_that_the_split_goes_by_says_so() -> None:
    rows = table().drop(columns="price")
    rows["pump"] = [f"P-{number % 40}" for number in range(300)]
    found = look(rows, "dear", group="pump")
    (pump,) = [view for view in found.columns if view.name == "pump"]
    assert (pump.type, pump.declared) == ("drop", False)
    assert pump.why.startswith("the split goes by it")


@pytest.mark.parametrize("blank", ["", " ", " \u3000"])
def test_a_column_of_blanks_is_called_that(blank: str) -> None:
    found = look(table().drop(columns="price").assign(empty=blank), "dear")
    (empty,) = [view for view in found.columns if view.name == "empty"]
    assert empty.why == "constant: every row holds nothing but blanks"


# ---- figures


def test_figures_of_columns_are_those_of_the_training_rows() -> None:
    rows = table().drop(columns="dear")
    train = rows[:180]
    found = look(rows, "price", train=np.arange(300) < 180)
    views = {view.name: view for view in found.columns}
    size = views["size"].numbers
    assert size is not None
    assert (size.minimum, size.median, size.maximum) == pytest.approx(
        (train["size"].min(), train["size"].median(), train["size"].max())
    )
    assert views["size"].missing == train["size"].isna().sum()
    kind = views["kind"].bars
    assert kind is not None
    assert dict(zip(kind.labels, kind.counts, strict=True)) == train["kind"].value_counts().to_dict()
    means = {group.label: group.mean for group in views["kind"].groups}
    assert means == pytest.approx(train.groupby("kind")["price"].mean().to_dict())
    assert views["size"].groups[-1].missing and views["size"].groups[-1].rows == views["size"].missing
    assert views["day"].span is not None and views["day"].span.first == train["day"].min()


def test_shares_of_the_classes_are_those_of_the_groups() -> None:
    rows = table().drop(columns="price")
    found = look(rows, "dear", train=np.arange(300) < 180)
    train = rows[:180]
    (kind,) = [view for view in found.columns if view.name == "kind"]
    expected = (train["dear"] == found.classes[0]).groupby(train["kind"]).mean()
    for group in kind.groups:
        assert group.shares[0] == pytest.approx(expected[group.label], abs=1e-4)
        assert sum(group.shares) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("target", ["price", "dear"])
def test_columns_that_make_the_target_rank_above_noise(target: str) -> None:
    found = look(table(2000).drop(columns="dear" if target == "price" else "price"), target)
    ranks = {view.name: view.association or 0.0 for view in found.columns}
    assert ranks["size"] > ranks["kind"] > 0.03 > max(ranks["noise"], ranks["day"])


@pytest.mark.untraced
@pytest.mark.slow
def test_the_uncertainty_coefficient_is_less_what_dealing_the_classes_out_anew_gives(draw: np.random.Generator) -> None:
    from sklearn.metrics import mutual_info_score

    groups, classes = draw.integers(0, 5, 60), draw.integers(0, 3, 60)
    classes = np.where(draw.random(60) < 0.5, groups % 3, classes)
    chance = np.mean([mutual_info_score(groups, draw.permutation(classes)) for _ in range(800)])
    expected = (mutual_info_score(groups, classes) - chance) / (mutual_info_score(classes, classes) - chance)
    assert uncertainty_coefficient(groups, classes) == pytest.approx(expected, abs=0.015)


@pytest.mark.untraced
@pytest.mark.parametrize("rows", [60, 200, 600, 2000])
@pytest.mark.parametrize("labels", [10, 30, 50, 1000])
def test_labels_dealt_at_random_explain_next_to_nothing(rows: int, labels: int) -> None:
    found: dict[str, list[float]] = {"number": [], "class": []}
    for seed in range(20):
        draw = np.random.default_rng(seed)
        frame = pd.DataFrame({"noise": [f"id {one}" for one in draw.integers(0, labels, rows)]})
        classes, numbers = (draw.random(rows) < 0.4).astype(int), draw.normal(size=rows)
        groups = levels(read(frame["noise"], Column(name="noise", type="category", declared=False, why="")), MEASURED)
        for name, codes, values in (("class", classes, None), ("number", None, numbers)):
            target = Target(codes, values, [], number_bars(numbers), None)
            found[name].append(association(groups, target) or 0.0)
    typical, largest = {60: (0.05, 0.3), 200: (0.03, 0.15), 600: (0.012, 0.05), 2000: (0.005, 0.02)}[rows]
    for shares in found.values():
        assert np.mean(shares) < typical and max(shares) < largest


@pytest.mark.parametrize("rows", [60, 200, 2000])
def test_a_label_that_decides_the_target_explains_all_of_it(rows: int, draw: np.random.Generator) -> None:
    kind = draw.integers(0, 6, rows)
    groups = Levels(kind, [str(one) for one in range(6)], gaps=False)
    bars = number_bars(kind.astype(float))
    assert association(groups, Target(kind % 2, None, [], bars, None)) == pytest.approx(1)
    assert (association(groups, Target(None, kind + draw.normal(0, 0.1, rows), [], bars, None)) or 0) > 0.95


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=2, max_size=60))
def test_associations_stay_between_0_and_1_and_do_not_depend_on_the_order(rows: list[tuple[int, int]]) -> None:
    groups, classes = np.array(rows).T
    for measure, target in ((uncertainty_coefficient, classes), (epsilon_squared, classes * 1e150)):
        found = measure(groups, target)
        assert found is None or 0 <= found <= 1
        assert measure(groups[::-1], target[::-1]) == (None if found is None else pytest.approx(found))


def test_a_label_of_its_own_in_every_row_explains_nothing(draw: np.random.Generator) -> None:
    names, classes = np.arange(500), draw.integers(0, 2, 500)
    assert uncertainty_coefficient(names, classes) == 0
    assert uncertainty_coefficient(np.zeros(500, int), classes) == pytest.approx(0)
    assert epsilon_squared(names, draw.normal(size=500)) is None
    halves = np.arange(500) // 2
    assert (epsilon_squared(halves, draw.normal(size=500)) or 0) < 0.2


def test_rank_correlations_are_spearmans(draw: np.random.Generator) -> None:
    frame = pd.DataFrame(draw.normal(size=(200, 4)), columns=list("abcd"))
    frame["e"], frame["flat"] = np.exp(frame["a"]), 1.0
    found = correlations({str(name): frame[name].to_numpy() for name in frame})
    expected = frame.corr(method="spearman").to_numpy()
    for i, line in enumerate(found.lower):
        for j, value in enumerate(line):
            assert value == (None if 5 in (i, j) else pytest.approx(expected[i, j], abs=1e-3))
    assert (found.strongest[0].first, found.strongest[0].second, found.strongest[0].value) == ("a", "e", 1.0)


def test_many_columns_of_numbers_give_the_strongest_pairs_instead_of_a_map(draw: np.random.Generator) -> None:
    base = draw.normal(size=100)
    found = correlations({f"c{number}": base + draw.normal(size=100) * number / 30 for number in range(40)})
    assert found.lower == [] and len(found.strongest) == 20
    sizes = [abs(pair.value) for pair in found.strongest]
    assert sizes == sorted(sizes, reverse=True)


def test_of_too_many_columns_those_that_explain_most_are_compared(draw: np.random.Generator) -> None:
    columns = {f"c{number}": draw.normal(size=50) for number in range(9)}
    found = correlations(columns, {"c3": 0.1, "c7": 0.9, "c5": None}, most=3)
    assert (found.names, len(found.lower), found.left_out) == (["c0", "c3", "c7"], 3, 6)
    assert correlations(columns).left_out == 0
    missing = {name: np.arange(50) < 9 for name in columns}
    holes = gaps(missing, {"c3": 0.1, "c7": 0.9}, most=2)
    assert [(pair.first, pair.second) for pair in holes.missing_together] == [("c3", "c7")]
    assert (holes.left_out, holes.cells, holes.patterns[0].columns) == (7, 9 * 9, list(columns))


def test_the_page_says_which_columns_were_too_many_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table().drop(columns="dear")
    rows["noise"] = rows["noise"].where(np.arange(300) % 10 > 0)
    assert "too many to compare" not in render(look(rows, "price"))
    monkeypatch.setitem(correlations.__kwdefaults__ or {}, "most", 2)
    monkeypatch.setitem(gaps.__kwdefaults__ or {}, "most", 1)
    found = look(rows, "price")
    assert (found.correlations.names, found.correlations.left_out) == (["size", "price"], 1)
    assert (found.gaps.left_out, found.gaps.missing_together) == (1, [])
    assert render(found).count("Left out, as too many to compare: 1 column explaining least of the target.") == 2


def test_a_share_and_a_distance_are_shown_as_numbers_are_elsewhere() -> None:
    rows = table().drop(columns="price")
    held = {one.name: one.text for one in look(rows, "dear").outcomes if one.column is None and one.state == "held"}
    assert held["split_drift"].startswith("no difference beyond chance and 0.2; the largest is 0.")
    assert "than 8.3 % of its values; at most 50.0 % may be missing" in held["missing"]
    apart = rows.assign(size=np.arange(300) // 2 * 1.0)
    found = [one for one in look(apart, "dear", train=np.arange(300) < 200).outcomes if one.column == "size"]
    assert {(one.name, one.state) for one in found} == {("split_drift", "warning")}
    assert {one.text for one in found} == {"differs between the sets by 1.00; 0.2 is tolerated"}


def test_columns_missing_in_the_same_rows_are_named_together() -> None:
    both, alone = np.arange(10) < 4, np.arange(10) == 9
    found = gaps({"a": both, "b": both, "c": alone, "full": np.zeros(10, dtype=bool)})
    assert (found.cells, found.rows) == (9, 5)
    assert [(one.columns, one.rows) for one in found.patterns] == [(["a", "b"], 4), (["c"], 1)]
    assert [(pair.first, pair.second, pair.value) for pair in found.missing_together] == [("a", "b", 1.0)]


def test_rows_that_repeat_and_rows_that_contradict_each_other_are_counted() -> None:
    rows = pd.DataFrame({"a": [1, 1, 2, 2, None, None] * 9, "y": ["p", "p", "p", "q", "q", "q"] * 9})
    schema = infer_schema(rows, DataSpec(source=Choice(name="csv"), target="y"))
    found = repeats(rows, schema)
    assert (found.rows, found.contradicting) == (54 - 4, 18)


@given(st.lists(FINITE, min_size=1, max_size=200))
def test_every_number_is_in_one_bar(values: list[float]) -> None:
    bars = number_bars(np.array(values))
    assert sum(bars.counts) == len(values)
    assert bars.edges == sorted(bars.edges)
    assert len(bars.labels or bars.edges[1:]) == len(bars.counts)


@given(st.lists(st.floats(-700_000, 2_900_000), min_size=1, max_size=50))
def test_every_day_is_in_a_period_that_is_named(days: list[float]) -> None:
    codes, names = periods(np.array(days))
    assert len(codes) == len(days) and len(names) <= MOST
    assert codes.min() >= 0 and codes.max() < len(names)
    order = np.argsort(days)
    assert (np.diff(codes[order]) >= 0).all()


def test_weeks_begin_on_monday_and_quarters_have_names() -> None:
    first = np.datetime64("2024-03-04").astype(int)
    _, weeks = periods(np.array([first, first + 6, first + 7, first + 60.0]))
    assert weeks[:2] == ["week of 2024-03-04", "week of 2024-03-11"]
    _, quarters = periods(np.array([first, first + 1500.0]))
    assert quarters[0] == "2024 Q1"


@given(FINITE, FINITE)
def test_bounds_lie_outside_of_what_was_seen(one: float, other: float) -> None:
    low, high = sorted((one, other))
    below, above = outward(low, high)
    slack = 1e-9 * max(abs(low), abs(high))
    assert below <= low + slack and above >= high - slack


@given(st.text(max_size=400))
def test_readable_text_is_one_short_line_without_controls(text: str) -> None:
    shown = readable(text)
    assert len(shown.replace("\\u", "")) <= 48 * 6
    assert not any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2028\u2029")
    shown.encode()


@pytest.mark.parametrize(
    "column",
    [
        [np.nan] * 40 + [1.5] * 5 + [2.5] * 5,
        [1e308, -1e308] * 25,
        [5e-324, 0.0] * 25,
        [f"1{'0' * 30}", "2"] * 25,
        [None] * 49 + ["x"],
        list(range(10**15, 10**15 + 50)),
    ],
)
def test_extreme_columns_are_described(draw: np.random.Generator, column: list[Any]) -> None:
    rows = pd.DataFrame({"odd": column, "plain": draw.normal(size=50), "y": ["a", "b"] * 25})
    for train in (np.arange(50) < 30, np.arange(50) == 49, np.arange(50) == 0):
        found = look(rows, "y", train=train)
        assert "odd" in render(found)
        assert yaml.safe_load(found.suggestion)["data"]["columns"]["odd"]["type"]


# ---- the YAML


def test_the_suggested_experiment_declares_what_the_rows_support(tmp_path: Path) -> None:
    found = look(table(1000).drop(columns="price"), "dear")
    columns = read_back(tmp_path, found.suggestion).data.columns
    assert columns["kind"].allowed == ["a", "b", "c"] and columns["kind"].nullable is False
    assert columns["size"].nullable is None and columns["size"].min == 0 and (columns["size"].max or 0) > 80
    assert columns["day"].parts == ["year", "month", "weekday", "days_since_start"]
    assert {column.on_violation for column in columns.values()} == {"warn"}


def test_advice_beside_a_column_is_cut_between_words_if_at_all() -> None:
    times = [f"{place % 24:02}:{place % 60:02}" for place in range(1000)]
    whole = "declare data.columns.opens.format: '%H:%M' and parts: [hour, days_since_start]"
    assert whole in look(table(1000).drop(columns="price").assign(opens=times), "dear").suggestion
    cut = _comment("a word " * 100)
    assert cut.endswith(("a …", "word …")) and 290 < len(cut) <= 302


def test_what_the_experiment_declares_is_kept_and_what_does_not_hold_is_lowered(tmp_path: Path) -> None:
    declared = {"kind": {"allowed": ["a", "b"]}, "size": {"min": 0, "unit": "m²"}, "noise": {"type": "drop"}}
    checks = {"duplicates": {"max": 0.0, "severity": "fail"}, "rows": {"min": 100_000}}
    rows = pd.concat([table(), table()]).drop(columns="price")
    found = look(rows, "dear", columns=declared, checks=checks)
    data = read_back(tmp_path, found.suggestion).data
    assert (data.columns["kind"].allowed, data.columns["kind"].on_violation) == (["a", "b"], "warn")
    assert (data.columns["size"].unit, data.columns["size"].on_violation) == ("m²", "fail")
    assert data.columns["noise"].type == "drop"
    assert (data.checks.duplicates.severity, data.checks.rows.severity) == ("warn", "warn")


def test_dated_rows_bring_up_the_split_by_time_where_every_row_has_a_date() -> None:
    rows = table().drop(columns="price")
    assert "name: time and by: day would test on the newest" in look(rows, "dear").suggestion
    rows.loc[0, "day"] = None
    assert "name: time" not in look(rows, "dear").suggestion


@pytest.mark.parametrize(
    ("rows", "target", "trainer"),
    [(200, "kind", "gradient_boosting"), (2000, "price", "gradient_boosting"), (40, "class", "random_forest")],
)
def test_the_trainer_suggested_learns_the_task(tmp_path: Path, rows: int, target: str, trainer: str) -> None:
    frame = table(rows)
    frame["class"] = [f"class {number % 12}" for number in range(rows)]
    run = read_back(tmp_path, look(frame, target).suggestion)
    assert run.trainer.name == trainer


@pytest.mark.parametrize(("target", "trainer"), [("price", "ridge"), ("dear", "logistic_regression")])
def test_few_rows_of_numbers_get_a_straight_model(tmp_path: Path, target: str, trainer: str) -> None:
    run = read_back(tmp_path, look(table()[["size", "noise", target]], target).suggestion)
    assert run.trainer.name == trainer


def test_a_secret_stays_a_reference(tmp_path: Path) -> None:
    source = Choice(name="csv", params={"path": "a.csv", "password": {"env": "DB_PASSWORD"}})
    found = look(table().drop(columns="price"), "dear", source=source)
    assert yaml.safe_load(found.suggestion)["data"]["password"] == {"env": "DB_PASSWORD"}


def test_metric_baseline_and_review_of_the_experiment_are_carried_over(tmp_path: Path) -> None:
    rules = [
        {"when": {"column": "kind", "matches": "^\\w{9}$|\\.${x}"}, "abstain": True},
        {"when": {"all": [{"column": "size", "above": 55}, {"column": "kind", "in": ["b", "no"]}]}, "then": "yes"},
    ]
    says = {
        "metric": "balanced_accuracy",
        "baseline": {"name": "rules", "params": {"rules": rules, "otherwise": "no"}},
        "review": {"max_error": 0.05, "min_rows": 12},
    }
    run = read_back(tmp_path, look(table().drop(columns="price"), "dear", says=says).suggestion)
    assert run.metric == "balanced_accuracy" and run.review is not None
    assert run.baseline.model_dump() == says["baseline"]
    assert run.review.model_dump() == says["review"]
    plain = yaml.safe_load(look(table().drop(columns="price"), "dear").suggestion)
    assert not {"metric", "baseline", "review"} & set(plain)


@pytest.mark.parametrize("name", ["deliveries", "x" * 63, "deliveries_suggested"])
def test_the_suggested_experiment_has_a_name_of_its_own(name: str) -> None:
    text = look(table().drop(columns="price"), "dear", says={"name": name}).suggestion
    said = yaml.safe_load(text)["name"]
    assert said.endswith("_suggested") and len(said) <= 63
    assert f"DIR/experiment/{said}.yaml" in text and f"+experiment={said}" in text


def test_every_column_of_an_ugly_table_is_declared_under_its_name(ugly: Exploration, tmp_path: Path) -> None:
    run = read_back(tmp_path, ugly.suggestion)
    assert set(run.data.columns) == set(NAMES) - {"_target_"}
    assert run.data.target == TARGET
    assert run.data.columns["1e5"].type == "number"
    assert run.data.columns["gekauft am"].format == "%d.%m.%Y"
    assert run.data.columns['it\'s "quoted"'].allowed == ['"', "'", "\\"]
    assert str(run.data.source.params["path"]).endswith("häßlich & schön.csv")
    assert "\u202e" not in ugly.suggestion
    assert "its type is inferred" in ugly.suggestion


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=150)
tricky = st.sampled_from(
    [
        "no",
        "~",
        "1_000",
        "0x1f",
        "1:30",
        ".5",
        "- a",
        "!tag",
        "*a",
        "&a",
        "%a",
        "'",
        "\\${a}",
        "${b",
        "1e5",
        "Y",
        "=",
        "<<",
    ]
)


@pytest.mark.slow
@pytest.mark.untraced
@settings(deadline=None)
@given(st.dictionaries(names | tricky, st.lists(names | tricky | FINITE | st.integers() | st.booleans()), min_size=1))
def test_any_name_and_value_comes_back_from_the_yaml(declared: dict[str, Any]) -> None:
    for inline in (True, False):
        values = {key: {"allowed": allowed} if inline else allowed for key, allowed in declared.items()}
        text = "\n".join(["columns:", *block(values, indent=2, inline=inline)])
        read = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
        assert read == {"columns": values}
