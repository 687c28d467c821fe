"""Writes the vectors that an encoder gives to texts: one vector a text, or one a token.

SOURCE is the unpacked folder of a published model, or a model folder of `gplinker train`. The input is lines of text,
or JSON lines with a key `text`. The ending of --output says how the vectors are written, in the order of the input:

  .npy           an array (N, D) float32, sentence vectors only
  .npz           tokens of all texts one after the other: vectors (T, D) float32, tokens (T,), ids (T,), offsets (T, 2)
                 in characters of the text, and starts (N + 1,): text k has the rows starts[k] to starts[k + 1]
  .safetensors   the same; the tokens are a JSON list in the metadata, under `tokens`
  .jsonl, none   JSON lines with the input's keys and `vector`, or `tokens`, `offsets` and `vectors`

A word-level model (RoFormer v1) has its texts cut by jieba.
"""

import json
import os
import sys
from collections import deque

from gplinker_kit.cli.common import Progress, accelerate, add_acceleration_arguments
from gplinker_kit.errors import DataError
from gplinker_kit.events.inputs import FORMATS, read_inputs

HELP = 'vectors of sentences or tokens'
ENDINGS = {'sentence': ('.npy', '.jsonl'), 'tokens': ('.npz', '.safetensors', '.jsonl')}


def add_arguments(parser):
    parser.add_argument('source', metavar='SOURCE', help='folder of the encoder')
    parser.add_argument('--input', default='-', metavar='FILE', help='default: standard input')
    parser.add_argument('--format', default='auto', choices=FORMATS,
                        help='auto: JSON lines where the first line begins with {, else lines of text')
    parser.add_argument('--output', metavar='FILE', help='default: JSON lines to standard output')
    parser.add_argument('--preset', metavar='NAME', help='the published model, where the folder does not tell')
    parser.add_argument('--vectors', default='sentence', choices=tuple(ENDINGS), help='default: %(default)s')
    parser.add_argument('--pooling', default='mean', choices=('cls', 'mean', 'first-last'),
                        help='of a sentence: the first token, the mean of the tokens, or that of the first and last '
                             'layer (default: %(default)s)')
    parser.add_argument('--max-length', type=int, default=512, metavar='N',
                        help='tokens that are read of a text (default: %(default)s)')
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    parser.add_argument('--cased', action='store_true', help='do not lower-case texts')
    add_acceleration_arguments(parser)


def run(options):
    from gplinker_kit.files import atomic_write

    ending = check_output(options)
    if options.input != '-' and (os.path.isfile(options.input) or not os.path.exists(options.input)):
        for _ in read_inputs(options.input, options.format):  # all of it is checked before an encoder is built
            pass

    from gplinker_kit.features import FeatureExtractor

    accelerate(options)
    extractor = FeatureExtractor.open(
        options.source, options.preset, do_lower_case=False if options.cased else None,
        max_length=options.max_length, batch_size=options.batch_size,
    )
    options.width = extractor.width
    lines, cut = deque(), []

    def texts():
        for line in read_inputs(options.input, options.format):
            lines.append(line)
            yield line['text']

    def found(progress):
        first = options.vectors == 'sentence' and options.pooling == 'first-last'
        for number, each in enumerate(extractor.iter_vectors(texts(), first), 1):
            cut.append(each.cut)
            yield lines.popleft(), each
            progress(number)

    with Progress('features') as progress:
        if ending == '.jsonl' and options.output is None:
            if hasattr(sys.stdout, 'reconfigure'):
                sys.stdout.reconfigure(encoding='utf-8')  # as files are written, whatever the locale
            write_lines(found(progress), options, sys.stdout)
        elif ending == '.jsonl':
            with atomic_write(options.output) as stream:
                write_lines(found(progress), options, stream)
        else:
            with atomic_write(options.output, 'wb') as stream:
                WRITERS[ending](found(progress), options, stream)
    if any(cut):
        print('%d of %d texts are longer than %d tokens and were cut' % (sum(cut), len(cut), extractor.max_length),
              file=sys.stderr)
    print('%d texts, %.1f texts/s' % (progress.done, progress.rate()), file=sys.stderr)


def check_output(options):
    """Returns the ending of the output; raises before anything is read where it does not hold such vectors."""
    if options.output is None:
        return '.jsonl'
    ending = os.path.splitext(options.output)[1].lower()
    if ending not in ENDINGS[options.vectors]:
        raise ValueError('--output: %s vectors are written to a file that ends in %s. Received: %s' % (
            options.vectors, ', '.join(ENDINGS[options.vectors]), options.output))
    if not os.path.isdir(os.path.dirname(os.path.abspath(options.output))):
        raise DataError('--output: no such folder', os.path.dirname(options.output))
    return ending


def write_lines(found, options, stream):
    """Writes JSON lines; nine digits are all that a float32 has."""
    from gplinker_kit.events.duee import dump_line

    for line, each in found:
        line = dict(line)
        if options.vectors == 'sentence':
            line['vector'] = digits(each.pooled(options.pooling))
        else:
            line.update(tokens=each.tokens, offsets=[list(pair) for pair in each.offsets],
                        vectors=[digits(vector) for vector in each.vectors])
        stream.write(dump_line(line) + '\n')
    stream.flush()


def digits(vector):
    return [float('%.9g' % number) for number in vector]


def write_npy(found, options, stream):
    """Writes the array (N, D) of sentence vectors."""
    import numpy as np

    rows = [each.pooled(options.pooling) for _, each in found]
    np.save(stream, np.stack(rows) if rows else np.zeros((0, options.width), 'float32'), allow_pickle=False)


def token_arrays(found, options):
    """Returns (arrays, tokens) of all texts, one after the other; see the module."""
    import numpy as np

    results = [each for _, each in found]
    vectors = [each.vectors for each in results] or [np.zeros((0, options.width), 'float32')]
    arrays = {
        'vectors': np.concatenate(vectors),
        'ids': np.array([index for each in results for index in each.ids], 'int32'),
        'offsets': np.array([pair for each in results for pair in each.offsets], 'int32').reshape(-1, 2),
        'starts': np.cumsum([0] + [len(each.ids) for each in results]),
    }
    return arrays, [token for each in results for token in each.tokens]


def write_npz(found, options, stream):
    import numpy as np

    arrays, tokens = token_arrays(found, options)
    np.savez(stream, tokens=np.array(tokens, dtype=str), **arrays)


def write_safetensors(found, options, stream):
    from safetensors.numpy import save

    arrays, tokens = token_arrays(found, options)
    stream.write(save(arrays, metadata={'tokens': json.dumps(tokens)}))


WRITERS = {'.npy': write_npy, '.npz': write_npz, '.safetensors': write_safetensors}
