"""The maximum-entropy Markov model, in both directions: each tag given its neighbour's.

Notation: b batch, n length, k tags, d hidden size; e (b, n, k) scores of the tags, T (k, k) of their transitions.
Forward:  p(y_t | y_(t-1)) = softmax((e_t + T[y_(t-1)]) / 2).
Backward: p(y_t | y_(t+1)) = softmax((e_t + Tᵀ[y_(t+1)]) / 2).
A token without a neighbour on that side has softmax(e_t).
"""

from gplinker_kit.backend import ops, register
from gplinker_kit.backend.methods import saved_method
from gplinker_kit.layers.common import last_size, require_positive
from gplinker_kit.layers.tagging import (
    Tagger,
    finite_scores,
    linked_tokens,
    masked_mean,
    read_tags,
    real_tokens,
    tag_accuracy,
)


def with_neighbour(scores, steps, linked):
    """scores and steps (b, n, k), the steps from the neighbour's tag, linked (b, n) -> the logits (b, n, k)."""
    return scores + ops.cast(linked, 'float32')[:, :, None] * (steps - scores) * 0.5


def cross_entropy(tags, logits, real):
    """The mean of -log softmax(logits)[tag] over the real tokens of the batch: tags (b, n) -> ()."""
    gold = ops.sum(ops.one_hot(tags, ops.shape(logits)[-1], dtype='float32') * logits, axis=-1)
    return masked_mean(ops.logsumexp(logits, axis=-1) - gold, real)


def _later(x):
    """(b, n, ...) -> what stood one place to the left; the first place repeats itself, as there is nothing before."""
    return ops.concatenate([x[:, :1], x[:, :-1]], axis=1)


def _earlier(x):
    """(b, n, ...) -> what stood one place to the right; the last place repeats itself."""
    return ops.concatenate([x[:, 1:], x[:, -1:]], axis=1)


@register
class MaximumEntropyMarkovModel(Tagger):
    """A bidirectional maximum-entropy Markov model: used as `ConditionalRandomField` is, and faster to train.

    Shapes: (b, n, k) -> (b, n, k), the scores as they are.
    Masking: padded rows become -inf, by which the losses know them; the output has no mask.
    Arguments:
        lr_multiplier: how many times further a step of Adam moves the transitions than it moves other weights.
        hidden_dim: int d for transitions of low rank, T = L·Rᵀ, where there are many tags; None for a full matrix.
    Weights: trans (k, k), or l_trans and r_trans (k, d); glorot uniform, stored divided by `lr_multiplier`.
    Raises: ValueError if `lr_multiplier` or `hidden_dim` is not positive.
    References: McCallum et al., 2000; kexue.fm/archives/7213.
    """

    def __init__(self, lr_multiplier=1, hidden_dim=None, **kwargs):
        super().__init__(lr_multiplier, **kwargs)
        if hidden_dim is not None:
            require_positive('MaximumEntropyMarkovModel', hidden_dim=hidden_dim)
        self.hidden_dim = hidden_dim

    def build(self, input_shape):
        k = last_size('MaximumEntropyMarkovModel', input_shape)
        if self.hidden_dim is None:
            self._trans = self._add_scaled('trans', (k, k))
        else:
            self._l_trans = self._add_scaled('l_trans', (k, self.hidden_dim))
            self._r_trans = self._add_scaled('r_trans', (k, self.hidden_dim))
        self.built = True

    def get_config(self):
        config = super().get_config()
        config.update(hidden_dim=self.hidden_dim)
        return config

    @property
    def trans(self):
        """The transitions (k, k) as they are used: with `lr_multiplier`, and multiplied out where they are L·Rᵀ."""
        if self.hidden_dim is None:
            return self._scaled('_trans')
        return ops.matmul(self.l_trans, ops.transpose(self.r_trans, (1, 0)))

    @property
    def l_trans(self):
        """L (k, d), with `lr_multiplier`; only with `hidden_dim`."""
        return self._factor('_l_trans')

    @property
    def r_trans(self):
        """R (k, d), with `lr_multiplier`; only with `hidden_dim`."""
        return self._factor('_r_trans')

    @saved_method
    def dense_loss(self, y_true, y_pred):
        """`sparse_loss` for the highest entries of targets (b, n, k)."""
        return self.sparse_loss(ops.argmax(y_true, axis=-1), y_pred)

    @saved_method
    def sparse_loss(self, y_true, y_pred):
        """The mean of both directions' cross-entropies: y_true (b, n) or (b, n, 1), y_pred (b, n, k) -> () float32.

        Each is a mean over the real tokens of the batch. Padding may have any tag; a real token with one outside of
        0..k-1 makes it NaN.
        """
        tags, penalty, real, directions = self._read(y_true, y_pred)
        return sum(cross_entropy(tags, logits, real) for logits in directions) * 0.5 + penalty

    @saved_method
    def sparse_accuracy(self, y_true, y_pred):
        """The mean of both directions' shares of real tokens that are right, given the true neighbour -> ()."""
        tags, penalty, real, directions = self._read(y_true, y_pred)
        return sum(tag_accuracy(tags, logits, real) for logits in directions) * 0.5 + penalty

    def _read(self, y_true, y_pred):
        """Returns tags, penalty, real tokens, and the logits (b, n, k) of both directions."""
        real, k = real_tokens(y_pred), ops.shape(y_pred)[-1]
        scores = finite_scores(y_pred)
        tags, penalty = read_tags(y_true, real, k)
        linked = linked_tokens(real)
        followed = ops.concatenate([linked[:, 1:], ops.zeros_like(linked[:, :1])], axis=1)
        left, right = self._steps(ops.one_hot(tags, k, dtype='float32'))
        forward, backward = _later(left), _earlier(right)
        directions = with_neighbour(scores, forward, linked), with_neighbour(scores, backward, followed)
        return tags, penalty, real, directions

    def _steps(self, path):
        """One-hot (b, n, k) -> the rows of T, and of Tᵀ, that belong to the tags: twice (b, n, k)."""
        if self.hidden_dim is None:
            trans = ops.cast(self.trans, 'float32')
            return ops.matmul(path, trans), ops.matmul(path, ops.transpose(trans, (1, 0)))
        left, right = ops.cast(self.l_trans, 'float32'), ops.cast(self.r_trans, 'float32')
        return (
            ops.matmul(ops.matmul(path, left), ops.transpose(right, (1, 0))),
            ops.matmul(ops.matmul(path, right), ops.transpose(left, (1, 0))),
        )  # fmt: skip

    def _factor(self, name):
        if self.hidden_dim is None:
            raise AttributeError(
                'MaximumEntropyMarkovModel has %s with hidden_dim only; without it, see trans' % name[1:])
        return self._scaled(name)
