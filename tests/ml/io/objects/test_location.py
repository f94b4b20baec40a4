"""A URL of S3 names exactly one object: no character of a key is lost, and none makes another of it."""

import pytest

from ml.io.objects.location import Location, is_object_url

SERVER = "https://s3.example.org:9000"


@pytest.mark.parametrize(
    "key",
    [
        "data#1.csv",
        "data#1.csv#",
        "a%3Fb.csv",
        "100%.csv",
        "a+b c;d&e=f.csv",
        "part-?/year=2024/*.parquet",
        "part-?",
        "part-?.csv",
        "?region=eu/*.parquet",
        "*/part-?year=2024",
        "part-?year=2024/rows.csv",
        "part-[!/]year=2024",
    ],
)
def test_a_key_is_taken_as_it_is_written(key: str) -> None:
    for options in ("", f"?endpoint_url={SERVER}", f"?region=eu&endpoint_url={SERVER}"):
        found = Location.parse(f"s3://shelf/{key}{options}")
        assert (found.bucket, found.key, found.plain) == ("shelf", key, f"s3://shelf/{key}")
        assert found.endpoint_url == (SERVER if options else None)
        assert Location.parse(found.url) == found


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ("?endpiont_url=https://host", "endpiont_url"),
        ("?endpiont_url=https%3A%2F%2Fhost", "endpiont_url"),
        ("?versionId=3", "versionId"),
        (f"?endpoint_url={SERVER}&versionId=3", "versionId"),
        (f"?versionId=3&endpoint_url={SERVER}", "versionId"),
        ("?token=ab/cd==", "token"),
        ("?X-Amz-Credential=AKIA/2024/us&X-Amz-Signature=dead", "X-Amz-Credential, X-Amz-Signature"),
    ],
)
def test_an_unknown_option_of_a_plain_path_is_told(options: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"has unknown options, {name}; there are endpoint_url and region"):
        Location.parse(f"s3://shelf/rows.csv{options}")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("gs://shelf/a", "no s3:// URL"),
        ("s3:shelf", "no s3:// URL"),
        ("s3://#shelf/a", "names no bucket"),
        ("s3://?region=eu", "names no bucket"),
        ("s3://me:secret@shelf/a", "keys do not belong"),
        ("s3://shelf/a?endpoint_url=host", "no address"),
        ("s3://shelf/a?endpoint_url=https://host%23a", "more than scheme, host and port"),
    ],
)
def test_what_names_no_object_is_refused(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        Location.parse(url)
    assert "secret" not in str(refused.value)


def test_only_urls_of_s3_name_an_object() -> None:
    assert all(is_object_url(url) for url in ("s3://shelf/a#b", "S3A://shelf/[a", "s3://[shelf"))
    assert not any(is_object_url(url) for url in ("s3:a", "gs://a", "/s3/a", "simplecache::s3://a/b", "[://"))


def test_a_folder_holds_what_is_below_it_on_its_server() -> None:
    folder = Location("shelf", "a", SERVER)
    assert folder.holds(folder) and folder.holds(folder.child("b")) and Location("shelf").holds(Location("shelf", "a"))
    others = (Location("shelf", "ab", SERVER), Location("shelf", "a/b"), Location("other", "a", SERVER))
    assert not any(folder.holds(other) for other in others)
