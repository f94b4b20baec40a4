"""Slot deploy: publishing."""
