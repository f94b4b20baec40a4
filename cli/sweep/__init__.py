"""`run.py -m`: words that name several values, the jobs they stand for, and their folder."""
