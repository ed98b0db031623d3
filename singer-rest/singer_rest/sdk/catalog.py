"""The SDK's types of catalogs, for taps that read or shape their own."""

from __future__ import annotations

from singer_sdk.singerlib.catalog import Catalog, CatalogEntry, Metadata, MetadataMapping

__all__ = ["Catalog", "CatalogEntry", "Metadata", "MetadataMapping"]
