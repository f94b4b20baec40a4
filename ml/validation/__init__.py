"""Raw values and rows against a signature, for the service and for batches."""
