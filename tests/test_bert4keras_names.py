"""The names that scripts written for bert4keras import: each is there, under the module of that name."""

import importlib

import pytest

LAYERS = [
    'GlobalPointer', 'EfficientGlobalPointer', 'ConditionalRandomField', 'MaximumEntropyMarkovModel', 'Loss',
    'LayerNormalization', 'MultiHeadAttention', 'GatedAttentionUnit', 'FeedForward', 'Embedding', 'PositionEmbedding',
    'SinusoidalPositionEmbedding', 'RelativePositionEmbedding', 'ScaleOffset', 'Concatenate1D',
    # Keras's own, which scripts take from there as well.
    'Activation', 'Add', 'BatchNormalization', 'Bidirectional', 'Concatenate', 'Conv1D', 'Dense', 'Dot', 'Dropout',
    'Flatten', 'GlobalAveragePooling1D', 'GlobalMaxPooling1D', 'Input', 'LSTM', 'Lambda', 'Layer', 'Masking',
    'Multiply', 'Permute', 'RepeatVector', 'Reshape', 'Softmax', 'SpatialDropout1D', 'Subtract', 'TimeDistributed',
]
EXTENSIONS = [
    'weight_decay', 'layer_adaptation', 'piecewise_linear_lr', 'gradient_accumulation', 'lookahead',
    'lazy_optimization', 'exponential_moving_average', 'parameter_wise_lr',
]
NAMES = {
    'backend': [
        'keras', 'K', 'tf', 'sparse_multilabel_categorical_crossentropy', 'multilabel_categorical_crossentropy',
        'get_available_gpus', 'search_layer', 'set_gelu', 'batch_gather', 'is_tf_keras',
        'apply_rotary_position_embeddings', 'sequence_masking', 'attention_normalize', 'recompute_grad',
        'K.set_infinity', 'K.infinity',
    ],
    'tokenizers': ['Tokenizer', 'SpTokenizer', 'TokenizerBase', 'load_vocab', 'save_vocab'],
    'layers': LAYERS,
    'models': [
        'build_transformer_model', 'data_parallel', 'Transformer', 'BERT', 'RoFormer', 'RoFormerV2', 'GAU_alpha',
        'LM_Mask', 'UniLM_Mask', 'extend_with_language_model', 'extend_with_unified_language_model',
    ],
    'optimizers': ['Adam', 'AdaFactor', 'Lion'] + ['extend_with_' + name for name in EXTENSIONS],
    'snippets': [
        'sequence_padding', 'DataGenerator', 'open', 'to_array', 'ViterbiDecoder', 'truncate_sequences',
        'lowercase_and_normalize', 'parallel_apply', 'parallel_apply_generator', 'is_string', 'AutoRegressiveDecoder',
        'text_segmentate', 'longest_common_substring', 'longest_common_subsequence', 'orthogonally_resize', 'softmax',
        'uniout', 'WebServing',
    ],
}


@pytest.mark.parametrize('module, name', [(module, name) for module in sorted(NAMES) for name in NAMES[module]])
def test_the_name_is_there(module, name):
    found = importlib.import_module('gplinker_kit.' + module)
    for part in name.split('.'):
        found = getattr(found, part)
    assert found is not None


def test_models_export_the_layers_for_star_imports():
    models = importlib.import_module('gplinker_kit.models')
    missing = (set(NAMES['models']) | set(LAYERS)) - set(models.__all__)
    assert not missing, sorted(missing)


@pytest.mark.parametrize('module', sorted(NAMES))
def test_what_a_star_import_takes_is_there(module):
    found = importlib.import_module('gplinker_kit.' + module)
    names = set(found.__all__)
    if module != 'backend':  # whose `tf` is not there on every backend
        assert set(NAMES[module]) <= names
    assert [name for name in sorted(names) if not hasattr(found, name)] == []
