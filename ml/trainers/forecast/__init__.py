"""Forecasts: any trainer of values on single steps, baselines, intervals."""
