"""The state of PyTorch's own generators, from which Keras draws dropout there."""

import torch


def read_generators():
    """Returns uint8 arrays: the state of the CPU's generator, then that of each GPU's."""
    states = [torch.get_rng_state()]
    if torch.cuda.is_available():
        states += torch.cuda.get_rng_state_all()
    return [state.numpy().copy() for state in states]


def write_generators(arrays):
    """Takes what `read_generators` returned; of GPUs, those that there are."""
    torch.set_rng_state(torch.from_numpy(arrays[0].copy()))
    if torch.cuda.is_available():
        torch.cuda.set_rng_state_all([torch.from_numpy(array.copy()) for array in arrays[1:]])
