"""PyTorch's files: tensors are read, whatever else a pickle asks for is not run."""

import functools
import io
import os
import pickle
import warnings

from gplinker_kit.models.checkpoint.source import open_checkpoint

RAN = []  # what a pickle has run


class Hostile:
    """Pickled, it runs `mark`."""

    def __reduce__(self):
        return mark, ('ran',)


def mark(what):
    RAN.append(what)
    return what


def written(value, new):
    import torch

    content = io.BytesIO()
    torch.save(value, content, _use_new_zipfile_serialization=new)
    return content.getvalue()


@functools.lru_cache(maxsize=None)
def seeds():
    import torch

    plain = {'x.weight': torch.arange(6.0).reshape(2, 3).to(torch.bfloat16), 'ids': torch.arange(3)}
    wide = torch.zeros(1).to(torch.bfloat16).expand(2 ** 20, 2 ** 14)
    strided = {'wide': wide, 'turned': torch.arange(6.0).reshape(2, 3).t()}
    values = (plain, {'epoch': 1, 'state_dict': plain}, strided, {'x': Hostile(), 'y': plain['ids']},
              {'complex': torch.ones(2, dtype=torch.complex64), 'sparse': torch.eye(2).to_sparse()})
    files = [written(value, new) for value in values for new in (True, False)]
    return files + [pickle.dumps({'x': Hostile()}, protocol) for protocol in (0, 2, 4)]


def run(data, folder):
    path = os.path.join(folder, 'case.pt')
    with open(path, 'wb') as stream:
        stream.write(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            checkpoint = open_checkpoint(path)
            for name in checkpoint.shapes:
                checkpoint.get(name)
    finally:
        if RAN:
            raise RuntimeError('the file has run code: %s' % RAN.pop())
