"""PyTorch's files of weights, read without running what a pickle may hold."""

import os
import pickle
import zipfile

from gplinker_kit.errors import CheckpointError
from gplinker_kit.files import check_announced

# Before, a crafted file could run code although weights_only was asked for (CVE-2025-32434).
OLDEST = (2, 6)
# Where training scripts keep the weights among other things.
NESTED = ('state_dict', 'model_state_dict', 'model', 'module')


def read_torch_file(path):
    """Opens a .bin, .pt or .pth file: returns ({name: shape}, function name -> array).

    Only tensors, numbers and the like are read (`torch.load(weights_only=True)`); any other object is refused before
    it is made.

    Raises:
        CheckpointError: a damaged file, one that holds other objects, or no tensors by name.
        ImportError: PyTorch is missing, or too old to read such a file safely.
    """
    torch = _torch(path)
    try:
        content = torch.load(path, map_location='cpu', weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        problem = '%s is damaged, or holds more than weights, which is never run: %s' % (path, _first_line(error))
        raise CheckpointError(problem) from error
    except Exception as error:  # EOFError, RuntimeError, OSError, KeyError, …, by where the damage lies
        raise CheckpointError('%s cannot be read as a file of PyTorch: %s' % (path, _first_line(error))) from error
    tensors = _tensors(torch, content)
    size = os.path.getsize(path)
    try:
        # A tensor may repeat a few numbers without end, which takes memory as soon as it is copied.
        for name, tensor in tensors.items():
            check_announced(name, tensor.numel() * tensor.element_size(), size)
    except ValueError as error:
        raise CheckpointError('%s cannot be read as a file of PyTorch: %s' % (path, error)) from error
    if not tensors:
        raise CheckpointError('%s holds no tensors by name, but: %s' % (path, type(content).__name__))

    def read(name):
        tensor = tensors[name].detach()
        return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()

    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}, read


def _first_line(error):
    return (str(error).strip() or type(error).__name__).split('\n')[0][:300]


def _tensors(torch, content):
    """{name: tensor} of the first dict of tensors under a usual key, or else of the dict itself.

    A training script may keep a loose tensor, such as a loss, beside the weights.
    """
    if not isinstance(content, dict):
        return {}
    for key in NESTED:
        tensors = _tensors(torch, content.get(key))
        if tensors:
            return tensors
    return {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}


def _torch(path):
    advice = 'pip install "torch>=2.6", or take the safetensors file of the same weights'
    try:
        import torch
    except ImportError as error:
        raise ImportError('%s is a file of PyTorch, which is not installed here: %s' % (path, advice)) from error
    version = tuple(int(part) for part in torch.__version__.split('+')[0].split('.')[:2])
    if version < OLDEST:
        raise ImportError(
            '%s: PyTorch %s can be made to run code by such a file (CVE-2025-32434): %s'
            % (path, torch.__version__, advice)
        )
    return torch
