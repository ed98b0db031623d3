"""A small engine for CQL, the query language of Cinchy: enough for reading, and nothing else."""

from .engine import Result, ResultColumn, Write, execute
from .errors import CqlError
from .session import Session

__all__ = ["CqlError", "Result", "ResultColumn", "Session", "Write", "execute"]
