"""Hugging Face's BERT and RoFormer with random weights: writes their files and what they compute.

Arguments: folder, out.npz. In the folder: bert/ and roformer/, each with config.json, model.safetensors and
pytorch_model.bin. The arrays: MODEL/NAME for tokens, segments, mask, hidden, logits, and of BERT pooled and nsp.
"""

import os
import sys

import numpy as np
import torch
import transformers

SIZES = {
    'vocab_size': 40, 'hidden_size': 16, 'num_hidden_layers': 2, 'num_attention_heads': 2, 'intermediate_size': 24,
    'max_position_embeddings': 32, 'type_vocab_size': 2, 'attn_implementation': 'eager',
}  # fmt: skip


def models():
    # bert4keras and this library add 1e-7 to the variance where a norm has parameters, and 1e-12 in the MLM head.
    bert = transformers.BertConfig(hidden_act='gelu_new', layer_norm_eps=1e-7, **SIZES)
    yield 'bert', transformers.BertForPreTraining(bert)
    roformer = transformers.RoFormerConfig(hidden_act='gelu', layer_norm_eps=1e-7, embedding_size=12, **SIZES)
    yield 'roformer', transformers.RoFormerForMaskedLM(roformer)


def batch():
    rng = np.random.RandomState(0)
    tokens, lengths = rng.randint(1, 40, (3, 9)), [9, 6, 2]
    mask = np.arange(9)[None] < np.array(lengths)[:, None]
    segments = (np.arange(9)[None] >= np.array(lengths)[:, None] // 2) & mask
    return tokens * mask, segments.astype(int), mask


def main(folder, out):
    torch.manual_seed(0)
    found = {}
    tokens, segments, mask = batch()
    for name, model in models():
        model.eval()
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.requires_grad:  # not the table of sines
                    parameter.normal_(0.0, 0.3)
            for module in model.modules():
                if isinstance(module, torch.nn.LayerNorm):
                    module.eps = 1e-12 if any(module is other for other in model.cls.modules()) else 1e-7
        model.save_pretrained(os.path.join(folder, name))
        torch.save(model.state_dict(), os.path.join(folder, name, 'pytorch_model.bin'))
        given = {'input_ids': tokens, 'token_type_ids': segments, 'attention_mask': mask.astype(int)}
        with torch.no_grad():
            result = model(output_hidden_states=True, **{key: torch.tensor(value) for key, value in given.items()})
            arrays = {'tokens': tokens, 'segments': segments, 'mask': mask, 'hidden': result.hidden_states[-1]}
            if name == 'bert':
                arrays['logits'] = result.prediction_logits
                arrays['nsp'] = torch.softmax(result.seq_relationship_logits, -1)
                arrays['pooled'] = model.bert.pooler(result.hidden_states[-1])
            else:
                arrays['logits'] = result.logits
        found.update(('%s/%s' % (name, key), np.asarray(value)) for key, value in arrays.items())
    np.savez(out, **found)


if __name__ == '__main__':
    main(*sys.argv[1:])
