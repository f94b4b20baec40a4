"""URLs that let in whoever has them."""

import pytest

from schemas.database_url import holds_password, holds_token


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
    ],
)
def test_other_parameters_and_names_are_not(url: str) -> None:
    assert not holds_token(url)


def test_a_databases_password_is_found() -> None:
    assert holds_password("postgresql://me:secret@host/db") and holds_password(
        "mssql://host/db?odbc_connect=DRIVER%3DX%3BPWD%3Dx"
    )
    assert not holds_password("postgresql://me@host/db?passfile=/x")
