"""All tables of central, whoever declares them."""

import importlib
import pkgutil

from sqlalchemy import MetaData

import central.store
from central.store.database import METADATA


def whole_schema() -> MetaData:
    """`METADATA` with every module of the store loaded: a table is known as soon as its module exists."""
    for module in pkgutil.iter_modules(central.store.__path__):
        if not module.ispkg:
            importlib.import_module(f"central.store.{module.name}")
    return METADATA
