"""Tables of installed packages: what is read, that nothing in a file is run, and what is said where one is missing."""

import json
import lzma
import pickle
import struct
import sys
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.sources.package_dataset import PackageDataset, PackageDatasetName, PackageDatasetParams
from ml.sources.packages import pickled_frame
from ml.sources.packages.lzw import decompress
from ml.sources.packages.mails import read_mails
from ml.sources.packages.package import Package
from ml.sources.packages.pickle_reader import Call
from ml.sources.packages.pickled_frame import _places, read_pickled_frame
from ml.sources.packages.tables import TABLES
from ml.sources.packages.verses import read_verses
from schemas.errors import ContentError
from tests.ml.sources.packages import installed

_CODES = 255 * 2 + 2


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("name", "rows", "kinds"),
    [
        ("ames", 2930, {"Sale_Price": "int64", "Neighborhood": "str", "Latitude": "float64"}),
        ("kjv", 31102, {"book": "str", "chapter": "int64", "verse": "int64", "text": "str"}),
        ("kjv_gaps", 31001, {"chapter": "int64", "sentence": "str", "word": "str"}),
        ("seattle_weather", 1461, {"date": "datetime64[us]", "temp_max": "float64", "weather": "str"}),
        ("spam_assassin", 6046, {"subject": "str", "body": "str", "label": "str"}),
        ("txhousing", 8602, {"city": "str", "date": "datetime64[us]", "sales": "float64"}),
    ],
)
def test_a_table_has_its_rows_and_types(name: PackageDatasetName, rows: int, kinds: dict[str, str]) -> None:
    source = installed(name)
    table = source.read()
    assert len(table) == rows and list(table.columns) == source.header()
    assert {column: str(table[column].dtype) for column in kinds} == kinds
    assert source.label == name and str(source.fingerprint()).startswith(f"{name} {TABLES[name].package.name}")


def test_every_table_that_may_be_named_is_known() -> None:
    assert sorted(TABLES) == sorted(get_args(PackageDatasetName))


@pytest.mark.untraced
def test_the_verses_are_in_order_and_whole() -> None:
    verses = installed("kjv").read()
    first, last = verses.iloc[0], verses.iloc[-1]
    assert (first.book, first.chapter, first.verse, first.text[:16]) == ("Ge", 1, 1, "In the beginning")
    assert (last.book, last.chapter, last.verse, last.text[-5:]) == ("Rev", 22, 21, "Amen.")
    assert verses.book.nunique() == 66


@pytest.mark.parametrize(
    ("package", "command"),
    [
        (Package("pip", "no-such-thing", "1.0"), f"{sys.executable} -m pip install no-such-thing==1.0"),
        (
            Package("npm", "@no/thing", "2.0"),
            f"npm install --prefix {sys.prefix} --no-save --ignore-scripts @no/thing@2.0",
        ),
        (Package("apt", "no-thing"), "apt-get install no-thing"),
    ],
)
def test_a_package_that_is_missing_is_told_with_the_command_that_installs_it(
    package: Package, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = TABLES["ames"]
    absent = type(known)(package, "no/such/file", known.licence, known.columns, known.read)
    monkeypatch.setitem(TABLES, "ames", absent)  # type: ignore[arg-type,unused-ignore]
    source = PackageDataset(PackageDatasetParams(dataset="ames"))
    (fault,) = source.preflight()
    assert fault.path == "dataset" and "is not installed" in fault.message and fault.hint == f"install it: {command}"
    assert source.fingerprint() is None
    with pytest.raises(ContentError, match="is not installed"):
        source.read()


def test_a_npm_package_is_found_where_node_path_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = Package("npm", "@some/mails", "1.2.3")
    folder = tmp_path / "node_modules" / "@some" / "mails"
    folder.mkdir(parents=True)
    monkeypatch.setenv("NODE_PATH", f"{tmp_path / 'elsewhere'}:{tmp_path / 'node_modules'}")
    assert package.folder() is None
    (folder / "package.json").write_text('{"version": "1.2.4"}', encoding="utf-8")
    assert package.folder() == folder and package.installed_version(folder) == "1.2.4"
    (folder / "package.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ContentError, match="does not tell"):
        package.installed_version(folder)


@pytest.mark.parametrize("name", ["ames", "txhousing"])
def test_a_pickled_table_is_read_as_pandas_reads_it(name: PackageDatasetName) -> None:
    installed(name)
    file = (TABLES[name].package.folder() or Path()) / TABLES[name].file
    unpickled = pd.read_pickle(file, compression="xz")
    pd.testing.assert_frame_equal(read_pickled_frame(file), unpickled, check_dtype=False, check_column_type=False)


class _Planted:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.mkdir, (self.folder,)


@pytest.mark.parametrize("nested", [False, True])
def test_nothing_that_a_pickle_names_is_run(nested: bool, tmp_path: Path) -> None:
    planted = _Planted(tmp_path / "made")
    file = tmp_path / "rows.pkl.compress"
    held = pd.DataFrame({"city": [planted]}, dtype=object) if nested else planted
    file.write_bytes(lzma.compress(pickle.dumps(held, protocol=5)))
    with pytest.raises(ContentError, match=r"rows\.pkl\.compress"):
        read_pickled_frame(file)
    assert not (tmp_path / "made").exists()
    pickle.loads(lzma.decompress(file.read_bytes()))
    assert (tmp_path / "made").exists()  # that it would have run


def _doubled(times: int) -> bytes:
    """A tuple that holds itself of the step before twice: 2 ** `times` values in as many instructions."""
    return b"N" + b"".join(b"\x94h" + bytes([place]) + b"\x86" for place in range(times))


_BLOCK = (  # one column of one text, whose places are all of a slice
    b"\x8c\x08builtins\x8c\x05slice\x93K\x00\x8a\x06" + (10**12).to_bytes(6, "little") + b"K\x01\x87R"
)


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("instructions", "what"),
    [
        pytest.param(b"})" + b"\x85" * 900_000 + b"Ns.", "tuples nested", id="a deep tuple as a key"),
        pytest.param(b"})" + b"\x85" * 2_000_000 + b"Ns.", "tuples nested", id="very many instructions"),
        pytest.param(b"}" + _doubled(60) + b"Ns.", "tuples nested", id="doubled tuples as a key"),
        pytest.param(b"}" + _doubled(9) + b"Ns.", "a key is a tuple", id="a tuple as a key"),
        pytest.param(b"N" + _doubled(9) + b"\x93.", "a name is a tuple", id="doubled tuples as a name"),
        pytest.param(b")" + b"\x85" * 100_000 + b"N\x93.", "tuples nested", id="a deep tuple as a name"),
        pytest.param(b"N0" * 600_000 + b"N.", "it is not the pickle", id="what is popped"),
        pytest.param(b"N" * 1_000_001 + b".", "more than 1,000,000 instructions", id="many values"),
        pytest.param(b"\x8c\xc8" + b"a" * 200 + b"\x8c\x01b\x93.", "more than 200 characters", id="a long name"),
        pytest.param(_BLOCK + b".", "describes no table", id="a slice"),
        pytest.param(
            b"\x8e" + (2**60).to_bytes(8, "little") + b"abc.", "not the pickle", id="bytes that are not there"
        ),
    ],
)
def test_a_hostile_pickle_is_an_error_before_it_costs_much(instructions: bytes, what: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.pkl.compress"
    file.write_bytes(lzma.compress(b"\x80\x04" + instructions))
    with pytest.raises(ContentError, match=what):
        read_pickled_frame(file)


def test_a_slice_is_of_the_columns_that_there_are() -> None:
    whole = Call("builtins.slice", (0, 10**12, 1))
    assert _places(whole, 3) == range(3)
    with pytest.raises(TypeError):
        _places(Call("builtins.slice", ("a", 1, 1)), 3)


def test_a_small_file_of_very_many_bytes_is_refused_without_making_them(tmp_path: Path) -> None:
    file = tmp_path / "rows.pkl.compress"
    packer = lzma.LZMACompressor(preset=0)
    file.write_bytes(b"".join([*(packer.compress(bytes(2**20)) for _ in range(64)), packer.flush()]))
    tracemalloc.start()
    try:
        with pytest.raises(ContentError, match="more than 16,777,216 bytes"):
            read_pickled_frame(file)
        assert tracemalloc.get_traced_memory()[1] < 48 * 2**20
    finally:
        tracemalloc.stop()
    file.write_bytes(lzma.compress(bytes(1000))[:-9])
    with pytest.raises(ContentError, match="ends too early"):
        read_pickled_frame(file)


def _numbers(frame_names: list[str], blocks: int, rows: int) -> object:
    """What stands for a frame whose every column is the same array."""
    kind = Call("numpy.dtype", ("f8", False, True), (3, "<"))
    table = Call(f"numpy._core.numeric.{'_frombuffer'}", (bytes(8 * rows), kind, (1, rows), "C"))
    held = [Call("block", (table, Call("builtins.slice", (place, place + 1, 1)), 2)) for place in range(blocks)]
    texts = Call("array", (), (1, (len(frame_names),), Call("numpy.dtype", ("O8", False, True)), False, frame_names))
    axes = [Call("index", ("Index", {"data": texts})), Call("index", ())]
    return Call("pandas.DataFrame", (), {"_mgr": Call("manager", (tuple(held), axes))})


def test_one_array_does_not_become_very_many_columns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "rows.pkl.compress"
    file.write_bytes(lzma.compress(b""))
    for count, rows in ((3, 10), (3000, 1000)):
        record = _numbers([f"c{place}" for place in range(count)], count, rows)
        monkeypatch.setattr(pickled_frame, "records_of", lambda _, found=record: found)
        if count == 3:
            assert read_pickled_frame(file).shape == (10, 3)
        else:
            with pytest.raises(ContentError, match="more than 2,097,152 cells"):
                read_pickled_frame(file)


@given(st.binary(max_size=300))
def test_any_bytes_that_are_no_pickle_are_an_error(data: bytes) -> None:
    from ml.sources.packages.pickle_reader import records_of

    try:
        records_of(data)
    except ContentError:
        return


@given(st.one_of(st.binary(max_size=3000), st.text("ab", max_size=6000).map(str.encode)))
def test_what_was_compressed_is_what_comes_back(data: bytes) -> None:
    assert decompress(_compressed(data), len(data)) == data


def test_a_damaged_window_and_one_that_is_too_long_are_errors() -> None:
    with pytest.raises(ContentError, match="more than 10 bytes"):
        decompress(_compressed(b"x" * 100), 10)
    with pytest.raises(ContentError, match="stands for nothing yet"):
        decompress(b"\xff\xff\xff", 10)


def test_lines_that_are_no_verses_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "bible.data"
    file.write_bytes(_bible(b"Title\nGe1:1 In the beginning\n"))
    assert read_verses(file).to_dict("records") == [
        {"book": "Ge", "chapter": 1, "verse": 1, "text": "In the beginning"}
    ]
    for damaged in (_bible(b"Title\nGe1:1\n"), _bible(b"Title\n"), b"EC03", _bible(b"Title\nGe1:1 a\n")[:0x58]):
        file.write_bytes(damaged)
        with pytest.raises(ContentError, match=r"bible\.data"):
            read_verses(file)


def test_mails_are_decoded(tmp_path: Path) -> None:
    mails = {
        "spam-1/00001.a": (
            "From x@y Thu Aug 22 13:17:22 2002\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\nContent-Transfer-Encoding: base64\n"
            "Content-Type: text/html; charset=utf-8\n\nPGI+R3LDvMOfZTwvYj4=\n"
        ),
        "easy-ham-1/00002.b": "Subject: =?no-such?b?AAAA?=\nContent-Type: text/plain; charset=none\n\nHello\n",
    }
    for place, text in mails.items():
        group, _, name = place.partition("/")
        (tmp_path / group).mkdir()
        record = {"id": name[:5], "group": group, "text": text}
        (tmp_path / f"{place}.json").write_text(json.dumps(record), encoding="utf-8")
    index = tmp_path / "file_list.json"
    index.write_text(json.dumps([f"{place}.txt" for place in mails]), encoding="utf-8")
    table = read_mails(index)
    assert table["message"].is_unique  # of bodies with other words
    rows = table.drop(columns="message").to_dict("records")
    assert rows[0] == {"group": "spam-1", "number": 1, "subject": "Grüße", "body": "<b>Grüße</b>", "label": "spam"}
    assert (rows[1]["body"], rows[1]["label"]) == ("Hello", "ham")
    (tmp_path / "spam-1" / "00001.a.json").unlink()
    with pytest.raises(ContentError, match="cannot be read"):
        read_mails(index)


def _bible(text: bytes) -> bytes:
    window = _compressed(text)
    begin = 0x54 + 8 + 8
    head = b"EC02Compressed Data File".ljust(0x54, b"\0")
    return head + struct.pack(">IIII", 65536, 1, begin, begin + len(window)) + window


def _compressed(data: bytes) -> bytes:
    """Return the codes of `data` as compress writes them, each run of one width padded to eight."""
    table = {bytes((value,)): value for value in range(256)}
    codes, word = [], b""
    for value in data:
        longer = word + bytes((value,))
        if longer in table:
            word = longer
            continue
        codes.append(table[word])
        table[longer] = len(table) + 1  # 256 is taken
        word = bytes((value,))
    codes += [table[word]] if word else []
    starts = [0, *(2**width - 256 for width in range(9, 13)), len(codes) + 4096]
    return b"".join(_packed(codes[begin:end], 9 + place) for place, (begin, end) in enumerate(pairwise(starts)))


def _packed(codes: list[int], bits: int) -> bytes:
    whole = sum(code << bits * place for place, code in enumerate(codes))
    return whole.to_bytes(-(-len(codes) * bits // 8), "little")
