"""Variables by which the libraries below us write nothing to the terminal and send nothing home. Light."""

QUIET = {
    "ZENML_ANALYTICS_OPT_IN": "false",
    "ZENML_ENABLE_RICH_TRACEBACK": "false",
    "ZENML_DEFAULT_ANALYTICS_OPT_IN": "false",
    "WHYLOGS_NO_ANALYTICS": "1",
    "BENTOML_DO_NOT_TRACK": "True",
    "ORT_DISABLE_TELEMETRY": "1",
}
