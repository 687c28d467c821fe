"""What is fuzzed: a module a target, with `seeds()`, a list of bytes, and `run(data, folder)`.

`run` makes of any bytes an input of the library and calls it. It may raise a ValueError that says something, which is a
refusal; whatever else it raises is a finding. `folder` is one to write into, in which files of earlier cases may lie.
`seeds` raises ImportError where a package is missing that the target needs.
"""

# A target is added by its name here and a module beside this one.
NAMES = ('tokenizer', 'sentence_piece', 'events', 'relations', 'clue', 'annotations', 'folder', 'exported',
         'checkpoint', 'escapes', 'hdf5', 'torch_file', 'tf_checkpoint', 'http_body', 'http_request', 'event_decoder',
         'relation_decoder')
