"""Where a run happens: ZenML's flavors, components and stacks, planned and applied."""
