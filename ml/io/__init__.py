"""Bytes and tables in and out: files, text, Arrow, databases."""
