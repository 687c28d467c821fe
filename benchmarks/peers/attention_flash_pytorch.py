"""FLASH-pytorch in the attention benchmark, on PyTorch."""

from __future__ import annotations

import functools

from benchmarks import memory
from benchmarks.attention_ours import CHUNK, KEY_SIZE, LENGTHS, PASSES, RATE, UNITS, WIDTH, text, variant_name
from benchmarks.processes import serve, timed


def measure(run, length, options):
    """As ours: the same sizes, mean squared error, PyTorch's own fused Adam."""
    from importlib.metadata import version

    import torch
    from flash_pytorch import FLASH

    x = torch.from_numpy(text(length, options['quick']))
    start = memory.begin()
    layer = FLASH(dim=WIDTH, group_size=CHUNK, query_key_dim=KEY_SIZE, expansion_factor=UNITS / WIDTH, causal=False)
    parameters = sum(weight.numel() for weight in layer.parameters())
    if run == 'forward':
        layer.eval()

        def call():
            with torch.no_grad():
                return layer(x).numpy()
    else:
        layer.train()
        optimizer = torch.optim.Adam(layer.parameters(), RATE, fused=True)

        def call():
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(layer(x), x)
            loss.backward()
            optimizer.step()
            return float(loss)

    return timed(call, lambda: {
        'versions': {'FLASH-pytorch': version('FLASH-pytorch'), 'torch': torch.__version__}, 'parameters': parameters,
        'memory': memory.peak_since(start),
    })  # fmt: skip


VARIANTS = {
    variant_name('flash_pytorch', run, length): functools.partial(measure, run, length)
    for run in PASSES for length in LENGTHS
}  # fmt: skip

if __name__ == '__main__':
    serve(VARIANTS)
