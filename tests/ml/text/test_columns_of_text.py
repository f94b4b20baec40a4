"""Free text from the table to the model: its type, what is made of it, what is refused, what stands for it."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ml.explore.target import read_target
from ml.explore.words import words
from ml.features.derive import Deriver, array_names
from ml.features.matrix import make_matrix
from ml.features.signature import fit_signature
from ml.features.summaries import summaries
from ml.monitoring.drift import window_of, window_profile
from ml.package.parity import difference
from ml.package.reference import require_profile
from ml.predictions.predictor import Arrays, Predictions
from ml.schema_inference.infer import infer_schema
from ml.trainers.sklearn.presets import LogisticRegression, PresetParams
from ml.validation.rows import Validator
from ml.values.sparse_rows import SparseRows
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.errors import ContentError
from schemas.signature import TfidfDerivation, TokensDerivation

GOOD, BAD = ["a lovely day at the sea with friends and sun"], ["an awful night in the rain without any sleep"]


def table(count: int = 200) -> pd.DataFrame:
    """Notes that say whether they are good, each with a word of its own, beside a number."""
    draw = np.random.default_rng(0)
    kinds = draw.integers(0, 2, count)
    notes = [f"{(GOOD if kind else BAD)[0]} number{place} thing{place % 7}" for place, kind in enumerate(kinds)]
    return pd.DataFrame({"note": notes, "size": draw.normal(size=count), "kind": np.where(kinds, "good", "bad")})


def dense(arrays: Arrays) -> NDArray[np.float32]:
    notes = arrays["note"]
    assert isinstance(notes, SparseRows)
    return notes.dense()


def spec(**columns: ColumnSpec) -> DataSpec:
    return DataSpec(source=Choice(name="csv"), target="kind", columns=columns)


def schema_of(frame: pd.DataFrame, **columns: ColumnSpec) -> TableSchema:
    return infer_schema(frame, spec(**columns))


def test_long_and_different_texts_are_free_text_and_the_reason_is_told():
    (note, size) = schema_of(table()).columns
    assert (note.type, note.declared, size.type) == ("text", False, "number")
    why = "free text: 12 words on average, 200 distinct values in 200 rows; declare another type"
    assert note.why == f"{why} if its words tell nothing"


def test_texts_without_blanks_are_free_text_and_names_without_blanks_are_none():
    draw, letters = np.random.default_rng(0), list("今天气很好我们去公园散步吃饭看电影学习工作")
    frame = table()
    frame["review"] = ["".join(draw.choice(letters, 40)) for _ in range(200)]
    frame["person"] = ["".join(draw.choice(letters, 3)) for _ in range(200)]
    found = {column.name: column for column in schema_of(frame).columns}
    assert found["review"].type == "text" and "free text: 21 words on average" in found["review"].why
    assert found["person"].type != "text"


def test_no_reason_repeats_a_whole_text():
    frame = table().assign(same="a secret " + "that is told to nobody " * 5, phrase=lambda rows: rows["note"].str[:24])
    frame["phrase"] += frame["note"].str[-9:]
    frame["street"] = [f"{place} Main Street, North Town" for place in range(200)]
    found = {column.name: column for column in schema_of(frame).columns}
    assert found["same"].type == "drop" and len(found["same"].why) < 120 and "…" in found["same"].why
    assert found["street"].why.endswith("declare type: identifier to keep it, or type: text to learn from its words")


def test_names_and_few_texts_stay_what_they_were():
    frame = table()
    frame["name"] = [f"Ada{place} von Braun{place}" for place in range(200)]
    frame["street"] = [f"{place} Main Street, North Town" for place in range(200)]
    frame["answer"] = np.where(frame["size"] > 0, GOOD[0] + " yes", BAD[0] + " no")
    assert {column.name: column.type for column in schema_of(frame).columns if column.name != "note"} == {
        "size": "number",
        "name": "drop",
        "street": "drop",
        "answer": "category",
    }


@pytest.mark.parametrize("declared", [{"type": "text"}, {"max_characters": 500}, {"ngrams": 2}, {"languages": ["en"]}])
def test_a_text_may_be_declared_by_its_type_or_by_a_key_of_its_own(declared):
    frame = table().assign(note=lambda rows: rows["kind"] + " thing")
    note = schema_of(frame, note=ColumnSpec(**declared)).columns[0]
    assert note.type == "text" and note.declared and note.text is not None
    assert note.text.max_characters == declared.get("max_characters", 10_000)


def test_keys_of_a_text_belong_to_no_other_type():
    with pytest.raises(ValueError, match="max_words belongs to a text, but the type declared is 'number'"):
        ColumnSpec(type="number", max_words=3)
    with pytest.raises(ValueError, match="'klingon' is no language that can be told"):
        ColumnSpec(languages=["klingon"])


def test_the_words_are_those_of_the_training_rows():
    frame = table()
    (note, _) = fit_signature(frame, schema_of(frame)).derivations
    assert isinstance(note, TfidfDerivation)
    assert {"lovely", "awful", "thing3"} <= set(note.words)
    assert "number3" not in note.words  # comes in one row only
    assert len(note.words) == len(note.idf) and note.sublinear
    tokens = fit_signature(frame, schema_of(frame, note=ColumnSpec(max_tokens=7)), "tokens").derivations[0]
    assert isinstance(tokens, TokensDerivation) and tokens.length == 7


def test_texts_without_a_common_word_are_refused():
    frame = table().assign(note=[f"one{place} two{place}" for place in range(200)])
    with pytest.raises(ContentError, match=r"no word of the texts in 'note' comes in 2 training rows.*min_rows"):
        fit_signature(frame, schema_of(frame, note=ColumnSpec(type="text")))


def test_a_column_that_is_called_as_a_summary_is_refused():
    frame = table().assign(**{"note.words": 1.5})
    frame["note.words"] += np.arange(200)
    with pytest.raises(ContentError, match=r"the column 'note.words' is called as what is made of 'note'"):
        fit_signature(frame, schema_of(frame))


def test_the_deriver_gives_sparse_rows_or_numbers_under_the_columns_name():
    frame = table()
    schema = schema_of(frame)
    signature = fit_signature(frame, schema)
    matrix = make_matrix(frame, signature, schema.problem)
    assert array_names(signature) == ["features", "note"] and matrix.features.shape == (200, 1)
    assert isinstance(matrix.arrays["note"], SparseRows)
    again = Deriver(signature).arrays({"note": frame["note"].tolist(), "size": frame["size"].tolist()})
    assert np.array_equal(dense(again), dense(matrix.arrays))
    numbers = Deriver(fit_signature(frame, schema, "tokens")).arrays({"note": [None, ""], "size": [1.0, 2.0]})
    found = np.asarray(numbers["note"])
    assert found.shape == (2, 256) and not found.any()


@pytest.fixture(scope="module")
def english():
    frame = table()
    schema = schema_of(frame, note=ColumnSpec(max_characters=300, languages=["en"]))
    return frame, schema, fit_signature(frame, schema)


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ("x" * 301, "has 301 characters; at most 300 are taken (max_characters)"),
        ("", "'' counts as missing, but the column had no missing value in training"),
        (" \n", "counts as missing"),
        ("🎉 \x00 ???", "counts as missing"),
        ("half \ud800 of it", "is not Unicode text: it holds half of a surrogate pair"),
        ("Dies ist ein Brief, den noch niemand geschrieben hat.", "is in another language (de) than the model was"),
        (3, "must be a text, not the number 3"),
        (["a"], "must be a text, not a list"),
        (None, "is null, but the column had no missing value in training"),
    ],
)
def test_what_is_no_good_text_is_refused_by_itself(english, note, message):
    checked = Validator(english[2]).check([{"note": GOOD[0], "size": 1.0}, {"note": note, "size": 1.0}])
    assert checked.positions == [0] and list(checked.errors) == [1]
    assert checked.errors[1]["column"] == "note" and message in checked.errors[1]["message"]


@pytest.mark.parametrize("note", ["word", "ok!", GOOD[0], "never seen words and others"])
def test_short_and_strange_texts_are_taken(english, note):
    assert Validator(english[2]).check([{"note": note, "size": 1.0}]).cells["note"] == (note,)


def test_a_text_of_ten_million_characters_is_refused_by_its_length_alone(english, monkeypatch):
    from ml.validation import free_text

    monkeypatch.setattr(free_text, "language", lambda text: pytest.fail("its language was looked for"))
    checked = Validator(english[2]).check([{"note": "a" * 10_000_000, "size": 1.0}])
    assert "has 10,000,000 characters" in checked.errors[0]["message"] and len(checked.errors[0]["message"]) < 100


def test_missing_texts_have_no_word():
    frame = table()
    frame.loc[[3, 5], "note"] = [None, "🎉 ???"]
    schema = schema_of(frame)
    signature = fit_signature(frame, schema)
    assert signature.inputs[0].nullable
    assert Validator(signature).check([{"note": "", "size": 1.0}, {"size": 1.0}]).cells["note"] == (None, None)
    weights = dense(make_matrix(frame, signature, schema.problem).arrays)
    assert not weights[[3, 5]].any() and weights[0].any()


def test_what_stands_for_texts_is_profiled_and_compared(english):
    from ml.monitoring.profiles import reference_profile

    frame, _, signature = english
    columns = {"note": frame["note"].tolist(), "size": frame["size"].tolist()}
    names = [one.column for one in summaries(signature.inputs)]
    assert names == ["note.characters", "note.words", "note.unknown_share", "note.language", "size"]
    content = reference_profile(columns, signature, Predictions(codes=np.zeros(200, dtype=np.int64)))
    require_profile(content, signature)
    kept = {"sha256": "…", "summary": {"characters": 46, "words": 12, "unknown_share": 1.0, "language": "en"}}
    rows = [{"note": kept, "size": 1.0}, {"note": frame["note"][0], "size": 1.0}, {"note": None, "size": 2.0}]
    window = window_of(rows, [], signature)
    assert window.columns["note.words"] == [12, 12, None]
    assert window.columns["note.language"] == ["en", "en", None]
    assert window_profile(window, signature).column("note.unknown_share") is not None


def test_the_words_that_tell_a_class_are_shown():
    frame = table()
    schema = schema_of(frame)
    (note,) = words(frame, schema, read_target(frame, schema.problem))
    told = {group.label: {word.word: (word.share, word.elsewhere) for word in group.words} for group in note.groups}
    assert told["good"]["lovely"] == (1.0, 0.0) and told["bad"]["awful"] == (1.0, 0.0)
    assert "the" not in told["good"] and "thing3" not in told["good"]
    numbers = frame.assign(kind=np.where(frame["kind"] == "good", 9.5, 1.25) + frame["size"] / 100)
    regression = schema_of(numbers)
    (note,) = words(numbers, regression, read_target(numbers, regression.problem))
    assert "lovely" in {word.word for word in note.groups[0].words}


def test_every_class_has_its_words_and_those_left_out_are_counted(monkeypatch):
    draw = np.random.default_rng(0)
    kinds = np.arange(900) % 9
    notes = [" ".join([f"sign{kind}", *(f"w{word}" for word in draw.integers(0, 400, 12))]) for kind in kinds]
    frame = pd.DataFrame({"note": notes, "kind": [f"class{kind}" for kind in kinds]})
    schema = schema_of(frame)
    (note,) = words(frame, schema, read_target(frame, schema.problem))
    told = {group.label: [one.word for one in group.words] for group in note.groups}
    assert told == {f"class{kind}": [f"sign{kind}"] for kind in range(9)} and note.left_out == 0
    monkeypatch.setattr("ml.explore.words.MOST_CLASSES", 4)
    (note,) = words(frame, schema, read_target(frame, schema.problem))
    assert len(note.groups) == 4 and note.left_out == 5


def test_chance_tells_no_class():
    draw = np.random.default_rng(0)
    weights = 1 / np.arange(1, 3001)
    notes = [" ".join(f"w{word}" for word in draw.choice(3000, 20, p=weights / weights.sum())) for _ in range(1000)]
    frame = pd.DataFrame({"note": notes, "kind": np.where(draw.random(1000) < 0.1, "rare", "usual")})
    schema = schema_of(frame)
    (note,) = words(frame, schema, read_target(frame, schema.problem))
    assert not [one for group in note.groups for one in group.words]


def test_a_model_on_texts_predicts_as_it_was_trained_behind_the_signature(tmp_path):
    from ml.package.memory import memory_bound
    from ml.runtimes.load import load
    from schemas.run import PackageSpec

    frame = table()
    schema = schema_of(frame)
    signature = fit_signature(frame, schema)
    matrix = make_matrix(frame, signature, schema.problem)
    fitted = LogisticRegression(PresetParams()).fit(matrix, matrix, signature, seed=0)
    fitted.export_arrays(tmp_path, matrix.all_arrays, memory_bound(PackageSpec()))
    packaged = load("onnx", (tmp_path / "model.onnx").read_bytes(), signature.output)
    asked = Deriver(signature).arrays({"note": [GOOD[0], BAD[0], None], "size": [0.0, None, 1.0]})
    assert difference(fitted.predict_arrays(asked), packaged.predict_arrays(asked)) is None
    codes = packaged.predict_arrays(asked).codes
    assert codes is not None and codes.tolist()[:2] == [1, 0]
