"""Deploy: publishing."""
