"""Options of models: which there are, what published configs call them, and a message for each that cannot be meant."""

import inspect
import numbers
import warnings

from gplinker_kit.backend import activations
from gplinker_kit.files import read_json
from gplinker_kit.models import published_config

# What a config file calls it -> what the constructors call it.
PUBLISHED = {
    'max_position_embeddings': 'max_position',
    'hidden_dropout_prob': 'dropout_rate',
    'attention_probs_dropout_prob': 'attention_dropout_rate',
    'type_vocab_size': 'segment_vocab_size',
}

# What a model cannot be built without.
REQUIRED = (
    'vocab_size', 'hidden_size', 'num_hidden_layers', 'num_attention_heads', 'intermediate_size', 'hidden_act',
)  # fmt: skip

# Of all models; 0 segments are none.
SIZES = REQUIRED[:-1] + ('embedding_size', 'attention_head_size', 'attention_key_size', 'segment_vocab_size')
RATES = ('dropout_rate', 'attention_dropout_rate')

# Where neither file nor call says anything.
DEFAULTS = {'max_position': 512, 'segment_vocab_size': 2}


def known_arguments(cls, methods=('__init__', 'build')):
    """Names that these methods of `cls` and of the classes it inherits from take: what a model may be asked for."""
    names = set()
    for base in cls.__mro__:
        for method in set(methods) & set(vars(base)):
            for name, parameter in inspect.signature(vars(base)[method]).parameters.items():
                if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                    names.add(name)
    return names - {'self'}


def published_arguments(known):
    """Names of config files whose meaning is one of the arguments `known`."""
    return {name for name, argument in PUBLISHED.items() if argument in known}


def read_object(path):
    """Reads a JSON file that must hold an object."""
    given = read_json(path)
    if not isinstance(given, dict):
        raise ValueError('%s: expected a JSON object, got %s' % (path, type(given).__name__))
    return given


def read_published(path):
    """Returns the keys of a config file, with our names of activations; a null says nothing and is left out.

    Of a config that `gplinker train` wrote: those of its encoder, and its model as `model_type`.
    """
    given = read_object(path)
    settings = given.get('settings')
    if isinstance(settings, dict) and isinstance(settings.get('encoder'), dict):
        model = str(settings.get('model', 'roformer_v2')).lower()
        given = dict(settings['encoder'], model_type='bert' if model == 'roberta' else model)
    return published_config.translated({key: value for key, value in given.items() if value is not None})


def read_config(path, known, model=None):
    """Reads a config file and returns its keys that are arguments, under the constructors' names.

    A key that no model knows is dropped, with a UserWarning where it lies within two edits of one that the model knows.

    Raises: ValueError for what a model (a name, None for any) cannot honour, see `published_config`.
    """
    given = read_published(path)
    published_config.check_options(given, model, path)
    for remark in published_config.remarks(given, model, path):
        warnings.warn(remark, stacklevel=4)
    names = known | published_arguments(known)
    for key in given:
        if key in names or key in PUBLISHED:
            continue
        # Four or five letters are too close to everything.
        close = sorted(name for name in names if len(name) > 5 and edits(key, name) <= 2)
        if close:
            warnings.warn('%s: unknown key %r is ignored; did you mean %r?' % (path, key, close[0]), stacklevel=4)
    return to_arguments({key: value for key, value in given.items() if key in names}, known)


def renamed(given):
    """Renames published keys and keeps all others; where a dict has both names, the constructor's counts."""
    named = {name: value for name, value in given.items() if name not in PUBLISHED}
    for name, argument in PUBLISHED.items():
        if name in given:
            named.setdefault(argument, given[name])
    return named


def to_arguments(given, known):
    """`renamed`, without what is not among the arguments `known`."""
    return {name: value for name, value in renamed(given).items() if name in known}


def edits(a, b):
    """Levenshtein distance of two words, or more than 2 where their lengths alone say so."""
    if abs(len(a) - len(b)) > 2:
        return abs(len(a) - len(b))
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def size(name, value):
    """Returns `value` as an int, or raises a ValueError where it is not a whole number above 0."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise ValueError('%s must be a positive integer. Received: %r' % (name, value))
    return int(value)


def rate(name, value):
    """Returns a dropout rate, 0 for None; raises a ValueError outside of [0, 1)."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value < 1:
        raise ValueError('%s must lie in [0, 1). Received: %r' % (name, value))
    return value


def faults(arguments):
    """Returns {name: sentence} of the sizes, dropout rates and activations among `arguments` that cannot be meant."""
    checks = dict(dict.fromkeys(SIZES, size), hidden_act=functions, **dict.fromkeys(RATES, rate))
    found = {}
    for name, check in checks.items():
        value = arguments.get(name)
        if value is None or name == 'segment_vocab_size' and not value:
            continue
        try:
            check(name, value)
        except ValueError as error:
            found[name] = str(error)
    return found


def functions(name, value):
    """Returns the activations that the option `name` names, one or a list, as a list."""
    listed = list(value) if isinstance(value, (list, tuple)) else [value]
    if not listed:
        raise ValueError('%s must name at least one activation. Received: %r' % (name, value))
    return [function(name, activation) for activation in listed]


def function(name, value):
    """Returns the activation that the option `name` names."""
    try:
        return activations.get(value)
    except (TypeError, ValueError) as error:
        raise ValueError('%s: %s' % (name, error)) from None
