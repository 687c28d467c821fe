"""The embedding stage that BERT's descendants share: inputs, token plus segment, projection."""

from gplinker_kit.layers import Add, Dense, Dropout, Embedding, SinusoidalPositionEmbedding
from gplinker_kit.models import blocks
from gplinker_kit.models.masks import PackedPositions


def token_inputs(model):
    """Inputs `Input-Token`, `Input-Segment` (unless segment_vocab_size is 0), `Input-Position` (custom ids),
    `Input-Document` (packed)."""
    inputs = [model.make_input('Input-Token')]
    if model.segment_vocab_size:
        inputs.append(model.make_input('Input-Segment'))
    if model.custom_position_ids:
        inputs.append(model.make_input('Input-Position', model.POSITION_DTYPE))
    if model.packed:
        inputs.append(model.make_input('Input-Document'))
    return inputs


def take_inputs(model, inputs):
    """Splits the list of inputs by what each is: (tokens, segments or None, positions or None).

    In a packed model without an input of positions these begin anew with each text.
    """
    inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    tokens = inputs.pop(0)
    segments = inputs.pop(0) if model.segment_vocab_size else None
    positions = inputs.pop(0) if model.custom_position_ids else None
    if model.packed and positions is None:
        positions = model.apply(inputs.pop(0), PackedPositions, name='Packed-Positions')
    return tokens, segments, positions


def token_and_segment(model, tokens, segments):
    """Token table (masking id 0, where the model pads with it) plus segment table -> (b, n, embedding_size)."""
    x = model.apply(
        tokens,
        Embedding,
        input_dim=model.vocab_size,
        output_dim=model.embedding_size,
        embeddings_initializer=model.initializer,
        mask_zero=getattr(model, 'MASK_ZERO', True),
        name='Embedding-Token',
    )
    if segments is None:
        return x
    shared = model.shared_segment_embeddings
    segment = model.apply(
        segments,
        Embedding,
        input_dim=model.segment_vocab_size,
        output_dim=model.embedding_size,
        embeddings_initializer=model.initializer,
        name='Embedding-Token' if shared else 'Embedding-Segment',
    )
    return model.apply([x, segment], Add, name='Embedding-Token-Segment')


def project(model, x, use_bias=True):
    """Dense from embedding_size to hidden_size where they differ."""
    if model.embedding_size == model.hidden_size:
        return x
    return model.apply(
        x,
        Dense,
        units=model.hidden_size,
        use_bias=use_bias,
        kernel_initializer=model.initializer,
        name='Embedding-Mapping',
    )


def plain_embeddings(model, inputs):
    """RoFormerV2's and GAU-α's embedding stage: dropout before an RMS norm, projection without bias."""
    x = model.token_embeddings(inputs)
    x = model.apply(x, Dropout, rate=model.dropout_rate, name='Embedding-Dropout')
    x = blocks.normalize(model, x, 'Embedding-Norm', model.BLOCK.norm)
    return project(model, x, use_bias=False)


def rotary_position(model, x, positions, name='Embedding-Rotary-Position'):
    """The table of rotary positions that `layers.rotary` describes, made once and shared by all blocks.

    float32 whatever the model computes in: a float16 counts whole positions to 2048 only, and no fractions of them.
    """
    return model.apply(
        x if positions is None else [x, positions],
        SinusoidalPositionEmbedding,
        output_dim=model.attention_key_size,
        merge_mode='zero',
        custom_position_ids=positions is not None,
        dtype='float32',
        name=name,
        **getattr(model, 'rotary_options', {}),
    )
