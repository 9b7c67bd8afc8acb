"""`python -m datasets`."""

from datasets.cli import app

if __name__ == "__main__":
    app()
