"""Attention weights of an encoder: what numpy makes of the same inputs, and what makes the layer's own output."""

import numpy as np
import pytest

from gplinker_kit.models.attention_maps import attention_model
from tests.models.tiny import CONFIGS, batch, build, randomise

pytestmark = pytest.mark.smoke
PADDED = 3


def inputs():
    token_ids, segment_ids = batch(size=2)
    token_ids = np.array(token_ids)
    token_ids[1, -PADDED:] = 0
    return [token_ids, np.array(segment_ids)]


def maps(model, given):
    found = model.predict(given)
    return [np.asarray(one) for one in (found if isinstance(found, list) else [found])]


def softmax(scores):
    exponents = np.exp(scores - scores.max(-1, keepdims=True))
    return exponents / exponents.sum(-1, keepdims=True)


def rotated(x):
    """Rotary positions of (n, d), by complex numbers."""
    half = x.shape[-1] // 2
    angles = np.arange(x.shape[0])[:, None] / 10000 ** (np.arange(half) / half)
    turned = (x[:, 0::2] + 1j * x[:, 1::2]) * np.exp(1j * angles)
    return np.stack([turned.real, turned.imag], -1).reshape(x.shape)


def first_block_input(wrapper, given):
    """The embeddings after their norm, (b, n, e), by the model's own layers."""
    from gplinker_kit.backend import Model

    layer = wrapper.layers['Embedding-Norm']
    return np.asarray(Model(wrapper.inputs, layer.output).predict(given))


@pytest.mark.parametrize('name', ['bert', 'roformer_v2', 'gau_alpha'])
def test_the_first_block_by_numpy(name):
    wrapper = build(name)
    randomise(wrapper.model, seed=3)
    given = inputs()
    states = first_block_input(wrapper, given)
    model, names = attention_model(wrapper, name, CONFIGS[name])
    (found,) = maps(model, given)
    layer = wrapper.layers[names[0]]
    length = given[0].shape[1]
    seen = np.where(given[0][:, None, :] == 0, -1e30, 0.0)
    weights = layer.get_weights()
    for text in range(2):
        x = states[text].astype('float64')
        if name == 'gau_alpha':
            hidden = x @ weights[0]
            hidden = hidden / (1 + np.exp(-hidden))
            z = hidden[:, 2 * layer.units:]
            query, key = rotated(z * weights[1]), rotated(z * weights[2])
            keys = np.count_nonzero(given[0][text])
            scale = np.log(max(keys, 16)) / np.log(512) / np.sqrt(layer.key_size)
            expected = softmax(query @ key.T * scale + seen[text])[None]
        else:
            kernels = weights[0::2] if layer.use_bias else weights
            biases = weights[1::2] if layer.use_bias else [0, 0]
            query, key = x @ kernels[0] + biases[0], x @ kernels[1] + biases[1]
            expected = []
            for head in range(layer.heads):
                part = slice(head * layer.key_size, (head + 1) * layer.key_size)
                q, k = query[:, part], key[:, part]
                if name == 'roformer_v2':
                    q, k = rotated(q), rotated(k)
                expected.append(softmax(q @ k.T / np.sqrt(layer.key_size) + seen[text]))
            expected = np.array(expected)
        assert expected.shape == found[text].shape == (getattr(layer, 'heads', 1), length, length)
        np.testing.assert_allclose(found[text], expected, rtol=2e-3, atol=2e-5)
    assert found[1, ..., -PADDED:].max() < 1e-6 and found.std() > 1e-3


def test_every_block_and_its_own_output():
    """The weights times the values, through the output matrix, are what the layer itself has computed."""
    from gplinker_kit.backend import Model

    wrapper = build('bert', num_hidden_layers=2)
    randomise(wrapper.model, seed=5)
    outputs = [wrapper.layers['Transformer-%d-MultiHeadSelfAttention' % k].output for k in range(2)]
    before = [wrapper.layers['Embedding-Norm'].output, wrapper.layers['Transformer-0-FeedForward-Norm'].output]
    states = Model(wrapper.inputs, before + outputs).predict(inputs())
    model, names = attention_model(wrapper, 'bert', dict(CONFIGS['bert'], num_hidden_layers=2))
    assert names == ['Transformer-%d-MultiHeadSelfAttention' % k for k in range(2)]
    for block, found in enumerate(maps(model, inputs())):
        layer = wrapper.layers[names[block]]
        _, _, _, _, kernel, bias, last, offset = layer.get_weights()
        values = np.asarray(states[block]) @ kernel + bias
        b, n, _ = values.shape
        values = values.reshape(b, n, layer.heads, layer.head_size)
        mixed = np.einsum('bhnm,bmhd->bnhd', np.asarray(found), values).reshape(b, n, -1)
        np.testing.assert_allclose(mixed @ last + offset, np.asarray(states[2 + block]), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(np.asarray(found).sum(-1), 1, rtol=1e-5)


def test_stacked_blocks_have_the_maps_of_unrolled_ones():
    plain = build('roformer_v2', num_hidden_layers=2)
    stacked = build('roformer_v2', num_hidden_layers=2, stack='scan')
    randomise(plain.model, seed=7)
    arguments = dict(CONFIGS['roformer_v2'], num_hidden_layers=2)
    expected, names = attention_model(plain, 'roformer_v2', arguments)
    copied = {name: layer.get_weights() for name, layer in plain.layers.items() if layer.weights}
    for name, layer in stacked.layers.items():
        if name in copied:
            layer.set_weights(copied[name])
    stack = stacked.layers['Transformer-Stack']
    values = stack.get_weights()
    for name, block in stacked.stacked.items():
        for place, value in zip(block.places(), copied[name]):
            values[place][block.index] = value
    stack.set_weights(values)
    found, same = attention_model(stacked, 'roformer_v2', dict(arguments, stack='scan'))
    assert names == same and len(names) == 2
    for one, other in zip(maps(found, inputs()), maps(expected, inputs())):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-4, atol=1e-6)


def test_attention_without_a_matrix_is_refused():
    wrapper = build('bert', attention='linear')
    with pytest.raises(ValueError, match="model='bert', attention='linear'. computes no matrix"):
        attention_model(wrapper, 'bert', dict(CONFIGS['bert'], attention='linear'))
