"""What the tables of README.md and its Chinese twin call their rows and columns."""

from __future__ import annotations


def _both(en, zh):
    return {'en': en, 'zh': zh}


HEADS = {
    'gplinker': _both(
        ['ours (the peer), ratio', 'TF 1.15', 'Keras 3 on TensorFlow', 'Keras 3 on JAX'],
        ['我们（对照），倍数', 'TF 1.15', 'Keras 3，TensorFlow 后端', 'Keras 3，JAX 后端'],
    ),
    'encoder_tf1': _both(
        'ours (bert4keras), ratio; of the matrix rate', '我们（bert4keras），倍数；占矩阵乘法速度的比例'),
    'encoder_keras3': _both('ours (the peer), ratio; of the matrix rate', '我们（对照），倍数；占矩阵乘法速度的比例'),
    'attention': _both(['training step, s (MiB)', 'slope, s; MiB'], ['训练步，秒（MiB）', '斜率，秒；MiB']),
    'depth': _both('1000 blocks', '1000 个块'),
    'memory': _both('with (without), ratio', '使用（不用），倍数'),
}
# row: (unit, words)
GPLINKER = {
    'train_step': (' s', _both('a training step, batch 32, n ≤ 256', '单步训练，批大小 32，n ≤ 256')),
    'train_peak_memory': (' MiB', _both('its peak memory', '训练的内存峰值')),
    'train_epoch': ('', _both('training, sentences/s', '训练，句/秒')),
    'extract': ('', _both('extraction, sentences/s', '抽取，句/秒')),
    'tokenise': ('', _both('tokenizer with offsets, texts/s', '带偏移的分词，条/秒')),
    'cliques_k7x2': (' ms', _both(
        'cliques, 14 nodes, 7 pairs unlinked; the published recursion',
        '14 个节点、缺 7 条边的图上的团搜索；对照为公开的递归算法')),
    'cliques_g40': (' ms', _both(
        'cliques of a random graph of 40 nodes, 90% linked; networkx',
        '40 个节点、连边率 90% 的随机图上的团搜索；对照为 networkx')),
    'cliques_duee': (' ms', _both(
        'cliques of 8,290 texts and types; networkx',
        '8,290 张图（每条文本、每种事件类型一张）的团搜索；对照为 networkx')),
}  # fmt: skip
ENCODER_SHAPES = ('forward_8x128', 'forward_4x512', 'train_8x128', 'train_4x512')
ENCODER_HEADS = _both(
    ['forward, 8 × 128 tokens', 'forward, 4 × 512', 'training step, 8 × 128', 'training step, 4 × 512'],
    ['前向，8 × 128 词元', '前向，4 × 512', '训练步，8 × 128', '训练步，4 × 512'],
)
ENCODER_MODELS = {'bert': 'BERT-base', 'roformer_v2': 'RoFormerV2-base', 'gau_alpha': 'GAU-α-base'}
# (row, stack, model, what the names of its rows end in)
ENCODER_KERAS3 = (
    ('BERT-base, PyTorch; bert4torch', 'keras3-torch', 'bert', 'bert4torch'),
    ('RoFormer-base, PyTorch; transformers', 'keras3-torch', 'roformer', 'transformers'),
    ('RoFormerV2-base, PyTorch; bert4torch', 'keras3-torch', 'roformer_v2', 'bert4torch'),
    ('RoFormerV2-base, PyTorch; keras-hub', 'keras3-torch', 'roformer_v2', 'keras_hub'),
    ('GAU-α-base, PyTorch; bert4torch', 'keras3-torch', 'gau_alpha', 'bert4torch'),
    ('BERT-base, JAX', 'keras3-jax', 'bert', None),
    ('RoFormerV2-base, JAX; keras-hub', 'keras3-jax', 'roformer_v2', 'keras_hub'),
    ('GAU-α-base, JAX', 'keras3-jax', 'gau_alpha', None),
    ('BERT-base, TensorFlow', 'keras3-tensorflow', 'bert', None),
    ('RoFormerV2-base, TensorFlow; keras-hub', 'keras3-tensorflow', 'roformer_v2', 'keras_hub'),
    ('GAU-α-base, TensorFlow', 'keras3-tensorflow', 'gau_alpha', None),
)
ATTENTION = {
    'softmax': _both('softmax, `MultiHeadAttention`', 'softmax，`MultiHeadAttention`'),
    'gau': _both('`GatedAttentionUnit`', '`GatedAttentionUnit`'),
    'flash': _both('`FLASH`', '`FLASH`'),
    'mixed_chunk': _both('`MixedChunkAttention`', '`MixedChunkAttention`'),
    'linear': _both('linear, elu + 1', '线性，elu + 1'),
    'cosine': _both('linear, 1 + cos', '线性，1 + cos'),
    'double_softmax': _both('double softmax', '双重 softmax'),
    'performer': _both('Performer', 'Performer'),
    'nystrom': _both('Nyströmformer', 'Nyströmformer'),
    'local': _both('local, 128 on each side', '局部，两侧各 128'),
    'atrous': _both('atrous, every 128th', '空洞，每隔 128'),
    'sparse': _both('sparse: both', '稀疏：两者'),
    'flash_pytorch': _both('FLASH-pytorch, on PyTorch', 'FLASH-pytorch，PyTorch'),
}
DEPTH_TITLES = {
    'tf1': 'TF 1.15', 'tf1-tfkeras': 'tf.keras 1.15', 'keras3-tensorflow': 'Keras 3, TensorFlow',
    'keras3-jax': 'Keras 3, JAX', 'keras3-torch': 'Keras 3, PyTorch',
}  # fmt: skip
DEPTH = {
    'first_step_1000': _both('from building to the end of the first step, s', '从搭建到第一步结束，秒'),
    'growth': _both('a step, ms a block (of 250 blocks)', '一步，每块毫秒（250 个块时）'),
    'memory_1000': _both('peak memory of two steps, MiB', '两步的内存峰值，MiB'),
}
TF1, KERAS3 = 'memory-saving-tf1', 'memory-saving-keras3-tensorflow'
# (result file, row, unit, words)
MEMORY = (
    (TF1, 'recompute_memory', ' MiB', _both(
        '`recompute`: peak memory of a training step', '`recompute`：训练步的内存峰值')),
    (TF1, 'recompute_time', ' s', _both('`recompute`: its time', '`recompute`：训练步的耗时')),
    (KERAS3, 'recompute_memory', ' MiB', _both(
        '`recompute` on Keras 3 with TensorFlow: peak memory', '`recompute`，Keras 3，TensorFlow：内存峰值')),
    (KERAS3, 'recompute_time', ' s', _both(
        '`recompute` on Keras 3 with TensorFlow: time', '`recompute`，Keras 3，TensorFlow：耗时')),
    ('input-pipeline-tf1', 'waiting', '%', _both(
        'batches made ahead: share of the time that a training waits for them',
        '提前准备批次：训练等待批次的时间占比')),
    ('input-pipeline-tf1', 'waiting_encoding', '%', _both(
        'the same where each batch is tokenised when it is made', '同上，但每个批次在用到时才分词')),
    ('input-pipeline-tf1', 'packing_or_padding', '', _both(
        'packed rows: tokens/s, against batches padded to their longest text',
        '拼接：词元/秒，与补齐到批内最长文本相比')),
    ('input-pipeline-tf1', 'packing_or_buckets', '', _both(
        'packed rows: tokens/s, against batches of about one length', '拼接：词元/秒，与按长度组批相比')),
)  # fmt: skip
