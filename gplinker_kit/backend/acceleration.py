"""Mixed precision and XLA, the same call on both stacks.

    from gplinker_kit import backend

    backend.accelerate(precision='float16', xla='auto')   # before the model is built
    ...
    model.compile(loss, optimizer, **backend.compile_options())
    ...
    backend.prepare(model)                                # where it is not compiled, but predicts

`backend.loss_scale_tf1` and the drivers of Keras 3 do what `loss_scale` says.
"""

import importlib
import math
import numbers
import os
import sys
from collections import namedtuple

from gplinker_kit.backend import xla_flags
from gplinker_kit.backend.stack import STACK, keras
from gplinker_kit.backend.too_late import check_early
from gplinker_kit.errors import hint

PRECISIONS = ('float32', 'float16', 'bfloat16')
COMPILERS = ('auto', 'fusible', 'jit_compile')
DYNAMIC = 'dynamic'

ENGINE = keras.backend.backend() if STACK == 'keras3' else 'tensorflow'
_POLICIES = {'float32': 'float32', 'float16': 'mixed_float16', 'bfloat16': 'mixed_bfloat16'}
# NVIDIA's TensorFlow reads the first two, TensorFlow 1.15 the last one.
_SWITCHES = (
    'TF_ENABLE_AUTO_MIXED_PRECISION', 'TF_ENABLE_AUTO_MIXED_PRECISION_GRAPH_REWRITE',
    'TF_ENABLE_AUTO_MIXED_PRECISION_GRAPH_REWRITE_EXPERIMENTAL',
)  # fmt: skip

Settings = namedtuple('Settings', 'precision loss_scale xla lazy_compilation')
Settings.__doc__ = """What `accelerate` was told: precision, loss_scale, xla and lazy_compilation.

`loss_scale` is None where nothing was said, a float, or 'dynamic'.
"""
_NOW = [Settings(None, None, None, True)]


def settings():
    """Returns the present `Settings`."""
    return _NOW[0]


def accelerate(precision=None, loss_scale=None, xla=None, lazy_compilation=True):
    """Chooses precision and compiler of all models of this process; call it once, before the first is built.

    Arguments:
        precision: None (as it is), 'float32', 'float16' or 'bfloat16'. Weights, what an optimizer keeps, softmax, norms
            and losses stay float32. On Keras 3 it is the dtype policy `mixed_float16` or `mixed_bfloat16`. On TF 1.15
            float16 is TensorFlow's rewriting of the graph, asked for by an option of the sessions that Keras makes
            (which both flavours of Keras take, whatever the optimizer); it happens on a GPU with tensor cores, and
            TensorFlow warns where there is none. A session of your own needs the option in its ConfigProto:
            `graph_options.rewrite_options.auto_mixed_precision`. TF 1.15 has no bfloat16.
        loss_scale: what the loss is multiplied by before its gradients are taken, and these are divided by, in float32
            and before they are clipped: small gradients do not become 0 in float16 then. A positive number; 'dynamic'
            (with float16 only), which halves the scale and leaves out the whole update where a gradient is not finite,
            and doubles it after 2000 updates in a row, from 2**15; or None: 'dynamic' for float16, and 1 otherwise.
            Our optimizers obey it. Of Keras's own, those of Keras 3 obey 'dynamic' (for a constant they have
            `loss_scale_factor`), those of Keras 2.3.1 and tf.keras none.
        xla: None (as it is); 'auto', all that XLA can compile, or 'fusible', what it can fuse, which needs less memory
            (TensorFlow's clusters, asked for by TF_XLA_FLAGS); or 'jit_compile' (Keras 3), the whole step, for each
            shape of batch. Flags that TF_XLA_FLAGS has already stay.
        lazy_compilation: False compiles a cluster at once and not after some runs; with 'auto' or 'fusible'.

    Raises:
        ValueError: a value that is none of these; what the stack lacks: bfloat16 or 'jit_compile' on TF 1.15, and
            'fusible' where it is not NVIDIA's; XLA on PyTorch; clusters on JAX, which compiles everything; a flag of
            the environment that says the contrary (both are shown); another call with other arguments; too late a call.

    Too late is a call after a layer, an optimizer or a session was made that is still in use, and with `xla` after
    TensorFlow 2 has run its first operation. What cannot be noticed is a session of TF 1.15 that was made and dropped
    before: TensorFlow reads TF_XLA_FLAGS once in a process.

    Source: kexue.fm/archives/9059; Micikevicius et al., 2018 (arXiv:1710.03740) for the loss scale.
    """
    asked = _checked(precision, loss_scale, xla, lazy_compilation)
    if asked == _NOW[0]:
        return
    if _NOW[0] != Settings(None, None, None, True):
        raise ValueError('accelerate was called before with %s, and now with %s; once in a process it can be'
                         % (_listed(_NOW[0]), _listed(asked)))
    check_early('accelerate', STACK, ENGINE, with_flags=xla in ('auto', 'fusible'))
    flags = xla_flags.wanted(xla, lazy_compilation) if xla in ('auto', 'fusible') else {}
    text = xla_flags.extended(os.environ.get(xla_flags.NAME, ''), flags)
    if STACK != 'keras3':
        _rewrite(precision)
    elif precision is not None:
        keras.config.set_dtype_policy(_POLICIES[precision])
    if flags:
        os.environ[xla_flags.NAME] = text
    _NOW[0] = asked


def compile_options():
    """Returns keyword arguments for `model.compile`: jit_compile, and on Keras 3 who scales the loss."""
    options = {}
    if STACK == 'keras3':
        if isinstance(_NOW[0].loss_scale, float):  # else Keras would put a dynamic one around ours
            options['auto_scale_loss'] = False
        if _NOW[0].xla == 'jit_compile':
            options['jit_compile'] = True
    return options


def prepare(model):
    """Returns `model`, a model that was not compiled, set to predict as `accelerate` was told."""
    if STACK == 'keras3' and _NOW[0].xla == 'jit_compile':
        model.jit_compile = True
    return model


def compiles_shapes():
    """Whether a program is compiled for each shape of batch: on JAX always, elsewhere with `xla`."""
    return ENGINE == 'jax' or _NOW[0].xla is not None


def constant_scale():
    """Returns the loss scale as a float where it is a number other than 1, else None."""
    scale = _NOW[0].loss_scale
    return scale if isinstance(scale, float) and scale != 1.0 else None


def _checked(precision, loss_scale, xla, lazy_compilation):
    """Returns the Settings, or raises a ValueError that names the argument."""
    for name, value, known in (('precision', precision, PRECISIONS), ('xla', xla, COMPILERS)):
        if value is not None and value not in known:
            raise ValueError('%s must be None or one of %s. Received: %r.%s' % (
                name, ', '.join(known), value, hint(value, known, show=0)))
    if not isinstance(lazy_compilation, bool):
        raise ValueError('lazy_compilation must be True or False. Received: %r' % (lazy_compilation,))
    _check_stack(precision, xla)
    if not lazy_compilation and xla not in ('auto', 'fusible'):
        raise ValueError("lazy_compilation=False belongs to xla='auto' or 'fusible'. Received: xla=%r" % (xla,))
    return Settings(precision, _checked_scale(loss_scale, _computes_in(precision)), xla, lazy_compilation)


def _check_stack(precision, xla):
    if STACK != 'keras3':
        if xla == 'fusible' and not xla_flags.knows_fusible(_library()):
            raise ValueError("xla='fusible': this TensorFlow 1.15 would read --tf_xla_auto_jit=fusible as 0, no XLA at "
                             "all; NVIDIA's build knows it, and TensorFlow 2. Use 'auto'")
        if precision == 'bfloat16':
            raise ValueError("precision='bfloat16' needs Keras 3: TensorFlow 1.15 rewrites graphs to float16 only")
        if xla == 'jit_compile':
            raise ValueError("xla='jit_compile' needs Keras 3; TensorFlow 1.15 has 'auto' and 'fusible'")
    elif ENGINE == 'torch' and xla is not None:
        raise ValueError('xla=%r: PyTorch has no XLA here; use the backend tensorflow or jax of Keras' % xla)
    elif ENGINE == 'jax' and xla in ('auto', 'fusible'):
        raise ValueError("xla=%r: those are TensorFlow's clusters; JAX compiles every step as a whole, with or without "
                         "xla='jit_compile'" % xla)


def _library():
    return sys.modules['_pywrap_tensorflow_internal'].__file__  # of TensorFlow 1.15, which Keras has imported


def _computes_in(precision):
    if precision is not None or STACK != 'keras3':
        return precision or 'float32'
    return keras.config.dtype_policy().compute_dtype


def _checked_scale(scale, precision):
    if scale is None:
        return DYNAMIC if precision == 'float16' else None
    if scale == DYNAMIC:
        if precision != 'float16':
            raise ValueError("loss_scale='dynamic' is for float16: %s has the range of float32, or is it. Received: "
                             'precision=%r' % (precision, precision))
        return scale
    number = isinstance(scale, numbers.Real) and not isinstance(scale, bool)
    if not number or not 0 < scale < math.inf:
        raise ValueError("loss_scale must be None, a positive number or 'dynamic'. Received: %r" % (scale,))
    return float(scale)


def _rewrite(precision):
    """Turns on TF 1.15's rewriting of graphs, for all sessions that Keras makes from now on."""
    found = ['%s=%s' % (name, os.environ[name]) for name in _SWITCHES if os.environ.get(name, '0') not in ('', '0')]
    if precision == 'float32' and found:
        raise ValueError("precision='float32', but the environment asks for float16: %s" % ' '.join(found))
    if precision == 'float16':
        tensorflow = importlib.import_module('tensorflow')
        tensorflow.config.optimizer.set_experimental_options({'auto_mixed_precision': True})


def _listed(given):
    return ', '.join('%s=%r' % pair for pair in zip(given._fields, given))
