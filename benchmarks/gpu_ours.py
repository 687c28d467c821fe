"""Variants of the GPU benchmarks: `python -m benchmarks.gpu_ours VARIANT OPTIONS`.

Options of all: 'quick', 'device' ('gpu' or 'cpu'), 'precision', 'compiled'. A variant whose memory does not suffice
yields the facts {'fits': False} and no number.
"""

from __future__ import annotations

import functools
import time

from benchmarks import attention_ours, base_models, gpu_device, memory
from benchmarks.processes import serve

LABELS, HEAD_SIZE, GOLDS = 282, 64, 8  # of DuEE: argument labels; golds a text
FEW = 24  # sentences of --quick
STEPS = 10  # of one measurement, so that the host may run ahead of the GPU as in a training


def device(options):
    """The facts say which device there is; 'gpu' is None where there is none."""
    from gplinker_kit import backend

    yield {'gpu': gpu_device.device_name(backend.ENGINE), 'driver': gpu_device.driver(), 'engine': backend.ENGINE,
           'versions': backend.versions()}


def changes(model, length, quick):
    """What is changed of a published configuration: room for long texts, and next to nothing of it for `quick`."""
    made = {'max_position_embeddings': max(512, length)} if model == 'bert' else {}
    if quick:
        made.update(vocab_size=64, hidden_size=16, intermediate_size=32)
        if model != 'gau_alpha':
            made['num_attention_heads'] = 2
    return made


def encoder_of(model, length, quick):
    """Returns (the Keras model of a published configuration with random weights, the configuration)."""
    from gplinker_kit.models import build_transformer_model

    made = base_models.config(model, quick, **changes(model, length, quick))
    return build_transformer_model(model=model, **made), made


def inputs_of(size, vocabulary):
    """Token ids and segment ids, int32 (b, n): texts as long as the batch."""
    import numpy as np

    tokens = np.random.RandomState(0).randint(1, vocabulary, size).astype('int32')
    return [tokens, np.zeros_like(tokens)]


def training_step(options):
    """Returns (step, facts) of an encoder under a softmax of every token."""
    import numpy as np

    from gplinker_kit import backend
    from gplinker_kit.optimizers import Adam

    size = options['batch'], options['length']
    encoder, made = encoder_of(options['model'], options['length'], options['quick'])
    labels = np.random.RandomState(1).randint(0, base_models.LABELS, size).astype('int32')
    step = base_models.keras_pass(
        backend.keras, 'train', encoder, inputs_of(size, made['vocab_size']), labels, Adam, **compiling(options))
    return step, {'parameters': int(encoder.count_params()), 'flops': base_models.flops_of(made, size, 'train')}


def pointer_step(options):
    """The same of GPLinker's argument head over DuEE's 282 labels, its scores dense or in factors."""
    import numpy as np

    from gplinker_kit import backend
    from gplinker_kit.layers import EfficientGlobalPointer
    from gplinker_kit.losses import factorised_pointer_crossentropy, sparse_pointer_crossentropy
    from gplinker_kit.optimizers import Adam

    batch, length, packed = options['batch'], options['length'], options['scores'] == 'factorised'
    encoder, made = encoder_of(options['model'], length, options['quick'])
    head = EfficientGlobalPointer(LABELS, HEAD_SIZE, packed=packed)
    trained = backend.Model(encoder.inputs, head(encoder.output))
    loss = factorised_pointer_crossentropy(LABELS) if packed else sparse_pointer_crossentropy()
    trained.compile(loss=loss, optimizer=Adam(base_models.RATE), **compiling(options))
    random = np.random.RandomState(1)
    places = np.sort(random.randint(1, length, (batch, GOLDS, 2)), axis=-1)
    golds = np.concatenate([random.randint(0, LABELS, (batch, GOLDS, 1)), places], axis=-1).astype('int32')
    inputs = inputs_of((batch, length), made['vocab_size'])
    return (lambda: trained.train_on_batch(inputs, golds)), {'parameters': int(trained.count_params())}


def attention_step(options):
    """The same of one layer of attention on one text, see benchmarks/attention_ours.py."""
    import numpy as np

    from gplinker_kit import backend, layers
    from gplinker_kit.optimizers import Adam

    shape = (1, options['length'], attention_ours.WIDTH)
    x = np.random.RandomState(0).normal(size=shape).astype('float32')
    inputs = backend.Input(shape[1:])
    model = backend.Model(inputs, attention_ours.LAYERS[options['kind']](layers, inputs))
    model.compile(loss='mse', optimizer=Adam(attention_ours.RATE), **compiling(options))
    return (lambda: model.train_on_batch(x, x)), {'parameters': int(model.count_params())}


def compiling(options):
    """Keyword arguments of `compile`: whether the step is compiled as a whole, and who scales the loss."""
    from gplinker_kit import backend

    return dict(backend.compile_options(), jit_compile=options['compiled'])


def measure(make, options):
    """Seconds a step of training, the mean over `STEPS` in a row; the facts hold memory and the GPU's matrix rate."""
    from gplinker_kit import backend

    engine, on_gpu, steps = backend.ENGINE, options['device'] == 'gpu', 1 if options['quick'] else STEPS
    gpu_device.choose(engine, options['precision'])
    start = memory.begin()
    try:
        step, facts = make(options)
        for _ in range(2 if options['quick'] else 5):
            step()
        gpu_device.wait(engine)
    except Exception as error:  # each engine has its own kinds
        if not gpu_device.is_out_of_memory(error):
            raise
        yield {'fits': False}
        return
    facts.update(fits=True, memory=gpu_device.peak_memory(engine, on_gpu, start))
    if options.get('rate'):
        facts['peak'] = gpu_device.matrix_rate(engine, *((128, 2) if options['quick'] else (8192, 20)))
    yield facts
    while True:
        started = time.perf_counter()
        for _ in range(steps):
            step()
        gpu_device.wait(engine)
        yield (time.perf_counter() - started) / steps


def convergence(options):
    """Seconds of a whole training of GPLinker on FewFC; the facts say what came of it."""
    from benchmarks import fewfc
    from gplinker_kit import backend
    from gplinker_kit.gplinker import GPLinker, Settings
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.sizes import named_size
    from gplinker_kit.training import Recipe, train

    gpu_device.choose(backend.ENGINE, options['precision'])
    start = memory.begin()
    backend.set_random_seed(0)
    tokenizer, few = fewfc.tokenizer(), FEW if options['quick'] else None
    encoder = resolve_config(None, 'roformer_v2', **dict(named_size(options['size']), vocab_size=tokenizer._vocab_size))
    made = GPLinker(Settings(encoder=encoder, max_length=fewfc.MAX_LENGTH, typed_links=True), fewfc.schema(), tokenizer)
    recipe = Recipe(epochs=2 if options['quick'] else options['epochs'], patience=options['patience'], batch_size=8,
                    learning_rate=5e-4, exchange=0.3)
    started = time.perf_counter()
    try:
        history = train(made, fewfc.examples(fewfc.TRAIN, few), fewfc.examples(fewfc.DEV, few), recipe,
                        progress=False, tune=None)
    except Exception as error:  # each engine has its own kinds
        if not gpu_device.is_out_of_memory(error):
            raise
        yield {'fits': False}
        return
    seconds = time.perf_counter() - started
    best = max(history, key=lambda entry: entry['dev']['strict']['argument']['f1'])
    yield {
        'fits': True, 'epochs': len(history), 'best': best['epoch'], 'rate': history[-1]['sentences_per_second'],
        'seconds_to_best': sum(one['seconds'] + one['dev_seconds'] for one in history[:best['epoch']]),
        'scores': [100 * best['dev']['strict'][name]['f1'] for name in ('argument', 'event')],
        'memory': gpu_device.peak_memory(backend.ENGINE, options['device'] == 'gpu', start),
    }  # fmt: skip
    yield seconds


VARIANTS = {
    'device': device,
    'training': functools.partial(measure, training_step),
    'pointer': functools.partial(measure, pointer_step),
    'attention': functools.partial(measure, attention_step),
    'convergence': convergence,
}

if __name__ == '__main__':
    serve(VARIANTS)
