"""A small engine for CQL, the query language of Cinchy: enough for reading, and nothing else."""

from .cost import Cost, Meter, TooSlowError
from .engine import Result, ResultColumn, Write, execute
from .errors import CqlError
from .session import LinkRules, Session

__all__ = [
    "Cost",
    "CqlError",
    "LinkRules",
    "Meter",
    "Result",
    "ResultColumn",
    "Session",
    "TooSlowError",
    "Write",
    "execute",
]
