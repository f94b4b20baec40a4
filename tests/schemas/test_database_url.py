"""URLs that let in whoever has them."""

import time

import pytest

from cli.config.safety import without_password
from schemas.database_url import holds_password, holds_secret, holds_token, without_secrets
from schemas.errors import ConfigurationError, ContentError, Fault


@pytest.mark.parametrize(
    "url",
    [
        "https://store.example/rows.csv?sv=2022&sig=abc%3D",
        "s3://bucket/rows.csv?X-Amz-Signature=abc&X-Amz-Date=1",
        "https://host/rows.csv?X-Amz-Credential=AKIA",
        "https://host/rows.csv?token=abc",
        "https://host/rows.csv?a=1&access_token=abc",
        "https://host/rows.csv#access_token=abc",
        "https://host/rows.csv?api_key=abc",
        "https://host/rows.csv?apikey=abc",
        "https://host/rows.csv?subscription-key=abc",
        "https://host/rows.csv?jwt=abc",
        "https://host/rows.csv?client_secret=abc",
        "https://ghp_16C7e42F292c6912E7710c838347Ae178B4a@host/rows.csv",
        "https://ghp_abcdefghij1234@host/rows.csv",
        "https://Zq3vT7xLm2Kp9WsYb4Nd@host/rows.csv",
        "https://storage.googleapis.com/b/o?X-Goog-Signature=00ff",
        "https://host/rows.csv?key=AIzaSyB",
        "https://host/rows.csv?code=mR3h0Qk7zPyT5vLwXq2NcB8d&day=3",
        "https://host/rows.csv?key=0f9c1a7be2d44855a1b6",
        "https://host/rows.csv?authorization=Basic%20bWU6c2VjcmV0cw%3D%3D",
        "https://host/rows.csv?day=3&session_id=0f9c1a7b-e2d4-4855-a1b6-12",
    ],
)
def test_tokens_and_signatures_are_found(url: str) -> None:
    assert holds_token(url)


SECRET_NAMES = (
    "private_token job_token oauth_token sas_token api_token apitoken user_token download_token X-Token secret_key "
    "access_key_secret shared_secret client_key AccountKey hmac temp_url_sig x-oss-signature q-signature signature_v2 "
    "upload_signature SharedAccessSignature tempauth rlkey tok%65n Sig%6eature tok%2565n x-ms-token urlSig apiKey "
    "x-api-key accessKey privateKey passwd userPassword db_pass pass passphrase pwd auth sas jwt hdnts tokens"
)
HARMLESS_NAMES = (
    "design signal assign signed_by compass bypass passenger passes passfile token_type tokenizer tokenized max_tokens "
    "author authority auth_type authMechanism secretary secret_name signature_version hmac_method sslkey keyword "
    "monkey page_token nextPageToken key_count application_name credentials_path private_key_path token_uri"
)


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_a_name_says_that_its_value_lets_somebody_in(name: str) -> None:
    for form in ("https://host/a.csv?{}=Zx9", "http://host/a.csv?b=1&{}=Zx9#top", "ftp://host/a.csv;{}=Zx9"):
        assert holds_token(form.format(name)) and holds_secret(form.format(name)), form
    assert holds_password(f"postgresql://host/db?{name}=Zx9")


@pytest.mark.parametrize("name", HARMLESS_NAMES.split())
def test_a_name_that_only_sounds_like_it_is_none(name: str) -> None:
    for form in ("https://host/a.csv?{}=31", "postgresql://host/db?{}=31"):
        assert not holds_secret(form.format(name)) and not holds_password(form.format(name))


@pytest.mark.parametrize(
    "user",
    [
        "0f9c1a7be2d44855a1b60f9c1a7be2d44855a1b6",
        "npm_aB3dE5gH7jK9",
        "dapi0f9c1a7be2d44855",
        "hvs.CAESIJ3x9kQ",
        "glpat-x9k2m3n4p5",
    ],
)
def test_a_user_that_is_a_token_is_found(user: str) -> None:
    for form in ("https://{}@host/a.csv", "https://{}:@host/a.csv", "https://host/a.csv?x={}"):
        assert holds_token(form.format(user)) or ("?" in form and len(user) == 40)


def test_what_is_not_refused_is_shown_and_what_is_refused_is_not() -> None:
    for url in ("https://host/a.csv?page_token=3&n=1", "https://host/a.csv?design=1"):
        assert not holds_secret(url) and without_password(f"data.path={url}") == f"data.path={url}"
    for url in ("https://host/a.csv?X-Token=Zx9", "https://host/a.csv?page_token=CAIQAA9x8k3mZq72Lp0TtA"):
        assert holds_secret(url) and without_password(f"data.path={url}") == "data.path=…"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("there is no file http://h/a.csv?x-oss-signature=Zx9&b=1", "there is no file http://h/a.csv?…"),
        ("404, url='https://me:Zx9@h/a.csv?v=1': gone", "404, url='https://…@h/a.csv?…': gone"),
        ("http://ghp_abcdefghij1234@h/a is a folder", "http://…@h/a is a folder"),
        ("http://h/a#access_token=Zx9 cannot be read", "http://h/a?… cannot be read"),
        (
            "s3://b/part-?.parquet and s3://b/p?/year=2024/x: no file",
            "s3://b/part-?.parquet and s3://b/p?/year=2024/x: no file",
        ),
        ("is it a=b?c=d", "is it a=b?c=d"),
    ],
)
def test_no_message_repeats_an_address_whole(said: str, shown: str) -> None:
    assert without_secrets(said) == shown
    assert str(ContentError(said)) == shown and Fault("path", said).message == shown
    assert shown in str(ConfigurationError([Fault("path", said)]))


@pytest.mark.parametrize(
    "url",
    [
        "https://host/signatures/token/rows.csv?version=3",
        "postgresql://my_long_application_user@host/db?sslkey=client.key&application_name=x",
        "postgresql://analytics_readonly_user1@db/shop",
        "postgresql://batch-runner%40my-project-123456.iam@host/db",
        "postgresql://reader@host/db?passfile=/home/me/.pgpass",
        "https://host/rows.csv?design=1&keyword=2&monkey=3&page_token=3&tokenizer=x&key=2024/file.csv",
        "https://host/rows.csv?code=DE-BY&key=exports/2024/november/customers_returned.csv",
        "abfs://training-data-2024-prod@acct.dfs.core.windows.net/x.csv",
        "http://localhost:9000/bucket/sales@2024.csv",
        "bigquery://project?credentials_path=/file",
        "s3://bucket/0123456789abcdef0123456789/rows.csv",
        "SELECT 'http://a:80/' FROM t WHERE mail LIKE '%@x'",
        "sqlite:///a.db",
        "signature=5",
        "SELECT token, secret FROM t WHERE pass = 1 AND url LIKE 'http://%'",
        "postgresql://asiapacific_reader@db/shop?sslmode=require",
        "https://global-reader-1@host/a.csv",
        "https://host/a.csv?token=",
        "hive://host/db?auth=KERBEROS",
        "mongodb://host/db?authSource=admin",
        "https://host/a.csv?client_key=certs/client.pem",
    ],
)
def test_other_parameters_and_names_are_not(url: str) -> None:
    assert not holds_token(url)


def test_a_databases_password_is_found() -> None:
    assert holds_password("postgresql://me:secret@host/db") and holds_password(
        "mssql://host/db?odbc_connect=DRIVER%3DX%3BPWD%3Dx"
    )
    assert not holds_password("postgresql://me@host/db?passfile=/x")


@pytest.mark.untraced
@pytest.mark.parametrize("text", ["://", "://a:", "x://a?b=1&", "?", "://x?%25", "; ", "://" + "a" * 30])
def test_long_texts_take_no_time(text: str) -> None:
    begun = time.monotonic()
    long = "https://host/?" + text * (300_000 // len(text))
    holds_secret(long), holds_password(long), without_secrets(long)
    assert time.monotonic() - begun < 10  # a second where nothing else runs
