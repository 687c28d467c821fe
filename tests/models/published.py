"""Published configurations, so that tests run without the files; these are compared where they are at hand."""

DROPOUTS = {'hidden_dropout_prob': 0.1, 'attention_probs_dropout_prob': 0.1}
V2_BASE = dict(
    DROPOUTS, hidden_act='relu', hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12,
    type_vocab_size=2, vocab_size=12000,
)  # fmt: skip
GAU_BASE = dict(
    DROPOUTS, hidden_act='swish', hidden_size=768, intermediate_size=1536, num_attention_heads=1, num_hidden_layers=24,
    attention_key_size=128, type_vocab_size=2, vocab_size=12000,
)  # fmt: skip
BERT_BASE = dict(
    DROPOUTS, directionality='bidi', hidden_act='gelu', hidden_size=768, initializer_range=0.02,
    intermediate_size=3072, max_position_embeddings=512, num_attention_heads=12, num_hidden_layers=12,
    pooler_fc_size=768, pooler_num_attention_heads=12, pooler_num_fc_layers=3, pooler_size_per_head=128,
    pooler_type='first_token_transform', type_vocab_size=2, vocab_size=21128,
)  # fmt: skip
# What Hugging Face's configurations add.
HUGGING_FACE = dict(
    BERT_BASE, architectures=['BertForMaskedLM'], bos_token_id=0, classifier_dropout=None, gradient_checkpointing=False,
    layer_norm_eps=1e-12, model_type='bert', output_past=True, pad_token_id=0, position_embedding_type='absolute',
    torch_dtype='float32', transformers_version='4.26.0', use_cache=True, rotary_value=False, embedding_size=768,
    norm_type='rms_norm', use_bias=False, pool_act='tanh', eos_token_id=2,
)  # fmt: skip
