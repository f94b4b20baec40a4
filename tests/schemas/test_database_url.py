"""URLs that let in whoever has them."""

import pytest

from schemas.database_url import holds_password


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@host/db",
        "https://store.example/rows.csv?sv=2022&sig=abc%3D",
        "s3://bucket/rows.csv?X-Amz-Signature=abc&X-Amz-Date=1",
        "https://host/rows.csv?X-Amz-Credential=AKIA",
        "https://host/rows.csv?token=abc",
        "https://host/rows.csv?a=1&access_token=abc",
        "https://host/rows.csv?api_key=abc",
        "https://host/rows.csv?apikey=abc",
        "https://ghp_16C7e42F292c6912E7710c838347Ae178B4a@host/rows.csv",
        "https://storage.googleapis.com/b/o?X-Goog-Signature=00ff",
        "https://host/rows.csv?key=AIza",
    ],
)
def test_passwords_tokens_and_signatures_are_found(url: str) -> None:
    assert holds_password(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://host/signatures/token/rows.csv?version=3",
        "postgresql://my_long_application_user@host/db?sslkey=client.key&application_name=x",
        "postgresql://reader@host/db?passfile=/home/me/.pgpass",
        "https://host/rows.csv?design=1&keyword=2&monkey=3",
        "s3://bucket/0123456789abcdef0123456789/rows.csv",
        "sqlite:///a.db",
    ],
)
def test_other_parameters_and_names_are_not(url: str) -> None:
    assert not holds_password(url)
