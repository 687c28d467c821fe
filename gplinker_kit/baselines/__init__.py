"""What a user of GPLinker compares it with: systems over the same encoder, trained by the same recipe.

Importing the package imports nothing: `systems` has the systems, `training` trains one, `comparison` all of them.
"""
