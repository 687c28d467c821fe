"""What RoFormerV2, GAU-α and the FLASH models share."""

from gplinker_kit.models import blocks, embeddings, heads
from gplinker_kit.models.encoder import Encoder
from gplinker_kit.models.initial import initializer_method, scaled_normal


class PlainEncoder(Encoder):
    """No biases, norms without parameters, no dropout of embeddings, rotary positions.

    Outputs: hidden states (b, n, hidden_size), or (b, n, vocab_size) with `with_mlm`.
    """

    HEADS = ('with_mlm',)
    BLOCK = blocks.Block(norm=blocks.RMS, use_bias=False)
    ROTARY = True

    @initializer_method
    def initializer(self, shape, dtype=None, order=3, gain=1.0):
        """Truncated normal of standard deviation gain · fan^(-1/2) · L^(-1/order), L the number of blocks."""
        return scaled_normal(shape, self.num_hidden_layers, order, gain, dtype)

    def apply_embeddings(self, inputs):
        return embeddings.plain_embeddings(self, inputs)

    def compute_position_bias(self, inputs=None):
        return self.rotary_position_bias(inputs)

    def apply_final_layers(self, inputs):
        return heads.plain_heads(self, inputs)


def require_one_activation(model):
    """Raises a ValueError where a gated feed-forward network's list of activations is given to a gated unit."""
    if isinstance(model.hidden_act, (list, tuple)):
        name = type(model).__name__
        raise ValueError('hidden_act of %s must be one activation. Received: %r' % (name, model.hidden_act))
