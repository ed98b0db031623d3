"""One read of a Singer tap as many tasks of an engine that is there already, under one proof.

:mod:`singer_distributed.dask` and :mod:`singer_distributed.spark` need the extra of their name.
"""
