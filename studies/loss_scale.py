"""The loss scale: how many gradients float16 loses, and what a constant does to Adam.

Claims (kexue.fm/archives/9059): in float16 small gradients become 0, above all where the initialisation makes them
small on purpose, as DeepNet's does; so multiply the loss by a constant, such as 1000, "as large as possible without
NaN", to which Adam's updates are invariant. Measured here: of a deep post-norm encoder, freshly initialised, the share
of gradient entries that are 0 in half precision though not in float32, by scale, initialisation and role of the
matrix; and how far Adam's weights part when the loss is 1000 times as large, for several epsilons. Keras 3 only.

    KERAS_BACKEND=torch python -m studies.loss_scale [--full] [--output DIR]
"""

from __future__ import annotations

import os

import numpy as np

from studies.common import COLOURS, ROOT, figure, markdown, parser, save, write_csv
from studies.masked import guesser, hidden_crossentropy, hide

CORPUS = os.path.join(ROOT, 'examples', 'corpus')
STYLES = ('plain', 'DeepNorm')
ROLES = ('query, key', 'value, output', 'feed-forward', 'token table')
EXPONENTS = tuple(range(0, 25, 2))  # of the scales, powers of two
EPSILONS = (1e-4, 1e-7, 1e-12)
CONSTANT = 1000.0
WIDTH, HEADS = 64, 4


def encoder(style, depth, tokens, dtype='float32'):
    """Returns (wrapper, model that guesses hidden tokens) of `depth` post-norm blocks, 64 wide, without dropout.

    style: 'plain' or 'DeepNorm', whose sums are norm(alpha * x + F(x)), alpha = (2 * depth)^(1/4) (arXiv:2203.00555).
    dtype: a policy of Keras 3.
    """
    from gplinker_kit.backend import Layer, keras
    from gplinker_kit.layers import Add
    from gplinker_kit.models import build_transformer_model
    from gplinker_kit.models.roformer import RoFormerV2

    alpha = (2 * depth) ** 0.25 if style == 'DeepNorm' else 1.0

    class Times(Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, inputs):
            return inputs * alpha

        def compute_output_shape(self, input_shape):
            return input_shape

    class Deep(RoFormerV2):
        def apply(self, inputs=None, layer=None, arguments=None, **kwargs):
            if layer is Add:
                inputs = [super().apply(inputs[0], Times, name=kwargs['name'] + '-Scaled')] + list(inputs[1:])
            return super().apply(inputs, layer, arguments, **kwargs)

    keras.config.set_dtype_policy(dtype)
    try:
        wrapper = build_transformer_model(
            model=Deep, vocab_size=tokens, hidden_size=WIDTH, num_hidden_layers=depth, num_attention_heads=HEADS,
            intermediate_size=4 * WIDTH, hidden_act='relu', dropout_rate=0.0, return_keras_model=False)
        return wrapper, guesser(wrapper)
    finally:
        keras.config.set_dtype_policy('float32')


def role_of(path):
    """Returns the role of the weight with that name, or None where it is none of `ROLES`."""
    for words, role in (('Token', 3), ('FeedForward', 2), ('/query', 0), ('/key', 0), ('/value', 1), ('/output', 1)):
        if words in path:
            return ROLES[role]
    return None


def initialise(model, style, depth, seed=0):
    """Xavier's normal for matrices and 0.02 for the table; DeepNorm shrinks what is added by (8 * depth)^(-1/4)."""
    random, values = np.random.RandomState(seed), []
    for weight in model.weights:
        role, shape = role_of(weight.path), tuple(weight.shape)
        deviation = 0.02 if role == ROLES[3] else (2.0 / sum(shape)) ** 0.5
        if style == 'DeepNorm' and role in ROLES[1:3]:
            deviation *= (8 * depth) ** -0.25
        values.append(random.normal(0, deviation, shape).astype('float32'))
    model.set_weights(values)


def texts(count, width=48):
    """Returns (model inputs, targets) of `count` sentences of the invented corpus, 15% of the tokens hidden."""
    from gplinker_kit.events import read_examples, read_schema
    from gplinker_kit.tokenizers import Tokenizer

    schema = read_schema(os.path.join(CORPUS, 'duee_event_schema.json'))
    examples = read_examples(os.path.join(CORPUS, 'duee_train.json'), schema)[:count]
    tokenizer = Tokenizer(os.path.join(CORPUS, 'vocab.txt'), do_lower_case=True)
    rows = [tokenizer.encode(example.text, maxlen=width)[0] for example in examples]
    special = [tokenizer._token_start_id, tokenizer._token_end_id]
    mask = tokenizer._token_dict['[MASK]']
    tokens, positions, wanted = hide(rows, width, 0.15, mask, special, np.random.RandomState(0))
    return [tokens, np.zeros_like(tokens), positions], wanted, tokenizer._vocab_size


def gradients(model, batch, scale=1.0):
    """Returns {path of a weight: gradient of `scale` times the loss}, as an optimizer of this engine gets it."""
    from gplinker_kit.backend.optimizer import Driver, Rule, value_of

    class Seen(Rule):
        def slots(self, shape):
            return {'gradient': shape}

        def update(self, gradient, weight, state, step):
            return 0.0 * weight, {'gradient': gradient}

    class Recorder(Driver):
        def process_gradients(self, given):
            return given

        def check_patterns(self, names):
            """There are none."""

    def loss(y_true, y_pred):
        return scale * hidden_crossentropy(y_true, y_pred)

    recorder = Recorder(Seen(), 0.0, 'recorder')
    model.compile(loss=loss, optimizer=recorder, auto_scale_loss=False)
    model.train_on_batch(batch[0], batch[1])
    return {variable.path: np.asarray(value_of(slots['gradient']), 'float64')
            for variable, slots in recorder.variables_with_slots()}


def flushed(exact, half):
    """Returns {role: (share of the entries that are not 0 in `exact` but in `half`, share that is not finite)}."""
    found = {}
    for role in ROLES:
        paths = [path for path in exact if role_of(path) == role]
        one = np.concatenate([exact[path].ravel() for path in paths])
        other = np.concatenate([half[path].ravel() for path in paths])
        there = one != 0
        found[role] = (float(np.mean(other[there] == 0)), float(np.mean(~np.isfinite(other[there]))))
    return found


def lost(style, depth, batch, tokens, exponents):
    """Returns rows (initialisation, scale, role, share flushed, share overflown, median size in float32)."""
    _, plain = encoder(style, depth, tokens)
    initialise(plain, style, depth)
    exact = gradients(plain, batch)
    _, half = encoder(style, depth, tokens, 'mixed_float16')
    half.set_weights(plain.get_weights())
    half_of = {a.path: b.path for a, b in zip(plain.trainable_weights, half.trainable_weights)}
    sizes = {role: float(np.median(np.abs(np.concatenate(
        [exact[path][exact[path] != 0] for path in exact if role_of(path) == role])))) for role in ROLES}
    rows = []
    for exponent in exponents:
        found = gradients(half, batch, 2.0**exponent)
        shares = flushed(exact, {path: found[half_of[path]] for path in exact})
        rows += [(style, exponent, role, *shares[role], sizes[role]) for role in ROLES]
        told = ', '.join('%s %.2f%%' % (role, 100 * shares[role][0]) for role in ROLES)
        print('%s, 2^%d: %s' % (style, exponent, told), flush=True)
    return rows


def adam_apart(depth, batch, tokens, steps, epsilon):
    """Trains with the loss times 1 and times 1000; returns ‖w(1) - w(1000)‖ / ‖w(1) - w(start)‖ after each step."""
    from gplinker_kit.optimizers import Adam

    runs = []
    for scale in (1.0, CONSTANT):
        _, model = encoder('DeepNorm', depth, tokens)
        initialise(model, 'DeepNorm', depth)

        def loss(y_true, y_pred, scale=scale):
            return scale * hidden_crossentropy(y_true, y_pred)

        model.compile(loss=loss, optimizer=Adam(1e-3, epsilon=epsilon))
        path = [flat(model)]
        for _ in range(steps):
            model.train_on_batch(batch[0], batch[1])
            path.append(flat(model))
        runs.append(path)
    return [float(np.linalg.norm(a - b) / np.linalg.norm(a - runs[0][0])) for a, b in zip(*(run[1:] for run in runs))]


def flat(model):
    return np.concatenate([weight.ravel() for weight in model.get_weights()]).astype('float64')


def draw(rows, apart, folder):
    made, axes = figure(12, 3.9, 3)
    for axis, style in zip(axes, STYLES):
        for role, colour in zip(ROLES, COLOURS):
            points = [(row[1], 100 * row[3] or np.nan) for row in rows if (row[0], row[2]) == (style, role)]
            axis.plot(*zip(*points), 'o-', ms=3.5, color=colour, label=role)
        over = {}
        for row in rows:
            if row[0] == style:
                over[row[1]] = max(over.get(row[1], 0.0), row[4])
        broken = [exponent for exponent in over if over[exponent] > 0]
        if broken:
            axis.axvspan(min(broken) - 1, max(over) + 0.5, color='0.85', label='overflow')
        axis.set(title='%s initialisation' % style, xlabel='loss scale, power of two', yscale='log', ylim=(5e-4, 100))
        axis.axvline(np.log2(CONSTANT), color='0.4', lw=0.8, ls=':')
    axes[0].set(ylabel='gradient entries lost, % (no point: none)')
    axes[1].legend(frameon=False, fontsize=8)
    for epsilon, colour in zip(EPSILONS, COLOURS):
        values = [row[2] for row in apart if row[0] == epsilon]
        axes[2].plot(range(1, len(values) + 1), values, color=colour, label='epsilon %.0e' % epsilon)
    axes[2].set(yscale='log', xlabel='step', title='Adam: loss times 1 against times 1000',
                ylabel='difference / way gone')
    axes[2].legend(frameon=False, fontsize=8)
    save(made, folder, 'loss_scale')


def main():
    options = parser(__doc__, 'loss_scale').parse_args()
    depth, count, steps = (24, 16, 40) if options.full else (6, 8, 10)
    exponents = EXPONENTS if options.full else EXPONENTS[::3]
    inputs, wanted, tokens = texts(count)
    batch = (inputs, wanted)
    rows = [row for style in STYLES for row in lost(style, depth, batch, tokens, exponents)]
    header = ['initialisation', 'scale, power of two', 'role', 'flushed', 'overflown', 'median size']
    write_csv(options.output, 'flushed', header, rows)
    apart = []
    for epsilon in EPSILONS:
        values = adam_apart(depth, batch, tokens, steps, epsilon)
        apart += [(epsilon, step, value) for step, value in enumerate(values, 1)]
        print('epsilon %g: %.2g after %d steps' % (epsilon, values[-1], steps), flush=True)
    write_csv(options.output, 'adam', ['epsilon', 'step', 'difference'], apart)
    table = [[style, role] + ['%.1f' % (100 * row[3]) for row in rows if (row[0], row[2]) == (style, role)]
             for style in STYLES for role in ROLES]
    print(markdown(['initialisation', 'role'] + ['2^%d' % exponent for exponent in exponents], table))
    draw(rows, apart, options.output)


if __name__ == '__main__':
    main()
