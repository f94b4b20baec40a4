"""One command from raw rows to a monitored model: python run.py +experiment=NAME [group=option …] [key=value …]."""

from cli.program import program

if __name__ == "__main__":
    program()
