"""Every way of lying, by name, and those that nobody could notice."""

from __future__ import annotations

from . import answers, cinchy, claims, pages, records, rows

WAYS = {
    **rows.ways,
    **pages.ways,
    **claims.ways,
    **answers.ways,
    **records.ways,
    **cinchy.ways,
}
