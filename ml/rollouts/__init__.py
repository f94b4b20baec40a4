"""Rollouts that decide by evidence: tests that hold however often they look, and the stages that they steer."""
