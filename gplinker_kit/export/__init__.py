"""Trained models for other programs: SavedModel and ONNX, and the session that runs the latter without an engine.

Modules: `facts` (what an exported folder says of itself), `session` (onnxruntime), `writing` (needs an engine).
"""

from gplinker_kit.export.facts import FORMATS

__all__ = ['FORMATS']
