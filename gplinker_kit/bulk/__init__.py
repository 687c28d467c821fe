"""Bulk extraction: the input in shards, each extracted by a worker into a file of its own, put together in the end."""

from gplinker_kit.bulk.extraction import extract_in_shards, in_turn

__all__ = ['extract_in_shards', 'in_turn']
