"""The page under `/docs`: for a phone and a screen, and with nothing in it that hides."""

from schemas.signature import Input, Output, Signature
from serving.http.app import ENDPOINTS
from serving.http.docs_page import docs
from serving.http.openapi import document

LONG, TURNED = "n" * 300, "a\u202eb\u0007"


def page() -> str:
    signature = Signature(
        inputs=[Input(name=LONG, type="number"), Input(name=TURNED, type="category")],
        derivations=[],
        features=[],
        output=Output(task="regression", target="t"),
    )
    return docs(document(ENDPOINTS, "m", "1", signature, {LONG: 1.5, TURNED: "x\u2066y<b>"}))


def test_it_is_made_for_a_phone_and_for_dark_screens() -> None:
    shown = page()
    assert 'name="viewport"' in shown and "color-scheme: light dark" in shown and "@media (max-width" in shown


def test_long_names_are_cut_and_marks_that_turn_text_around_are_written_out() -> None:
    shown = page()
    assert LONG not in shown[shown.index("Columns of a row") :]
    assert not set(shown) & {"\u202e", "\u2066", "\u0007"}
    assert "a\\u202eb" in shown and "x\\u2066y&lt;b&gt;" in shown
