"""Structured logs: one line for each thing that happened, as JSON or for people; no personal values are passed in."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import structlog

_ENCODER = json.JSONEncoder(default=repr)


def _as_json(line: Any, **_: Any) -> str:
    return _ENCODER.encode(line)


def configure_logs(*, as_json: bool) -> None:
    """Send all log lines of this process to standard error in one form."""
    plain = structlog.dev.ConsoleRenderer(colors=False)
    renderer = structlog.processors.JSONRenderer(serializer=_as_json) if as_json else plain
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
