"""CLUE's eleven tasks. numpy only."""
