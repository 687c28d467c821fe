"""Hugging Face's GPT-J and GPT-NeoX with random weights: writes their files and what they compute.

Arguments: folder, out.npz. In the folder: gpt_j/, gpt_neox/ and sequential/ (GPT-NeoX whose branches follow each
other), each with config.json and model.safetensors. The arrays: MODEL/NAME for tokens, mask (padding on the left),
logits, hidden, and written: what greedy search adds to the tokens.
"""

import os
import sys

import numpy as np
import torch
import transformers

NEW = 7


def models():
    j = {'vocab_size': 40, 'n_positions': 32, 'n_embd': 32, 'n_layer': 2, 'n_head': 2, 'n_inner': 48, 'rotary_dim': 6}
    none = {'bos_token_id': None, 'eos_token_id': None, 'attn_implementation': 'eager'}
    yield 'gpt_j', transformers.GPTJForCausalLM(transformers.GPTJConfig(**dict(j, **none)))
    neox = {'vocab_size': 40, 'hidden_size': 32, 'num_hidden_layers': 2, 'num_attention_heads': 2,
            'intermediate_size': 48, 'max_position_embeddings': 32, 'rotary_pct': 0.25}
    for name, parallel in (('gpt_neox', True), ('sequential', False)):
        config = transformers.GPTNeoXConfig(use_parallel_residual=parallel, **dict(neox, **none))
        yield name, transformers.GPTNeoXForCausalLM(config)


def main(folder, out):
    torch.manual_seed(0)
    rng, found = np.random.RandomState(0), {}
    tokens, mask = rng.randint(1, 40, (3, 9)), np.arange(9)[None] >= np.array([[0], [4], [7]])
    for name, model in models():
        model.eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(0.0, 0.2)
        model.save_pretrained(os.path.join(folder, name))
        given = {'input_ids': torch.tensor(tokens), 'attention_mask': torch.tensor(mask.astype(int))}
        with torch.no_grad():
            whole = model(input_ids=given['input_ids'], output_hidden_states=True)
            written = model.generate(max_new_tokens=NEW, do_sample=False, pad_token_id=0, **given)[:, 9:]
        arrays = {'tokens': tokens, 'mask': mask, 'logits': whole.logits, 'hidden': whole.hidden_states[-1],
                  'written': written}
        found.update(('%s/%s' % (name, key), np.asarray(value)) for key, value in arrays.items())
    np.savez(out, **found)


if __name__ == '__main__':
    main(*sys.argv[1:])
