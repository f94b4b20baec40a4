"""How artifacts are stored: tables as Parquet, schemas as JSON, packages as folders, profiles as bytes."""
