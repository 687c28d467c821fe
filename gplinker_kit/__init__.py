"""Joint event extraction and efficient transformers for Keras, from TF 1.15 to Keras 3."""

__version__ = '0.1.0'
