"""A small engine for CQL, the query language of Cinchy: enough for reading, and nothing else."""

from .cost import Cost, Meter, TooSlow
from .engine import Result, ResultColumn, Write, execute
from .errors import CqlError
from .session import Session

__all__ = [
    "Cost",
    "CqlError",
    "Meter",
    "Result",
    "ResultColumn",
    "Session",
    "TooSlow",
    "Write",
    "execute",
]
