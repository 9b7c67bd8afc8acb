"""``python -m edge``."""

from edge.cli import app
from edge.logs import set_up_logging

if __name__ == "__main__":
    set_up_logging()
    app()
