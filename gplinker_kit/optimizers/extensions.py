"""`extend_with_*`: optimizer classes with more than one rule, under bert4keras's names.

    AdamW = extend_with_weight_decay(Adam, 'AdamW')
    AdamWLR = extend_with_piecewise_linear_lr(AdamW, 'AdamWLR')
    optimizer = AdamWLR(
        learning_rate=1e-4, weight_decay_rate=0.01, exclude_from_weight_decay=['Norm', 'bias'],
        lr_schedule={1000: 1, 20000: 0},
    )

Whatever the order of the calls, the rules are composed in one order, `ORDER`, from the inside out:

    weight_decay, layer_adaptation, piecewise_linear_lr, parameter_wise_lr, lazy_optimization, lookahead,
    exponential_moving_average, gradient_accumulation

so that GA(PLR(LAMB(AdamW(Adam)))), as published, is the same however it is written. Each extension once.

A model that was compiled with such an optimizer is saved with the names of its base and its extensions: `load_model`
makes the class anew where the script that made it has not run, provided that `gplinker_kit.optimizers` is imported.
"""

import inspect

from gplinker_kit.backend import keras, register
from gplinker_kit.errors import check_keywords, hint
from gplinker_kit.optimizers.accumulation import GradientAccumulation
from gplinker_kit.optimizers.adafactor import AdaFactor
from gplinker_kit.optimizers.adam import Adam
from gplinker_kit.optimizers.driver import RuleOptimizer
from gplinker_kit.optimizers.lamb import LAMB
from gplinker_kit.optimizers.layer_adaptation import LayerAdaptation
from gplinker_kit.optimizers.lazy import LazyOptimization
from gplinker_kit.optimizers.lion import Lion
from gplinker_kit.optimizers.lookahead import Lookahead
from gplinker_kit.optimizers.moving_average import MovingAverage
from gplinker_kit.optimizers.rates import ParameterRate, PiecewiseLinearRate
from gplinker_kit.optimizers.sgd import SGD
from gplinker_kit.optimizers.weight_decay import WeightDecay

_TRANSFORMS = {
    'weight_decay': WeightDecay,
    'layer_adaptation': LayerAdaptation,
    'piecewise_linear_lr': PiecewiseLinearRate,
    'parameter_wise_lr': ParameterRate,
    'lazy_optimization': LazyOptimization,
    'lookahead': Lookahead,
    'exponential_moving_average': MovingAverage,
    'gradient_accumulation': GradientAccumulation,
}
ORDER = tuple(_TRANSFORMS)

_BASES = {'Adam': Adam, 'SGD': SGD, 'AdaFactor': AdaFactor, 'Lion': Lion, 'LAMB': LAMB}
_STOCK = {keras.optimizers.Adam: Adam, keras.optimizers.SGD: SGD}
_MADE = {}  # (base, extensions, label) -> class
_EXTENDED = {}  # name -> base class that was extended


def extend_with_weight_decay(BaseOptimizer, name=None):
    """Returns a class like `BaseOptimizer` with `weight_decay_rate` and `exclude_from_weight_decay`; see `WeightDecay`.

    As all `extend_with_*`: `BaseOptimizer` is an optimizer class of ours, an extended one, or Keras's own Adam or SGD,
    in whose place ours comes. `name` is the name of the class, which `keras.optimizers.get` then finds too. The result
    takes the arguments of the base, and the new ones by keyword.
    Raises: ValueError for another base, or one that has the extension already.
    """
    return _extend(BaseOptimizer, 'weight_decay', name)


def extend_with_layer_adaptation(BaseOptimizer, name=None):
    """Returns a class with `exclude_from_layer_adaptation`; see `LayerAdaptation` and `extend_with_weight_decay`."""
    return _extend(BaseOptimizer, 'layer_adaptation', name)


def extend_with_piecewise_linear_lr(BaseOptimizer, name=None):
    """Returns a class with `lr_schedule`; see `PiecewiseLinearRate` and `extend_with_weight_decay`."""
    return _extend(BaseOptimizer, 'piecewise_linear_lr', name)


def extend_with_parameter_wise_lr(BaseOptimizer, name=None):
    """Returns a class with `paramwise_lr_schedule`; see `ParameterRate` and `extend_with_weight_decay`."""
    return _extend(BaseOptimizer, 'parameter_wise_lr', name)


def extend_with_lazy_optimization(BaseOptimizer, name=None):
    """Returns a class with `include_in_lazy_optimization`; see `LazyOptimization` and `extend_with_weight_decay`."""
    return _extend(BaseOptimizer, 'lazy_optimization', name)


def extend_with_lookahead(BaseOptimizer, name=None):
    """Returns a class with `steps_per_slow_update` and `slow_step_size`.

    See `Lookahead` and `extend_with_weight_decay`.
    """
    return _extend(BaseOptimizer, 'lookahead', name)


def extend_with_exponential_moving_average(BaseOptimizer, name=None):
    """Returns a class with `ema_momentum`, and the methods of `AveragedWeights`: apply_ema_weights, reset_old_weights.

    See `MovingAverage` and `extend_with_weight_decay`.
    """
    return _extend(BaseOptimizer, 'exponential_moving_average', name)


def extend_with_gradient_accumulation(BaseOptimizer, name=None):
    """Returns a class with `grad_accum_steps`, and the method `flush` of `AccumulatedGradients`.

    See `GradientAccumulation`, `FlushGradients` and `extend_with_weight_decay`.
    """
    return _extend(BaseOptimizer, 'gradient_accumulation', name)


@register
class KitExtended(RuleOptimizer):
    """Base class of extended optimizers, and the name under which files know all of them."""

    base, label, applied = None, None, ()

    def __init__(self, *args, **kwargs):
        check_keywords(kwargs, self.keywords, self.label)
        own = {name: {k: kwargs.pop(k) for k in _arguments(name) if k in kwargs} for name in self.applied}
        super().__init__(*args, **kwargs)
        rule = self.rule
        for name in self.applied:
            rule = _TRANSFORMS[name](rule, **own[name])
        self.rule = rule

    def get_config(self):
        config = super().get_config()
        config['extended'] = {'base': self.base.__name__, 'extensions': list(self.applied), 'name': self.label}
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        parts = config.pop('extended', None)
        if parts is not None and (cls is KitExtended or 'label' in vars(cls)):
            made = _class(_base_named(parts['base'], custom_objects), tuple(parts['extensions']), parts['name'])
            return made.from_config(config, custom_objects)
        return super().from_config(config, custom_objects)


def _arguments(extension):
    """Returns {argument: inspect.Parameter, by keyword} of an extension."""
    given = list(inspect.signature(_TRANSFORMS[extension].__init__).parameters.values())[2:]  # not self, inner
    return {p.name: p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in given}


def _extend(base, extension, label):
    base = _twin(base)
    if extension in base.extensions:
        raise ValueError(
            '%s has the extension %s already; each extension is applied once, in the order (from the inside out) %s'
            % (_label(base), extension, ', '.join(ORDER)))
    if label is not None and not isinstance(label, str):
        raise ValueError('name must be a string or None, got %r' % (label,))
    applied = tuple(sorted(getattr(base, 'applied', ()) + (extension,), key=ORDER.index))
    fixed = [name for name in base.extensions if name not in applied and ORDER.index(name) > ORDER.index(extension)]
    if fixed:
        raise ValueError(
            '%s, which is built with %s, cannot be extended with %s: the order is (from the inside out) %s'
            % (_label(base), ', '.join(fixed), extension, ', '.join(ORDER)))
    camel = ''.join(part.capitalize() for part in extension.split('_'))
    cls = _class(base.base if _is_made(base) else base, applied, label or _label(base) + camel, base)
    if label is not None:
        keras.utils.get_custom_objects()[label] = cls
    return cls


def _class(base, applied, label, parent=None):
    """Returns the class of `base` with the extensions `applied`, the same one for the same arguments."""
    key = (base, applied, label)
    if key in _MADE:
        return _MADE[key]
    parent = base if parent is None else parent
    methods = [_TRANSFORMS[name].methods for name in applied if _TRANSFORMS[name].methods]
    parents = [cls for cls in methods if not issubclass(parent, cls)]
    parents += [parent] if issubclass(parent, KitExtended) else [KitExtended, parent]
    names = tuple(sorted(set(base.extensions + applied), key=ORDER.index))
    signature = _signature(base, applied)
    keywords = {'lr'}.union(*(inspect.signature(c.__init__).parameters for c in base.__mro__[:-1] if c is not object))
    keywords = sorted((keywords | set(signature.parameters)) - {'self', 'args', 'kwargs', 'rule'})
    lines = ['%s, extended with %s.' % (_label(base), ', '.join(applied)), '']
    lines += ['%s: %s' % (name, inspect.cleandoc(_TRANSFORMS[name].__doc__)) for name in applied]
    cls = type('KitExtended', tuple(parents), {
        '__doc__': '\n'.join(lines), '__module__': __name__, '__qualname__': label, '__signature__': signature,
        'base': base, 'label': label, 'applied': applied, 'extensions': names, 'keywords': keywords,
    })  # fmt: skip
    _EXTENDED[base.__name__] = base
    _MADE[key] = register(cls)
    # Any class can stand for all of them in `load_model`, but this one will always be there.
    register(KitExtended)
    return cls


def _signature(base, applied):
    parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
    kept = [p for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD]
    taken = {p.name for p in kept}
    for name in applied:
        kept += [p for p in _arguments(name).values() if p.name not in taken]
    return inspect.Signature(kept)


def _is_made(cls):
    return 'label' in vars(cls)


def _label(cls):
    return getattr(cls, 'label', None) or cls.__name__.replace('Kit', '', 1)


def _twin(base):
    """Returns the optimizer class of ours that `base` means."""
    if isinstance(base, type) and issubclass(base, RuleOptimizer) and base not in (RuleOptimizer, KitExtended):
        return base
    if isinstance(base, type) and base in _STOCK:
        return _STOCK[base]
    if isinstance(base, str):
        for name, cls in _BASES.items():
            if name.lower() == base.lower():
                return cls
        raise ValueError('there is no optimizer %r to extend.%s' % (base, hint(base, _BASES)))
    raise ValueError(
        'BaseOptimizer must be an optimizer class of gplinker_kit.optimizers (%s, or an extended one), or the Adam or '
        'SGD of %s, got %r' % (', '.join(_BASES), keras.__name__, base))


def _base_named(name, custom_objects):
    known = {cls.__name__: cls for cls in _BASES.values()}
    known.update(_EXTENDED)
    known.update((cls.__name__, cls) for cls in keras.utils.get_custom_objects().values() if isinstance(cls, type))
    known.update(custom_objects or {})
    if name not in known:
        raise ValueError('unknown optimizer %r in the configuration of an extended one.%s' % (name, hint(name, known)))
    return known[name]
