"""The classes that extend_with_* return: order, arguments, errors, configuration, files."""

import inspect
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from gplinker_kit import optimizers
from gplinker_kit.backend import K, keras
from gplinker_kit.optimizers import (
    LAMB,
    SGD,
    Adam,
    Lion,
    current_learning_rate,
    extend_with_exponential_moving_average,
    extend_with_gradient_accumulation,
    extend_with_layer_adaptation,
    extend_with_lookahead,
    extend_with_parameter_wise_lr,
    extend_with_piecewise_linear_lr,
    extend_with_weight_decay,
)
from gplinker_kit.optimizers.extensions import ORDER
from tests import optimizer_oracles as oracles
from tests.helpers import ENGINE, ROOT, STACK
from tests.optimizer_oracles import bare
from tests.optimizers import bench
from tests.optimizers.common import WARMUP, assert_within, compiled, train

NAMES = ['embedding/embeddings', 'dense/kernel', 'dense/bias']
PUBLISHED = {'weight_decay_rate': 0.1, 'lr_schedule': {2: 1, 6: 0.5}, 'grad_accum_steps': 2}


def clear():
    if STACK != 'keras3':
        K.clear_session()


@pytest.fixture(autouse=True)
def fresh_graph():
    clear()


def published():
    cls = extend_with_layer_adaptation(extend_with_weight_decay(Adam, 'AdamW'), 'TheLAMB')
    return extend_with_gradient_accumulation(extend_with_piecewise_linear_lr(cls, 'LAMBLR'), 'LAMBLRG')


def test_the_order_of_the_calls_does_not_matter():
    """The table builds every pair in the other order, and follows the twin; here the rules themselves are looked at."""
    turned = extend_with_weight_decay(extend_with_layer_adaptation(
        extend_with_piecewise_linear_lr(extend_with_gradient_accumulation(Adam))))
    assert turned.extensions == published().extensions
    assert turned.extensions == ('weight_decay', 'layer_adaptation', 'piecewise_linear_lr', 'gradient_accumulation')
    assert list(turned.extensions) == [name for name in ORDER if name in turned.extensions]
    kinds = [[type(rule).__name__ for rule in optimizers.driver.chain(cls().rule)] for cls in (turned, published())]
    assert kinds[0] == kinds[1] and kinds[0][0] == 'GradientAccumulation' and kinds[0][-1] == 'AdamRule'


def test_a_class_knows_its_arguments():
    cls = extend_with_gradient_accumulation(extend_with_weight_decay(Adam, 'AdamW'), 'AdamWG')
    parameters = inspect.signature(cls).parameters
    assert parameters['learning_rate'].default == 1e-3 and parameters['weight_decay_rate'].default == 0.01
    assert parameters['grad_accum_steps'].kind is inspect.Parameter.KEYWORD_ONLY
    assert 'grad_accum_steps: k' in cls.__doc__ and 'AdamWG' in repr(cls)
    assert issubclass(cls, Adam) and cls.extensions == ('weight_decay', 'gradient_accumulation')
    assert keras.utils.get_custom_objects()['AdamWG'] is cls
    assert extend_with_weight_decay(Adam, 'AdamW') is extend_with_weight_decay(Adam, 'AdamW')


@pytest.mark.parametrize('base', ['adam', 'Adam', keras.optimizers.Adam, Adam], ids=str)
def test_a_stock_optimizer_means_ours(base):
    assert issubclass(extend_with_weight_decay(base), Adam)


@pytest.mark.parametrize('make, message', [
    (lambda: extend_with_weight_decay(extend_with_lookahead(extend_with_weight_decay(Adam, 'AdamW'))),
     r'has the extension weight_decay already; each extension is applied once, in the order .* weight_decay, layer_ad'),
    (lambda: extend_with_weight_decay(LAMB), 'LAMB has the extension weight_decay already'),
    (lambda: extend_with_weight_decay(keras.optimizers.RMSprop), 'must be an optimizer class of gplinker_kit.optim'),
    (lambda: extend_with_weight_decay(Adam()), 'must be an optimizer class of gplinker_kit.optimizers'),
    (lambda: extend_with_weight_decay('adamm'), "no optimizer 'adamm' to extend. Did you mean 'Adam'"),
    (lambda: extend_with_weight_decay(Adam, 3), 'name must be a string or None, got 3'),
    (lambda: extend_with_weight_decay(Adam, 'AdamW')(weight_decay_rat=1),
     "AdamW got an unknown keyword argument 'weight_decay_rat'. Did you mean 'weight_decay_rate'"),
    (lambda: extend_with_weight_decay(Adam)(learning_rat=1), "Did you mean 'learning_rate'"),
    (lambda: extend_with_weight_decay(Adam)(weight_decay_rate=-1), 'weight_decay_rate must be a finite number >= 0'),
    (lambda: extend_with_weight_decay(Adam)(exclude_from_weight_decay='Norm'), "must be a list of strings, got 'Norm'"),
    (lambda: extend_with_weight_decay(Adam)(exclude_from_weight_decay=['(']), r"'\(', which is no regular expression"),
    (lambda: extend_with_gradient_accumulation(Adam)(grad_accum_steps=0), 'must be a whole number >= 1, got 0'),
    (lambda: extend_with_lookahead(Adam)(steps_per_slow_update=2.5), 'must be a whole number >= 1, got 2.5'),
    (lambda: extend_with_lookahead(Adam)(slow_step_size=1.5), 'slow_step_size must be .* >= 0 and <= 1, got 1.5'),
    (lambda: extend_with_exponential_moving_average(Adam)(ema_momentum=1), 'ema_momentum must be .* < 1, got 1'),
    (lambda: extend_with_piecewise_linear_lr(Adam)(lr_schedule=3), r'lr_schedule must be \{step: factor\}, got 3'),
    (lambda: extend_with_piecewise_linear_lr(Adam)(lr_schedule={}), 'points must name at least one step'),
    (lambda: extend_with_parameter_wise_lr(Adam)(paramwise_lr_schedule=['a']), r"\{part of a name: factor\}, got \['a"),
    (lambda: extend_with_parameter_wise_lr(Adam)(paramwise_lr_schedule={'a': -1}), r"\['a'\] must be .* got -1"),
    (lambda: Adam(0.1, lr=0.1), 'set one of learning_rate and lr, which are the same, got 0.1 and 0.1'),
    (lambda: SGD(momentum=1), 'SGD: momentum must be'),
    (lambda: SGD(nesterov=1), 'SGD: nesterov must be True or False, got 1'),
    (lambda: Lion(beta_3=1), "Lion got an unknown keyword argument 'beta_3'"),
    (lambda: LAMB(weight_decay_rates=1), "LAMB got an unknown keyword .* Did you mean 'weight_decay_rate'"),
    (lambda: Adam(bias_correction='no'), "bias_correction must be True or False, got 'no'"),
    (lambda: Adam(epsilon_form='tf'), "epsilon_form must be one of 'keras', 'paper', got 'tf'"),
    (lambda: optimizers.AdaFactor(min_dim_size_to_factor=1.5), 'min_dim_size_to_factor must be a whole number'),
    (lambda: optimizers.AdaFactor(clipping_threshold=0), 'clipping_threshold must be a finite number > 0, got 0'),
])  # fmt: skip
def test_a_mistake_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_lr_is_the_learning_rate():
    assert current_learning_rate(Adam(lr=0.25)) == 0.25
    assert current_learning_rate(extend_with_weight_decay(SGD)(lr=0.25)) == 0.25


def test_lamb_is_its_composition():
    options = {'weight_decay_rate': 0.3, 'exclude_from_layer_adaptation': ['Norm']}
    composed = extend_with_layer_adaptation(extend_with_weight_decay(Adam))
    ran = bench.Bench({
        'LAMB': LAMB(0.1, **options), 'composed': composed(0.1, bias_correction=False, **options),
        'extended': extend_with_piecewise_linear_lr(LAMB)(0.1, **options)})  # fmt: skip
    twin = bare.bare_twin('Adam', 0.1, {
        'weight_decay': {'weight_decay_rate': 0.3}, 'layer_adaptation': {'exclude_from_layer_adaptation': ['Norm']},
    }, bias_correction=False)  # fmt: skip
    factors = bare.pulls(6)
    for each in factors:
        ran.step(each)
    found = ran.read_all()
    for one, other, third in zip(*found.values()):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)
    assert_within(found['LAMB'], bare.expected(twin, factors)[1])


def test_a_pattern_that_matches_nothing_is_told_once():
    cls = extend_with_parameter_wise_lr(extend_with_weight_decay(Adam))
    optimizer = cls(exclude_from_weight_decay=['Nrom', 'bias'], paramwise_lr_schedule={'kernle': 2.0})
    model = compiled(optimizer)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        train(model, oracles.batches(2))
    texts = [str(w.message) for w in caught if issubclass(w.category, UserWarning)]
    texts = [text for text in texts if 'no weight has' in text]
    assert len(texts) == 1
    assert "'Nrom' of exclude_from_weight_decay" in texts[0] and "'kernle' of paramwise_lr_schedule" in texts[0]
    assert "'bias'" not in texts[0] and 'kernel' in texts[0]


def test_names_are_matched_on_a_model():
    """Excluded and scaled weights of a Keras model, whatever its Keras calls them; `:0` may be written."""
    cls = extend_with_parameter_wise_lr(extend_with_weight_decay(SGD))
    model = compiled(cls(
        0.1, weight_decay_rate=1.0, exclude_from_weight_decay=['bias:0$', 'embeddings'],
        paramwise_lr_schedule={'embeddings': 0.0}))
    batch = oracles.batches(1)[0]
    before, gradients = oracles.TinyModel().weights, oracles.TinyModel().gradients(*batch)
    after = train(model, [batch])
    np.testing.assert_array_equal(after[0], before[0].astype('float32'))
    np.testing.assert_allclose(after[1], before[1] * 0.9 - 0.1 * gradients[1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(after[2], before[2] - 0.1 * gradients[2], rtol=1e-4, atol=1e-6)


@pytest.mark.smoke
def test_extensions_beside_a_fused_adam():
    """What TF 1.15 and PyTorch do with one kernel a weight, and parts of the rule before and after it."""
    cls = extend_with_exponential_moving_average(
        extend_with_parameter_wise_lr(extend_with_piecewise_linear_lr(extend_with_weight_decay(Adam))))
    model = compiled(cls(
        0.05, weight_decay_rate=0.1, lr_schedule={2: 1, 6: 0.5}, paramwise_lr_schedule={'bias': 0.5}, ema_momentum=0.8))
    batches = oracles.batches(5)
    found = train(model, batches)
    twin, tiny = oracles.Twin('Adam', NAMES, 0.05, {
        'weight_decay': {'weight_decay_rate': 0.1}, 'piecewise_linear_lr': {'lr_schedule': {2: 1, 6: 0.5}},
        'parameter_wise_lr': {'paramwise_lr_schedule': {'bias': 0.5}},
        'exponential_moving_average': {'ema_momentum': 0.8},
    }), oracles.TinyModel()  # fmt: skip
    for ids, targets in batches:
        tiny.weights = twin.step(tiny.weights, tiny.gradients(ids, targets))
    assert_within(found, tiny.weights)
    model.optimizer.apply_ema_weights()
    assert_within(model.get_weights(), twin.averaged())


@pytest.mark.smoke
def test_the_published_composition_trains_a_model():
    """Compiled by Keras, with sparse gradients of an embedding on TensorFlow, clipping, a flush and averages."""
    options = dict(PUBLISHED, bias_correction=False)
    cls = extend_with_exponential_moving_average(published())
    model = compiled(cls(0.05, ema_momentum=0.8, global_clipnorm=0.3, **options))
    batches = oracles.batches(5)
    found = train(model, batches)
    model.optimizer.flush()
    twin = oracles.Twin('Adam', NAMES, 0.05, {
        'weight_decay': {'weight_decay_rate': 0.1}, 'layer_adaptation': {}, 'exponential_moving_average':
        {'ema_momentum': 0.8}, 'piecewise_linear_lr': {'lr_schedule': {2: 1, 6: 0.5}}, 'gradient_accumulation': {},
    }, clip=lambda g: oracles.clip_by_global_norm(g, 0.3), bias_correction=False)  # fmt: skip
    tiny = oracles.TinyModel()
    for ids, targets in batches:
        tiny.weights = twin.step(tiny.weights, tiny.gradients(ids, targets))
    assert_within(found, tiny.weights)
    flushed = twin.flush(tiny.weights)
    assert_within(model.get_weights(), flushed)
    assert current_learning_rate(model.optimizer) == pytest.approx(0.05 * oracles.factor_at(4, {2: 1, 6: 0.5}))
    own = model.get_weights()
    model.optimizer.apply_ema_weights()
    model.optimizer.apply_ema_weights()  # once more: what was kept stays
    assert_within(model.get_weights(), twin.averaged())
    model.optimizer.apply_ema_weights(bias_correction=False)
    assert_within(model.get_weights(), twin.averaged(bias_correction=False))
    model.optimizer.reset_old_weights()
    for ours, theirs in zip(model.get_weights(), own):
        np.testing.assert_array_equal(ours, theirs)


def test_repeated_runs_are_equal():
    runs = []
    for _ in range(3):
        clear()
        runs.append(train(compiled(published()(0.05, global_clipnorm=0.3, **PUBLISHED)), oracles.batches(5)))
    for run in runs[1:]:
        for first, again in zip(runs[0], run):
            np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize('base', [Adam, SGD], ids=['Adam', 'SGD'])
def test_accumulation_equals_the_big_batch(base):
    """Clipping and a momentum included: the mean gradient is clipped, as that of the big batch is."""
    options = {'global_clipnorm': 0.2} if base is Adam else {'clipvalue': 0.05, 'momentum': 0.9}
    small = oracles.batches(6)
    big = [tuple(np.concatenate(each) for each in zip(*small[k : k + 3])) for k in (0, 3)]
    accumulated = compiled(extend_with_gradient_accumulation(base)(0.05, grad_accum_steps=3, **options))
    assert_within(train(accumulated, small), train(compiled(base(0.05, **options)), big), 1e-6)


def test_a_fit_flushes_at_its_end_and_averages_in_callbacks():
    """7 batches in windows of 2, in two epochs; in the middle of them averages are applied and taken back."""
    batches, seen = oracles.batches(7), []

    class Watch(keras.callbacks.Callback):
        def _look(self):
            optimizers.sync_state(self.model)
            own = self.model.get_weights()
            self.model.optimizer.apply_ema_weights()
            seen.append(self.model.get_weights())
            self.model.optimizer.reset_old_weights()
            for ours, theirs in zip(self.model.get_weights(), own):
                np.testing.assert_array_equal(ours, theirs)

        def on_batch_end(self, batch, logs=None):
            if batch == 4:
                self._look()

        on_train_batch_end = on_batch_end

        def on_epoch_end(self, epoch, logs=None):
            self._look()

    cls = extend_with_exponential_moving_average(extend_with_gradient_accumulation(Adam))
    model = compiled(cls(0.02, grad_accum_steps=2, ema_momentum=0.7))
    ids, targets = (np.concatenate(arrays) for arrays in zip(*batches))
    callbacks = [optimizers.FlushGradients(every_epoch=True), Watch()]
    model.fit(ids, targets, batch_size=5, epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
    twin = oracles.Twin('Adam', NAMES, 0.02, {
        'exponential_moving_average': {'ema_momentum': 0.7}, 'gradient_accumulation': {'grad_accum_steps': 2}})
    tiny, expected = oracles.TinyModel(), []
    for _ in range(2):
        for number, (ids, targets) in enumerate(batches):
            tiny.weights = twin.step(tiny.weights, tiny.gradients(ids, targets))
            if number == 4:
                expected.append(twin.averaged())
        tiny.weights = twin.flush(tiny.weights)
        expected.append(twin.averaged())
    assert_within(model.get_weights(), tiny.weights)
    kept = seen[::2] if len(seen) == 8 else seen  # Keras 2.3.1 calls one hook, others may call both
    assert len(kept) == 4
    for found, theirs in zip(kept, expected):
        assert_within(found, theirs)
    with pytest.raises(ValueError, match='does not accumulate'):
        compiled(Adam()).fit(ids, targets, verbose=0, callbacks=[optimizers.FlushGradients()])


@pytest.mark.skipif(ENGINE != 'jax', reason='elsewhere the model always holds its weights')
def test_weights_that_are_away_are_not_averaged():
    optimizer = extend_with_exponential_moving_average(Adam)(0.02)
    model = compiled(optimizer)
    ids, targets = oracles.batches(1)[0]

    class Careless(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            # `self.model` would bring the weights back.
            optimizer.apply_ema_weights()

    with pytest.raises(ValueError, match=r'call gplinker_kit.optimizers.sync_state\(model\) first'):
        model.fit(ids, targets, verbose=0, callbacks=[Careless()])

    class Careful(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            optimizers.sync_state(model)
            optimizer.apply_ema_weights()
            optimizer.reset_old_weights()

    model.fit(ids, targets, verbose=0, callbacks=[Careful()])


def test_an_extended_optimizer_survives_its_configuration():
    cls = extend_with_parameter_wise_lr(published(), 'Everything')
    options = dict(
        PUBLISHED, beta_1=0.8, paramwise_lr_schedule={'bias': 2.0}, exclude_from_weight_decay=['Norm'], name='it')
    optimizer = cls(WARMUP, **options)
    config = json.loads(json.dumps(optimizer.get_config()))
    again = cls.from_config(config)
    assert type(again) is cls and again.get_config() == optimizer.get_config() and again.schedule == WARMUP
    assert config['lr_schedule'] == [[0, 0.0], [2, 1.0], [6, 0.5]] and config['weight_decay_rate'] == 0.1
    deserialized = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(deserialized) is cls and deserialized.get_config() == optimizer.get_config()


@pytest.mark.parametrize('make', [
    lambda: Adam(bias_correction=False, epsilon_form='paper'), lambda: SGD(0.1, 0.9, True),
    lambda: Lion(), lambda: LAMB(weight_decay_rate=0.2), lambda: optimizers.AdaFactor(None),
    lambda: optimizers.AdaFactor(0.1, beta1=0.5, exclude_from_parameter_scale=['Norm']),
    lambda: extend_with_lookahead(LAMB)(weight_decay_rate=0.2),
], ids=['Adam', 'SGD', 'Lion', 'LAMB', 'AdaFactor, own rate', 'AdaFactor', 'LAMB + lookahead'])  # fmt: skip
def test_every_optimizer_survives_its_configuration(make):
    optimizer = make()
    config = json.loads(json.dumps(keras.optimizers.serialize(optimizer)))
    again = keras.optimizers.deserialize(config)
    assert type(again) is type(optimizer) and again.get_config() == optimizer.get_config()


def test_a_saved_model_goes_on_in_a_process_that_never_saw_the_class(tmp_path):
    """Three of six batches there, in the middle of a window: the sums that are held are part of the state."""
    suffix = '.keras' if STACK == 'keras3' else '.h5'
    path, out = os.path.join(str(tmp_path), 'model' + suffix), os.path.join(str(tmp_path), 'weights.npz')
    batches = oracles.batches(6)
    model = compiled(published()(0.05, **PUBLISHED))
    train(model, batches[:3])
    model.save(path)
    expected = train(model, batches[3:])
    script = (
        'import sys; import numpy as np; import gplinker_kit.optimizers; from gplinker_kit.backend import keras\n'
        'from tests import optimizer_oracles as oracles\n'
        'model = keras.models.load_model(sys.argv[1])\n'
        'assert model.optimizer.label == "LAMBLRG" and "LAMBLRG" in repr(type(model.optimizer))\n'
        'for batch in oracles.batches(6)[3:]: model.train_on_batch(*batch)\n'
        'np.savez(sys.argv[2], *model.get_weights())\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', script, path, out], cwd=ROOT, env=dict(os.environ, PYTHONPATH=ROOT),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    with np.load(out) as arrays:
        assert_within([arrays[name] for name in arrays.files], expected, 1e-6)


@pytest.mark.skipif(STACK == 'keras3', reason='the fused kernel is used on TF 1.15')
def test_the_fused_kernel_serves_decay_schedule_factors_and_averages():
    cls = extend_with_exponential_moving_average(extend_with_weight_decay(Adam))
    cls = extend_with_gradient_accumulation(extend_with_piecewise_linear_lr(extend_with_parameter_wise_lr(cls)))
    options = {'weight_decay_rate': 0.3, 'lr_schedule': {3: 1}, 'paramwise_lr_schedule': {'Dense': 0.5}}
    fused, ruled = cls(0.02, **options), cls(0.02, **options)
    ruled.root_rule.kernel = None
    ran = bench.Bench({'fused': fused, 'ruled': ruled})
    for each in bare.pulls(20):
        ran.step(each)
    graph = K.get_session().graph if STACK == 'keras2' else ran.weights['fused'][0].graph
    assert sum(op.type == 'ResourceApplyAdam' for op in graph.get_operations()) == 3
    found = ran.read_all()
    assert_within(found['fused'], found['ruled'], 1e-6)
    for ours, theirs in zip(fused.get_weights(), ruled.get_weights()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-7)
