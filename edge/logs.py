"""Structured logs on standard error: a fixed sentence, facts in fields."""

import logging
import sys

import structlog


def set_up_logging(level: int = logging.INFO) -> None:
    """Call once, from the command line. Coloured for a person, plain for a file."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("libav").setLevel(logging.CRITICAL)  # its complaints come back as exceptions, once
