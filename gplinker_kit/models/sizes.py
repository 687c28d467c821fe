"""Encoder sizes for training from scratch, by name."""

from gplinker_kit.errors import hint

SIZES = {
    'tiny': {'hidden_size': 128, 'num_hidden_layers': 2, 'num_attention_heads': 4, 'intermediate_size': 512},
    'small': {'hidden_size': 256, 'num_hidden_layers': 4, 'num_attention_heads': 4, 'intermediate_size': 1024},
}


def named_size(name):
    """Returns the encoder's keyword arguments for one of `SIZES`; ValueError with the nearest name otherwise."""
    if name not in SIZES:
        raise ValueError('unknown size %r.%s' % (name, hint(name, SIZES)))
    return dict(SIZES[name], hidden_act='relu', dropout_rate=0.1, attention_dropout_rate=0.1)
