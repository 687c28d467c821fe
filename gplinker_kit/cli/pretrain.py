"""Trains an encoder or decoder on plain texts, and writes a folder that `gplinker train --pretrained` begins with.

The corpus is one or more files: text with a text a line, or .jsonl and .json files with an object a line, whose key
"text" holds it. They are read where they lie, however large, and shuffled. A masked language model (--objective mlm)
tells hidden words, which jieba finds (pip install "gplinker-kit[jieba]"); a causal one (lm) tells the next token.

The folder gets bert_config.json, vocab.txt and model.safetensors every --save-every steps, and the state of the
training. --optimizer roformer_v2 and gau_alpha are those models' LAMB, their schedules stretched to --steps.
"""

from gplinker_kit.cli.common import (
    accelerate,
    add_acceleration_arguments,
    add_state_arguments,
    check_unfinished,
    say,
    vocabulary_path,
)

HELP = 'pretrain an encoder or decoder on plain texts'
OPTIMIZERS = ('adam', 'roformer_v2', 'gau_alpha')
SEGMENTERS = ('jieba', 'none')


def add_arguments(parser):
    data = parser.add_argument_group('corpus')
    data.add_argument('--corpus', required=True, nargs='+', metavar='FILE', help='files with the texts')
    data.add_argument('--vocab', metavar='FILE', help='default: vocab.txt of --pretrained')
    data.add_argument('--cased', action='store_true', help='keep case and accents')
    data.add_argument('--field', default='text', metavar='NAME', help='key of the text in .jsonl (%(default)s)')
    model = parser.add_argument_group('model')
    model.add_argument('--model', default='roformer_v2', help='architecture (default: %(default)s)')
    model.add_argument('--size', help='tiny or small (default: small)')
    model.add_argument('--config', metavar='FILE', help='config JSON, in place of --size')
    model.add_argument('--pretrained', metavar='DIR', help='folder with config, vocab.txt and checkpoint to go on with')
    model.add_argument('--dropout', type=float, help='default: 0.1, or what the config says')
    model.add_argument('--recompute', action='store_true', help='less memory, more time')
    task = parser.add_argument_group('task')
    task.add_argument('--objective', default='mlm', choices=('mlm', 'lm'),
                      help='tell hidden words, or the next token (default: %(default)s)')
    task.add_argument('--segmenter', default='jieba', choices=SEGMENTERS,
                      help='what finds words for mlm; none: single tokens are hidden (default: %(default)s)')
    task.add_argument('--mask-rate', type=float, default=0.15, metavar='X',
                      help='share of the words that are hidden (default: %(default)s)')
    task.add_argument('--max-length', type=int, default=512, metavar='N', help='tokens a row (default: %(default)s)')
    task.add_argument('--packed', action='store_true',
                      help='as many texts a row as there is room for, which do not see each other')
    recipe = parser.add_argument_group('recipe')
    recipe.add_argument('--steps', type=int, required=True, metavar='N', help='batches in all')
    recipe.add_argument('--batch-size', type=int, default=32, metavar='N', help='rows (default: %(default)s)')
    recipe.add_argument('--accumulate', type=int, metavar='N',
                        help='batches an update (default: 1; 8 of roformer_v2, 4 of gau_alpha)')
    recipe.add_argument('--optimizer', default='adam', choices=OPTIMIZERS, help='default: %(default)s')
    recipe.add_argument('--learning-rate', type=float, metavar='X', help='peak (default: 5e-4; 1.76e-3 of the others)')
    recipe.add_argument('--warmup', type=float, default=0.1, metavar='X',
                        help='share of the steps, for adam (default: %(default)s)')
    recipe.add_argument('--seed', type=int, default=0, metavar='N', help='default: %(default)s')
    run = parser.add_argument_group('the run')
    run.add_argument('--save-every', type=int, default=10000, metavar='N',
                     help='steps between two saved models (default: %(default)s)')
    run.add_argument('--log-every', type=int, default=100, metavar='N', help='steps a line (default: %(default)s)')
    add_state_arguments(run)
    add_acceleration_arguments(parser, training=True)
    parser.add_argument('--output', required=True, metavar='DIR', help='folder to write')


def run(options):
    from gplinker_kit.cli.train import encoder_arguments
    from gplinker_kit.pretraining.corpus import TextStream
    from gplinker_kit.pretraining.folder import check_folder, write_description, write_weights
    from gplinker_kit.pretraining.rows import RowMaker
    from gplinker_kit.tokenizers import Tokenizer
    from gplinker_kit.tokenizers.words import jieba_words

    for name in ('steps', 'batch_size', 'save_every', 'log_every', 'accumulate'):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ValueError('--%s must be at least 1, got %d' % (name.replace('_', '-'), value))
    vocabulary = vocabulary_path(options.vocab, [options.pretrained])
    tokenizer = Tokenizer(vocabulary, do_lower_case=not options.cased)
    stream = TextStream(options.corpus, options.seed, options.field)
    segment = jieba_words if options.segmenter == 'jieba' and options.objective == 'mlm' else None
    if segment is not None:
        segment('')  # says at once where jieba is missing
    maker = RowMaker(tokenizer, options.max_length, options.objective, segment, options.mask_rate, options.packed)
    check_folder(options.output)
    check_unfinished(options, progress)

    from gplinker_kit import backend
    from gplinker_kit.pretraining.objective import compile_pretraining, pretraining_model
    from gplinker_kit.pretraining.training import State, pretrain

    accelerate(options)
    backend.set_random_seed(options.seed)
    say('stack: %s' % ', '.join('%s %s' % pair for pair in backend.versions().items()))
    config = encoder_arguments(options, tokenizer._vocab_size)
    wrapper, trained = pretraining_model(options.model, config, options.objective, options.packed, options.pretrained)
    say('model: %s, %.1f million weights; %d file%s, %.1f MB' % (
        options.model, wrapper.model.count_params() / 1e6, len(stream.paths), 's' * (len(stream.paths) > 1),
        sum(stream.sizes) / 1e6))
    if wrapper.load_report is not None:
        say('checkpoint: %s' % wrapper.load_report)
    compile_pretraining(trained, optimizer(options, trained))
    check_vocabulary(tokenizer, wrapper, config, options.max_length)

    def save():
        write_description(options.output, options.model, config, vocabulary)
        write_weights(options.output, wrapper)

    state = State(trained, options.output, about(options, config, stream), options.state_every)
    pretrain(wrapper, trained, stream, maker, options.steps, options.batch_size, options.seed, state,
             save, options.save_every, options.log_every, options.resume, say)
    say('the model is in %s' % options.output)


def check_vocabulary(tokenizer, wrapper, config, max_length):
    """Raises a ValueError where tokens or positions lie beyond the tables of the model."""
    if tokenizer._vocab_size > config['vocab_size']:
        raise ValueError(
            '--vocab has %d tokens, and the model (vocab_size) %d rows; they belong to different models'
            % (tokenizer._vocab_size, config['vocab_size'])
        )
    if wrapper.MASK_ZERO and tokenizer._token_dict.get('[PAD]') != 0:
        raise ValueError("--vocab: the first token must be '[PAD]': id 0 is padding, which is masked")
    table = wrapper.layers.get(wrapper.prefixed('Embedding-Position'))
    known = None if table is None else table.input_dim ** (2 if table.hierarchical else 1)
    if known is not None and max_length > known:
        raise ValueError(
            '--max-length is %d, and the model has %d positions (max_position_embeddings)' % (max_length, known)
        )


def optimizer(options, trained):
    """Returns the optimizer that the options ask for."""
    from gplinker_kit.optimizers import Adam, extend_with_gradient_accumulation
    from gplinker_kit.optimizers.schedules import warmup_linear_decay
    from gplinker_kit.pretraining.recipes import RECIPES, lamb

    if options.optimizer != 'adam':
        changes = {'learning_rate': options.learning_rate, 'accumulate': options.accumulate}
        return lamb(RECIPES[options.optimizer], trained, options.steps,
                    **{name: value for name, value in changes.items() if value is not None})
    if not 0 <= options.warmup < 1:
        raise ValueError('--warmup must lie in [0, 1), got %g' % options.warmup)
    warmup = min(int(round(options.warmup * options.steps)), options.steps - 1)
    rate = 5e-4 if options.learning_rate is None else options.learning_rate
    schedule = warmup_linear_decay(rate, warmup, options.steps, 0.05 * rate)
    if (options.accumulate or 1) > 1:
        accumulating = extend_with_gradient_accumulation(Adam)
        return accumulating(schedule, global_clipnorm=1.0, grad_accum_steps=options.accumulate)
    return Adam(schedule, global_clipnorm=1.0)


def about(options, config, stream):
    """What must be the same in a training that goes on."""
    from gplinker_kit.backend import ENGINE, STACK
    from gplinker_kit.backend.acceleration import settings

    names = ('model', 'objective', 'segmenter', 'mask_rate', 'max_length', 'packed', 'steps', 'batch_size', 'seed',
             'accumulate', 'optimizer', 'learning_rate', 'warmup', 'cased', 'log_every', 'field')
    return {
        'stack': {'stack': STACK, 'engine': ENGINE}, 'options': {name: getattr(options, name) for name in names},
        'config': config, 'corpus': stream.about(), 'acceleration': settings()._asdict(),
    }


def progress(facts):
    """How far a training is that has not finished."""
    return 'step %d of %d' % (facts['step'], facts['about']['options']['steps'])
