"""The sums at the end of sub-layers, plain and with factors, and the factor that grows with training."""

from gplinker_kit.backend import Layer, layers, ops, register
from gplinker_kit.backend.counting import count_batch
from gplinker_kit.layers.common import first_shape, last_size, require_number, require_positive


def weighted_sum(x, branch, alpha=1.0, epsilon=1.0):
    """α∘x + ε∘branch; α and ε numbers or tensors that broadcast."""
    x = x if isinstance(alpha, float) and alpha == 1.0 else x * alpha
    return x + (branch if isinstance(epsilon, float) and epsilon == 1.0 else branch * epsilon)


def real_in_all(masks):
    """Where all of the masks that are not None hold, or None where all are."""
    result = None
    for mask in masks or ():
        if mask is not None and mask is not result:
            result = mask if result is None else ops.logical_and(result, mask)
    return result


@register
class Add(layers.Add):
    """Keras's Add, with one rule for masks on every stack: the inputs that have a mask must all be real.

    Stock Keras 3 drops the mask where one input has none (a segment embedding, say); Keras 2.3.1 keeps it.
    """

    def compute_mask(self, inputs, mask=None):
        return real_in_all(mask)


@register
class Residual(Layer):
    """α∘x + ε·F(x), the sum at the end of a sub-layer.

    Shapes: [x (..., e), F(x) (..., e)], or with a factor of F(x) that broadcasts, [x, F(x), c] -> (..., e).
    Masking: as `Add`.
    Arguments: alpha, epsilon: numbers. learn_alpha: bool, α is a vector (e,) that starts at `alpha` (Admin's ω).
        learn_epsilon: bool, ε is a scalar that starts at `epsilon` (ReZero, SkipInit: 0).
    Weights: alpha (e,), epsilon (1,), each where it is learned.
    Raises: ValueError for an alpha or epsilon that is no number.
    References: DeepNet (arXiv:2203.00555); Admin (arXiv:2004.08249); ReZero (arXiv:2003.04887); SkipInit
        (arXiv:2002.10444); ε constant: kexue.fm/archives/8994.
    """

    def __init__(self, alpha=1.0, epsilon=1.0, learn_alpha=False, learn_epsilon=False, **kwargs):
        super().__init__(**kwargs)
        require_number('Residual', alpha=alpha, epsilon=epsilon)
        self.alpha = alpha
        self.epsilon = epsilon
        self.learn_alpha = learn_alpha
        self.learn_epsilon = learn_epsilon
        self.supports_masking = True
        self.profiler = None

    def build(self, input_shape):
        width = last_size('Residual', first_shape(input_shape))
        self.alphas = self._add('alpha', self.alpha, width) if self.learn_alpha else float(self.alpha)
        self.epsilons = self._add('epsilon', self.epsilon, 1) if self.learn_epsilon else float(self.epsilon)
        self.built = True

    def _add(self, name, value, width):
        start = 'zeros' if value == 0 else 'ones' if value == 1 else _Start(value)
        return self.add_weight(name=name, shape=(width,), initializer=start)

    def call(self, inputs, mask=None):
        x, branch, *factors = inputs
        for factor in factors:
            branch = branch * ops.cast(factor, branch.dtype)
        alphas = self.alphas if self.profiler is None else self.profiler.alpha(self, x, branch, mask)
        return weighted_sum(x, branch, alphas, self.epsilons)

    def compute_mask(self, inputs, mask=None):
        return real_in_all(mask)

    def compute_output_shape(self, input_shape):
        return first_shape(input_shape)

    def get_config(self):
        config = super().get_config()
        config.update(
            alpha=self.alpha, epsilon=self.epsilon, learn_alpha=self.learn_alpha, learn_epsilon=self.learn_epsilon
        )
        return config


class _Start:
    """Initial value of a vector: a number."""

    def __init__(self, value):
        self.value = value

    def __call__(self, shape, dtype=None, **kwargs):
        return ops.full(tuple(shape), self.value, dtype)


@register
class Ramp(Layer):
    """A number that grows with training, from 0 to 1 in `steps` batches, and then stays.

    RoFormerV2's way to train a post-norm model from scratch: norm(x + α·F(x)) with this α, which is not trained.

    Shapes: (b, ...), of which only the graph takes note -> (1, 1, 1) float32: min(batches / steps, 1). A batch counts
        when the model trains on it, and for the next one; prediction and evaluation count nothing.
    Masking: the result has no mask.
    Arguments: steps: int.
    Weights: batches (1,), float32, not trained, saved with the model.
    Raises: ValueError for steps below 1.
    Reference: kexue.fm/archives/8998.
    """

    def __init__(self, steps, **kwargs):
        super().__init__(**kwargs)
        require_positive('Ramp', steps=steps)
        self.steps = steps
        self.supports_masking = True
        self.autocast = False  # Keras 3 would count to 2048 in float16

    def build(self, input_shape):
        self.batches = self.add_weight(
            name='batches', shape=(1,), initializer='zeros', trainable=False, dtype='float32'
        )
        self.built = True

    def call(self, inputs, mask=None, training=None):
        batches = ops.cast(count_batch(self, self.batches, training), 'float32')
        return ops.reshape(ops.minimum(batches / float(self.steps), 1.0), (1, 1, 1))

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (1, 1, 1)

    def compute_output_spec(self, inputs, mask=None, training=None):
        return type(inputs)((1, 1, 1), dtype='float32')

    def get_config(self):
        config = super().get_config()
        config.update(steps=self.steps)
        return config
