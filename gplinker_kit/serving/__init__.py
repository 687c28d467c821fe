"""Extraction over HTTP: requests share batches, within limits; a page to try a model; see docs/serving.md.

`Batcher`, `Limits` and `read_texts` need the standard library only. `make_app` and `serve` need FastAPI, uvicorn and
prometheus_client (`pip install 'gplinker-kit[serve]'`), which are imported when they are called.
"""

from gplinker_kit.serving.app import make_app
from gplinker_kit.serving.batcher import Batcher
from gplinker_kit.serving.bodies import Limits, read_texts
from gplinker_kit.serving.refusals import Refusal
from gplinker_kit.serving.server import serve

__all__ = ['Batcher', 'Limits', 'Refusal', 'make_app', 'read_texts', 'serve']
