"""Hugging Face transformers and bert4torch in the encoder benchmark, on PyTorch."""

from __future__ import annotations

import functools
import json
import os

from benchmarks import base_models, memory
from benchmarks.processes import serve, timed


def transformers(model, made, folder):
    """Returns (memory at the start, module, function of token ids and segment ids -> hidden states, versions)."""
    import transformers as package

    config = package.RoFormerConfig(**made)
    start = memory.begin()  # after the imports, as ours
    module = package.RoFormerModel(config)

    def run(tokens, segments):
        mask = (tokens > 0).long()
        return module(input_ids=tokens, token_type_ids=segments, attention_mask=mask).last_hidden_state

    return start, module, run, {'transformers': package.__version__}


def bert4torch(model, made, folder):
    """As `transformers`."""
    from importlib.metadata import version

    from bert4torch.models import build_transformer_model

    path = os.path.join(folder, 'bert4torch_config.json')
    with open(path, 'w') as stream:
        json.dump(dict(made, max_position=512, segment_vocab_size=2), stream)
    start = memory.begin()
    module = build_transformer_model(path, model=model)

    def run(tokens, segments):
        output = module([tokens, segments])
        return output[0] if isinstance(output, (list, tuple)) else output

    return start, module, run, {'bert4torch': version('bert4torch')}


def measure(build, model, kind, shape, options):
    """As ours; PyTorch's own fused Adam."""
    import torch

    made = base_models.config(model, options['quick'], options['dropout'])
    tokens, segments, labels = (torch.from_numpy(part).long() for part in base_models.batch(shape))
    start, module, encode, versions = build(model, made, options['folder'])
    parameters = sum(weight.numel() for weight in module.parameters() if weight.requires_grad)
    if kind == 'forward':
        module.eval()

        def run():
            with torch.no_grad():
                return encode(tokens, segments).numpy()
    else:
        module.train()
        head = torch.nn.Linear(made['hidden_size'], base_models.LABELS)
        weights = list(module.parameters()) + list(head.parameters())
        optimizer = torch.optim.Adam(weights, base_models.RATE, fused=True)
        loss_function = torch.nn.CrossEntropyLoss()

        def run():
            optimizer.zero_grad()
            loss = loss_function(head(encode(tokens, segments)).flatten(0, 1), labels.flatten())
            loss.backward()
            optimizer.step()
            return float(loss)

    return timed(run, lambda: {
        'versions': dict(versions, torch=torch.__version__), 'parameters': parameters,
        'memory': memory.peak_since(start),
    })  # fmt: skip


VARIANTS = {
    base_models.row_name(model, kind, shape, build.__name__): functools.partial(measure, build, model, kind, shape)
    for build, models in ((transformers, ('roformer',)), (bert4torch, ('bert', 'roformer_v2', 'gau_alpha')))
    for model in models for kind in base_models.KINDS for shape in base_models.SHAPES
}  # fmt: skip

if __name__ == '__main__':
    serve(VARIANTS)
