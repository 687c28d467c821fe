"""The linear-chain conditional random field: the likelihood of a whole sequence of tags.

Notation: b batch, n length, k tags; e (b, n, k) scores of the tags (emissions), T (k, k) of their transitions.
A path y scores s(y) = Σ_t e[t, y_t] + Σ_t T[y_(t-1), y_t], and its probability is exp(s(y)) / Σ over all paths.
"""

from gplinker_kit.backend import ENGINE, cond, ops, register, scan
from gplinker_kit.backend.methods import saved_method
from gplinker_kit.layers.common import last_size
from gplinker_kit.layers.tagging import Tagger, finite_scores, linked_tokens, read_tags, real_tokens, tag_accuracy

# Up to this spread of the transitions the sum over paths may run on probabilities: what underflows there, below e^-87,
# weighs less than float32 can see even where two transitions favour it.
SPREAD = 30.0


def log_partition(scores, real, trans):
    """log Σ exp(s(y)) over the paths of the real tokens: scores (b, n, k), finite; real (b, n); trans (k, k) -> (b,).

    The forward recursion with the sum taken out at each step: Σ of the logarithms of what was taken out is the result.
    A row without real tokens gives 0. All in float32, the dtype of `scores` and `trans`.
    """
    links = ops.cast(linked_tokens(real), 'float32')
    # Logarithms at each step, (b, k, k) of them, cost several times as much, but stand forbidden transitions.
    tame = ops.less(ops.max(trans) - ops.min(trans), SPREAD)
    sums = cond(tame, lambda: _by_products(scores, links, trans), lambda: _by_logarithms(scores, links, trans))
    return ops.sum(ops.where(real, sums, ops.zeros_like(sums)), axis=1)


def _by_products(scores, links, trans):
    """Returns the logarithms (b, n) of the sums that are taken out, of exponentials that are taken before the loop."""
    highest = ops.stop_gradient(ops.max(scores, axis=-1))
    weights = ops.exp(scores - highest[:, :, None])
    most = ops.stop_gradient(ops.max(trans))
    moves = ops.exp(trans - most)

    def step(before, x):
        # Not `ops.where`, whose broadcasting would take longer than all else on TF 1.15.
        weight, link = x
        now = weight * (link * ops.matmul(before, moves) + (1.0 - link))
        total = ops.sum(now, axis=1, keepdims=True)
        return now / total, total

    _, totals = scan(step, ops.ones_like(scores[:, 0]), (_by_time(weights), _by_time(links[:, :, None])))
    return ops.log(ops.transpose(totals[:, :, 0], (1, 0))) + highest + links * most


def _by_logarithms(scores, links, trans):
    """The same with the logarithms inside the loop."""

    def step(before, x):
        score, link = x
        now = score + link * ops.logsumexp(before[:, :, None] + trans, axis=1)
        total = ops.logsumexp(now, axis=1, keepdims=True)
        return now - total, total

    _, totals = scan(step, ops.zeros_like(scores[:, 0]), (_by_time(scores), _by_time(links[:, :, None])))
    return ops.transpose(totals[:, :, 0], (1, 0))


def _by_time(x):
    return ops.transpose(x, (1, 0, 2))


def path_score(path, scores, trans):
    """s(y) of one-hot paths (b, n, k), zero where padded; scores (b, n, k), trans (k, k) -> (b,)."""
    steps = ops.sum(ops.matmul(path[:, :-1], trans) * path[:, 1:], axis=(1, 2))
    return ops.sum(path * scores, axis=(1, 2)) + steps


@register
class ConditionalRandomField(Tagger):
    """A linear-chain CRF on top of a Dense(k): a matrix of transitions, and the losses and metrics to train it.

        crf = ConditionalRandomField()
        model = Model(inputs, crf(Dense(k)(hidden)))
        model.compile('adam', loss=crf.sparse_loss, metrics=[crf.sparse_accuracy])
        decoder = ViterbiDecoder(K.eval(crf.trans), starts=[0], ends=[0])

    Shapes: (b, n, k) -> (b, n, k), the scores as they are.
    Masking: padded rows become -inf, by which the losses know them; the output has no mask.
    Arguments: lr_multiplier: how many times further a step of Adam moves the transitions than it moves other weights.
    Weights: trans (k, k), glorot uniform, stored divided by `lr_multiplier`; [i, j] scores tag j after tag i. There
        are no scores for the first and the last tag: `ViterbiDecoder` takes the allowed ones.
    Raises: ValueError if `lr_multiplier` is not positive.
    References: Lafferty et al., 2001; kexue.fm/archives/5542, kexue.fm/archives/7196.
    """

    def __init__(self, lr_multiplier=1, **kwargs):
        super().__init__(lr_multiplier, **kwargs)
        if ENGINE == 'tensorflow':
            # XLA cannot differentiate a loop whose number of steps the graph does not know; Keras 3 asks before it
            # compiles with XLA, which it does by itself on a GPU.
            self.supports_jit = False

    def build(self, input_shape):
        k = last_size('ConditionalRandomField', input_shape)
        self._trans = self._add_scaled('trans', (k, k))
        self.built = True

    @property
    def trans(self):
        """The transitions (k, k) as they are used, with `lr_multiplier`."""
        return self._scaled('_trans')

    @saved_method
    def dense_loss(self, y_true, y_pred):
        """-log probability of the path: y_true (b, n, k) one-hot, y_pred (b, n, k) -> (b,) float32.

        Soft targets enter as they do in bert4keras: s is linear in them for the scores, bilinear for the transitions.
        """
        return self._loss(y_true, y_pred, real_tokens(y_pred))

    @saved_method
    def sparse_loss(self, y_true, y_pred):
        """-log probability of the path: y_true (b, n) or (b, n, 1) integers of any dtype, y_pred (b, n, k) -> (b,).

        Not divided by the length. Padding may have any tag; a real token with one outside of 0..k-1 makes it NaN.
        """
        real, k = real_tokens(y_pred), ops.shape(y_pred)[-1]
        tags, penalty = read_tags(y_true, real, k)
        return self._loss(ops.one_hot(tags, k, dtype='float32'), y_pred, real) + penalty

    @saved_method
    def sparse_accuracy(self, y_true, y_pred):
        """The share of real tokens whose highest score is at their tag, without regard to transitions -> ()."""
        real = real_tokens(y_pred)
        tags, penalty = read_tags(y_true, real, ops.shape(y_pred)[-1])
        return tag_accuracy(tags, y_pred, real) + penalty

    def _loss(self, path, y_pred, real):
        scores, trans = finite_scores(y_pred), ops.cast(self.trans, 'float32')
        path = ops.cast(path, 'float32') * ops.cast(real, 'float32')[:, :, None]
        return log_partition(scores, real, trans) - path_score(path, scores, trans)
