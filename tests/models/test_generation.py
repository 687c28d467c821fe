"""Generation: steps with kept keys and values give what whole texts give, whatever the lengths and the padding."""

import numpy as np
import pytest

from gplinker_kit.backend import keras
from gplinker_kit.models.generation import Generator
from tests.helpers import ENGINE, STACK
from tests.models.tiny import CONFIGS, SIZES, build, randomise

DECODER = dict(SIZES, num_hidden_layers=2, hidden_act='gelu_tanh', with_lm='linear')
LM = {'application': 'lm', 'with_mlm': 'linear', 'num_hidden_layers': 2}
MODELS = {
    'gpt_j': ('gpt_j', DECODER),
    'gpt_neox': ('gpt_neox', DECODER),
    'roformer_v2': ('roformer_v2', dict(CONFIGS['roformer_v2'], rotary_layout='half', **LM)),
    'bert, probabilities': ('bert', dict(CONFIGS['bert'], max_position=30, **dict(LM, with_mlm=True))),
    'gpt_neox, unilm': ('gpt_neox', dict(DECODER, application='unilm', segment_vocab_size=2)),
    'roformer, unilm': ('roformer', dict(CONFIGS['roformer'], **dict(LM, application='unilm'))),
}
RANDOM = np.random.RandomState(5)
PROMPTS = [RANDOM.randint(1, 50, length).tolist() for length in (7, 3, 12, 1)]


def wrapper_of(name):
    model, options = MODELS[name]
    wrapper = build(model, **options)
    randomise(wrapper.model, seed=2, scale=0.25)
    return wrapper


def generator(wrapper, **options):
    return Generator(wrapper, **dict(dict(end_id=None, maxlen=6, multiple=8), **options))


# Of models that differ in one thing only, one on every stack and the others where they are fastest.
NAMES = [pytest.param(name, marks=pytest.mark.once('keras2')) if name in ('bert, probabilities', 'gpt_neox, unilm')
         else name for name in sorted(MODELS)]


@pytest.mark.smoke
@pytest.mark.thinned
@pytest.mark.parametrize('name', NAMES)
def test_steps_give_what_whole_texts_give(name):
    """Logits, for prompts of unequal lengths, and what comes of them."""
    wrapper = wrapper_of(name)
    steps, whole = generator(wrapper), generator(wrapper, cache=False)
    inputs = [np.stack(column) for column in zip(*steps._inputs(PROMPTS, None))]
    new, states = np.zeros((4, 0), int), None
    for _ in range(5):
        one, states = steps.predict(inputs, new, states)
        two, _ = whole.predict(inputs, new)
        assert (abs(one - two) / np.maximum(1, abs(two))).max() < 1e-5
        new = np.concatenate([new, one.argmax(-1)[:, None]], 1)
    assert [row.tolist() for row in steps.greedy(PROMPTS)][0][:5] == new[0].tolist()
    for call in (lambda g: g.greedy(PROMPTS), lambda g: g.beam(PROMPTS, 3)):
        found, expected = ([row.tolist() for row in call(g)] for g in (steps, whole))
        assert found == expected and all(len(row) == 6 for row in found)
    assert [steps.beam([prompt], 3)[0].tolist() for prompt in PROMPTS[:2]] == found[:2]  # alone


def test_samples_are_those_of_whole_texts():
    wrapper, found = wrapper_of('gpt_neox'), []
    for cache in (True, False):
        np.random.seed(3)
        found.append(generator(wrapper, cache=cache).sample(PROMPTS, n=2, topk=20, topp=0.9, temperature=0.8))
    assert [[one.tolist() for one in row] for row in found[0]] == [[one.tolist() for one in row] for row in found[1]]
    assert [len(row) for row in found[0]] == [2] * 4 and found[0][0][0].tolist() != found[0][0][1].tolist()


@pytest.mark.parametrize('side', ['left', 'right'])
def test_padding_on_either_side(side):
    """Token 0 is a token of the decoder's, so that the mask tells."""
    wrapper = wrapper_of('gpt_j')
    make, prompts = generator(wrapper), [[0, 5, 0, 9], [0, 7]]
    padded, mask = np.full((2, 6), 33), np.zeros((2, 6), bool)
    for row, prompt in enumerate(prompts):
        places = slice(0, len(prompt)) if side == 'right' else slice(6 - len(prompt), 6)
        padded[row, places], mask[row, places] = prompt, True
    found = [row.tolist() for row in make.greedy(padded, mask)]
    assert found == [row.tolist() for row in make.greedy(prompts)]
    encoder = generator(wrapper_of('roformer_v2'))
    assert encoder.greedy([[5, 6, 0, 0]])[0].tolist() == encoder.greedy([[0, 0, 5, 6]])[0].tolist()


def test_the_end_token():
    wrapper = wrapper_of('gpt_neox')
    free = generator(wrapper, maxlen=12).greedy(PROMPTS)
    end = int(free[0][3])
    for cache in (True, False):
        ended = generator(wrapper, maxlen=12, end_id=end, cache=cache).greedy(PROMPTS)
        for one, two in zip(ended, free):
            where = np.flatnonzero(two == end)
            assert one.tolist() == (two[:where[0] + 1] if len(where) else two).tolist()
    longer = generator(wrapper, maxlen=12, end_id=end, minlen=8).greedy(PROMPTS)
    assert all(len(row) >= 8 for row in longer)


@pytest.mark.skipif(ENGINE != 'jax', reason='JAX says what it compiles')
def test_a_bounded_number_of_programs(caplog):
    import jax

    make = generator(wrapper_of('gpt_j'), maxlen=10, end_id=4)
    with caplog.at_level('WARNING'), jax.log_compiles():
        make.beam(PROMPTS, 3)
        make.beam(PROMPTS[1:], 3)  # as many rows, rounded up, and as wide
    compiled = [record for record in caplog.records if 'Finished XLA compilation of jit(step)' in record.getMessage()]
    assert len(compiled) == 3, [record.getMessage() for record in compiled]


@pytest.mark.skipif(STACK != 'keras3', reason='policies are of Keras 3')
def test_half_precision():
    before = keras.config.dtype_policy()
    plain = wrapper_of('gpt_j')
    expected, _ = generator(plain).predict([np.array([[5, 6, 7]]), np.ones((1, 3), bool)], np.zeros((1, 0), int))
    keras.config.set_dtype_policy('mixed_bfloat16')
    try:
        half = build(*MODELS['gpt_j'][:1], **MODELS['gpt_j'][1])
        half.model.set_weights(plain.model.get_weights())
        make = generator(half)
        found, _ = make.predict([np.array([[5, 6, 7]]), np.ones((1, 3), bool)], np.zeros((1, 0), int))
        assert [len(row) for row in make.greedy(PROMPTS)] == [6] * 4
    finally:
        keras.config.set_dtype_policy(before)
    assert make.step.dtype == 'bfloat16'
    np.testing.assert_allclose(found, expected, atol=0.1 * abs(expected).max())


def test_what_cannot_be_generated():
    with pytest.raises(ValueError, match="RoFormerV2 is not causal: build it with application='lm'"):
        Generator(build('roformer_v2', with_mlm='linear'))
    with pytest.raises(ValueError, match="a head is needed that gives probabilities .* Received: 'relu'"):
        Generator(build('roformer_v2', application='lm', with_mlm='relu'))
    with pytest.raises(ValueError, match='a head is needed .* Received: False'):
        Generator(build('gpt_j', **dict(DECODER, with_lm=False)))
    unit = build('gau_alpha', application='lm', with_mlm='linear')
    with pytest.raises(ValueError, match='GatedAttentionUnit is a GatedAttentionUnit; only multi-head attention keeps'):
        Generator(unit)
    assert [len(row) for row in generator(unit, cache=False).greedy(PROMPTS[:2])] == [6, 6]
    for model, options in (('roformer', {'attention': 'linear'}), ('flash', {})):
        with pytest.raises(ValueError, match='only multi-head attention keeps'):
            Generator(build(model, application='lm', with_mlm='linear', **options))
    with pytest.raises(ValueError, match="cache: a loop over blocks .* Build the model with stack='unrolled'"):
        Generator(build('gpt_j', **dict(DECODER, stack='scan')))
    with pytest.raises(ValueError, match='multiple must be a positive integer. Received: 0'):
        generator(unit, cache=False, multiple=0)
    scores = build('roformer_v2', application='lm', with_mlm='linear', residual_attention_scores=True)
    with pytest.raises(ValueError, match='needs scores or positions of all pairs. Generate with cache=False'):
        Generator(scores)
    make = generator(wrapper_of('bert, probabilities'), maxlen=20)
    with pytest.raises(ValueError, match='a prompt of 12 tokens and 20 new ones need 31 positions, max_position is 30'):
        make.greedy(PROMPTS)
    with pytest.raises(ValueError, match='prompts: item 1 has no token; give it the start token'):
        make.greedy([[4], [0]])
