"""Hostile input: `python -m fuzz` gives readers and decoders what nobody should send them. See docs/fuzzing.md."""
