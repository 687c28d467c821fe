"""Converts weights from one format to another, and prints what became of each variable.

SOURCE is a TensorFlow checkpoint (its prefix), a .safetensors, .bin, .pt, .pth, .h5 or .keras file, or the folder that
holds one, also a model folder of `gplinker train`. TARGET's suffix says what is written: .safetensors; .h5 or .keras, a
model of Keras, and .weights.h5, its weights; any other name is the prefix of a TensorFlow checkpoint.

Names are translated by tables, so that no model is built, but for a model of Keras: that one needs --config, or a
config file beside SOURCE. A pickle is read for its weights only and never run.
"""

HELP = 'convert weights between TensorFlow, PyTorch, safetensors and Keras'
NAMES = ('bert4keras', 'pytorch', 'layers')
HEADS = ('pool', 'nsp', 'mlm')


def add_arguments(parser):
    parser.add_argument('source', metavar='SOURCE', help='file, checkpoint prefix, or folder')
    parser.add_argument('target', metavar='TARGET', help='file, or checkpoint prefix')
    parser.add_argument('--names', choices=NAMES,
                        help='how a .safetensors file calls the weights (default: bert4keras)')
    parser.add_argument('--config', metavar='FILE', help='bert_config.json or config.json of a model of Keras')
    parser.add_argument('--model', metavar='NAME', help='what it is (default: what its config or SOURCE says): bert, '
                                                        'roformer, roformer_v2 or gau_alpha')
    parser.add_argument('--heads', nargs='+', choices=HEADS, default=[], metavar='HEAD',
                        help='heads of a model of Keras: pool, nsp, mlm (default: none)')
    parser.add_argument('--dtype', choices=('float16', 'float32'), help='type of all weights (default: as they are)')
    parser.add_argument('--force', action='store_true', help='replace TARGET if it exists')


def run(options):
    from gplinker_kit.models import checkpoint
    from gplinker_kit.models.checkpoint.convert import check_target
    from gplinker_kit.models.checkpoint.writing import check_names, kind_of
    from gplinker_kit.models.pretrained_folder import locate

    names = check_names(options.target, options.names)
    check_target(options.target, options.force)
    wrapper = None
    if kind_of(options.target) == 'keras':
        source, wrapper = build_model(options)
    elif options.heads:
        raise ValueError('--heads is for .h5 and .keras; %s gets the heads that SOURCE has' % options.target)
    else:
        source = locate(options.source)[1]
    print(checkpoint.convert(source, options.target, names, wrapper, options.dtype, options.force))


def build_model(options):
    """Returns (checkpoint, wrapper of the built model that Keras is to write)."""
    from gplinker_kit.errors import DataError
    from gplinker_kit.models import checkpoint
    from gplinker_kit.models.builder import build_transformer_model
    from gplinker_kit.models.identify import identify
    from gplinker_kit.models.layer_files import under_variable_names
    from gplinker_kit.models.options import read_published
    from gplinker_kit.models.pretrained_folder import locate, open_folder
    from gplinker_kit.models.published_config import model_of

    config, model = options.config, options.model
    if config is None:
        found = open_folder(options.source, model=model)
        source, config, model = found.source, found.config_path, found.model
    else:
        source = checkpoint.open_checkpoint(locate(options.source)[1])
        model = model or model_of(read_published(config), config) or identify(under_variable_names(source).shapes).model
    if model is None:
        raise DataError('it belongs to none of our models; name one with --model', options.source)
    heads = dict.fromkeys(['with_' + head for head in options.heads], True)
    return source, build_transformer_model(config, model=model, return_keras_model=False, **heads)
