from ml.features.derive import Deriver
from ml.validation.rows import Validator
from tests.ml.forecasting.long_table import made, shops, spec


def test_series_that_are_numbers_are_the_same_series_in_a_request():
    rows = shops(3, 100)
    rows["shop"] = rows["shop"].str.removeprefix("shop ").astype(int) + 7
    found = made(rows, spec())
    known = found.matrix("test").features[:, 2]
    row = {"month": "2020-01-01", "history": [float(one) for one in range(24)]}
    checked = Validator(found.signature).check([{**row, "shop": 8}, {**row, "shop": 9.0}])
    assert not checked.errors
    codes = Deriver(found.signature).matrix(checked.cells)[:, 2].tolist()
    assert codes == [2, 3]
    assert set(known.tolist()) == {1, 2, 3}
