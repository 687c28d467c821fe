"""The articles' claims as programs to rerun: `python -m studies.NAME [--full] [--output DIR]`."""
