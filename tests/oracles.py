"""Float64 numpy twins of the layers, written from the formulas and not from the layers' code.

Notation: b batch, n queries or length, m keys, h heads or labels, d head size, e hidden. True in a mask means real.
"""

import math

import numpy as np

FILL = -1e9  # what stands for an excluded cell in packed scores

_erf = np.vectorize(math.erf, otypes=[np.float64])

ACTIVATIONS = {
    'linear': lambda x: x,
    'relu': lambda x: np.maximum(x, 0.0),
    'tanh': np.tanh,
    'gelu': lambda x: 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0))),
    'swish': lambda x: x / (1.0 + np.exp(-x)),
    'squared_relu': lambda x: np.maximum(x, 0.0) ** 2,
}


def embedding(ids, table):
    """ids (b, n), table (v, e) -> (b, n, e)."""
    return np.asarray(table, np.float64)[np.asarray(ids, int)]


def embedding_mask(ids):
    """Id 0 is padding, but never at position 0."""
    mask = np.asarray(ids) != 0
    mask[:, 0] = True
    return mask


def tied_output(x, table):
    """x (b, n, e), table (v, e) -> (b, n, v)."""
    return np.einsum('bne,ve->bnv', x, table)


def affine(x, kernel, bias=None):
    y = np.einsum('...e,eu->...u', x, kernel)
    return y if bias is None else y + bias


def norm(x, beta=None, gamma=None, zero_mean=True, unit_variance=True, epsilon=1e-7):
    """Layer normalisation; without mean, gain and shift the root-mean-square form."""
    if zero_mean:
        x = x - x.mean(-1, keepdims=True)
    if unit_variance:
        x = x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon)
    x = x if gamma is None else x * gamma
    return x if beta is None else x + beta


def scale_offset(x, weights, condition=None, scale=True, offset=True, activation=None):
    """weights: [beta] [gamma] [hidden kernel, with an `activation`] [beta kernel] [gamma kernel]; `scale` and `offset`
    are True, False or numbers; condition (b, k) or (b, n, k)."""
    weights = list(weights)
    offset = weights.pop(0) if offset is True else offset
    scale = weights.pop(0) if scale is True else scale
    if condition is not None:
        if activation is not None:
            condition = ACTIVATIONS[activation](affine(condition, weights.pop(0)))
        condition = condition[:, None] if condition.ndim < x.ndim else condition
        offset = offset if offset is False else offset + affine(condition, weights.pop(0))
        scale = scale if scale is False else scale + affine(condition, weights.pop(0))
    assert not weights
    x = x if scale is False else x * scale
    return x if offset is False else x + offset


def sinusoidal(positions, width):
    """positions (..., n) -> (..., n, width): sin at even channels, cos at odd ones."""
    table = np.zeros(np.shape(positions) + (width,))
    for i in range(width // 2):
        angle = np.asarray(positions, np.float64) * 10000.0 ** (-2.0 * i / width)
        table[..., 2 * i], table[..., 2 * i + 1] = np.sin(angle), np.cos(angle)
    return table


def hierarchical(positions, table, alpha=0.4):
    """positions of any shape below P², table (P, e) -> (..., e)."""
    base = (table - alpha * table[:1]) / (1 - alpha)
    positions = np.asarray(positions, int)
    return alpha * base[positions // len(table)] + (1 - alpha) * base[positions % len(table)]


def rotary(x, positions):
    """x (b, n, ..., d), positions (n,) or (b, n): channels (2i, 2i + 1) as a complex number, times exp(√-1·p·θi)."""
    d = x.shape[-1]
    theta = 10000.0 ** (-2.0 * np.arange(d // 2) / d)
    angles = np.asarray(positions, np.float64)[..., None] * theta
    angles = angles if angles.ndim == 3 else angles[None]
    angles = angles.reshape(angles.shape[:2] + (1,) * (x.ndim - 3) + (d // 2,))
    turned = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * angles)
    result = np.empty_like(x)
    result[..., 0::2], result[..., 1::2] = turned.real, turned.imag
    return result


def attention_row(scores, visible, method, divisor='n', least_keys=16):
    """One query: scores (m,), visible (m,) -> weights (m,)."""
    count = int(visible.sum())
    if method == 'squared_relu':
        by = {'n': max(count, 1), 'n^2': max(count, 1) ** 2}.get(divisor, divisor)
        return np.where(visible, np.maximum(scores, 0.0) ** 2, 0.0) / by
    if count == 0:
        return np.full(len(scores), 1.0 / len(scores))
    if method == 'softmax_plus':
        scores = scores * math.log(max(count, least_keys)) / math.log(512)
    weights = np.where(visible, np.exp(scores - scores[visible].max()), 0.0)
    return weights / weights.sum()


def attention_weights(scores, method='softmax', mask=None, **options):
    """scores (..., n, m) and a mask that broadcasts to them -> weights, row by row."""
    scores = np.asarray(scores, np.float64)
    visible = np.broadcast_to(True if mask is None else np.asarray(mask, bool), scores.shape)
    result = np.zeros(scores.shape)
    for place in np.ndindex(*scores.shape[:-1]):
        result[place] = attention_row(scores[place], visible[place], method, **options)
    return result


def _visible(b, n, m, padding, structure):
    """Which keys each query may see, (b, n, m), from the padding of the keys and a structural mask."""
    visible = np.ones((b, n, m), bool)
    if padding is not None:
        visible &= np.asarray(padding, bool)[:, None, :]
    return visible if structure is None else visible & np.asarray(structure, bool)


def multi_head_attention(
    q, k, v, weights, heads, head_size, key_size=None, use_bias=True, method='softmax', scaled=True, padding=None,
    structure=None, bias=None, positions=None, relative=None, relative_scores=None, with_scores=False,
):
    """weights: kernel (and bias) of q, k, v, output. structure (b, n, m) or (n, m); bias (b, h, n, m) or smaller;
    relative (n, m, d), relative_scores (n, m, h). `with_scores`: [output, scores before bias and mask]."""
    key_size = key_size or head_size
    weights = list(weights)
    parts = [(weights.pop(0), weights.pop(0) if use_bias else None) for _ in range(4)]
    q, k, v = (affine(x, *part) for x, part in zip((q, k, v), parts))
    b, n, m = q.shape[0], q.shape[1], k.shape[1]
    visible = _visible(b, n, m, padding, structure)
    bias = np.zeros((b, heads, n, m)) if bias is None else np.asarray(bias, np.float64)
    bias = np.broadcast_to(bias[:, None] if bias.ndim == 3 else bias, (b, heads, n, m))
    relative = np.zeros((n, m, 1)) if relative is None else relative
    output, raw = np.zeros((b, n, heads, head_size)), np.zeros((b, heads, n, m))
    for h in range(heads):
        qh, kh = (x[..., h * key_size : (h + 1) * key_size] for x in (q, k))
        if positions is not None:
            qh, kh = rotary(qh, positions), rotary(kh, positions)
        # One key and one value for each pair of positions.
        keys = kh[:, None] + relative
        values = v[:, None, :, h * head_size : (h + 1) * head_size] + relative
        raw[:, h] = (qh[:, :, None] * keys).sum(-1) + (0.0 if relative_scores is None else relative_scores[..., h])
        raw[:, h] /= math.sqrt(key_size) if scaled else 1.0
        shares = attention_weights(raw[:, h] + bias[:, h], method, visible)
        output[:, :, h] = (shares[..., None] * values).sum(2)
    output = affine(output.reshape(b, n, -1), *parts[3])
    return [output, raw] if with_scores else output


def feed_forward(x, weights, names, use_bias=True):
    """weights: kernel (and bias) an activation, then the output's; `names` of the activations."""
    weights = list(weights)
    parts = [(weights.pop(0), weights.pop(0) if use_bias else None) for _ in range(len(names) + 1)]
    hidden = 1.0
    for name, part in zip(names, parts):
        hidden = hidden * ACTIVATIONS[name](affine(x, *part))
    return affine(hidden, *parts[-1])


def gated_attention_unit(
    x, weights, units, key_size, use_bias=True, activation='swish', method='squared_relu', scaled=True, padding=None,
    structure=None, bias=None, positions=None, offset_scale=True, causal=False, **options
):
    """weights: kernel [bias], [beta_q] gamma_q, [beta_k] gamma_k, output kernel [bias]; without `offset_scale` neither
    beta nor gamma. options: divisor, least_keys."""
    weights = list(weights)
    first = weights.pop(0), weights.pop(0) if use_bias else None
    shifts = [(0.0, 1.0)] * 2
    if offset_scale:
        shifts = [(weights.pop(0) if use_bias else 0.0, weights.pop(0)) for _ in range(2)]
    hidden = ACTIVATIONS[activation](affine(x, *first))
    gate, value, base = hidden[..., :units], hidden[..., units : 2 * units], hidden[..., 2 * units :]
    q, k = (base * gamma + beta for beta, gamma in shifts)
    if positions is not None:
        q, k = rotary(q, positions), rotary(k, positions)
    scores = np.einsum('bnd,bmd->bnm', q, k) / (math.sqrt(key_size) if scaled else 1.0)
    scores = scores if bias is None else scores + bias
    visible = _visible(x.shape[0], x.shape[1], x.shape[1], padding, structure)
    if causal:
        visible = visible & np.array([[j <= i for j in range(x.shape[1])] for i in range(x.shape[1])])
    output = gate * np.einsum('bnm,bmu->bnu', attention_weights(scores, method, visible, **options), value)
    return affine(output, weights[0], weights[1] if use_bias else None)


def cross_gated_attention_unit(
    q, k, v, weights, units, key_size, use_bias=True, activation='swish', method='squared_relu', scaled=True,
    padding=None,
):
    """weights: kernel [bias] of q, k, v and the output; `padding` of the keys."""
    weights = list(weights)
    parts = [(weights.pop(0), weights.pop(0) if use_bias else None) for _ in range(4)]
    hidden, key, value = (ACTIVATIONS[activation](affine(x, *part)) for x, part in zip((q, k, v), parts))
    scores = np.einsum('bnd,bmd->bnm', hidden[..., units:], key) / (math.sqrt(key_size) if scaled else 1.0)
    shares = attention_weights(scores, method, _visible(len(q), q.shape[1], k.shape[1], padding, None))
    return affine(hidden[..., :units] * np.einsum('bnm,bmu->bnu', shares, value), *parts[3])


def relative_positions(n, m, table):
    """-> (n, m, d): the row of the table for j - i, which its ends bound."""
    reach = (len(table) - 1) // 2
    return np.array([[table[min(max(j - i, -reach), reach) + reach] for j in range(m)] for i in range(n)])


def t5_bucket(distance, buckets, max_distance=128, bidirectional=True):
    """The bucket of one key at `distance` (its position less the query's)."""
    if bidirectional:
        if distance > 0:
            return buckets // 2 + t5_bucket(-distance, buckets // 2, max_distance, False)
        return t5_bucket(distance, buckets // 2, max_distance, False)
    distance, exact = max(-distance, 0), buckets // 2
    if distance < exact:
        return distance
    # 1e-6: what float32 makes of a logarithm that is a whole number but for rounding.
    far = math.log(distance / exact) / math.log(max_distance / exact) * (buckets - exact)
    return min(exact + int(far + 1e-6), buckets - 1)


def t5_positions(n, m, table, **options):
    """-> (n, m, d)."""
    return np.array([[table[t5_bucket(j - i, len(table), **options)] for j in range(m)] for i in range(n)])


def span_mask(n, padding=None, triangle=True, b=1):
    """(b, n, n): True where i..j is a span: both ends real and, with `triangle`, i <= j."""
    b = b if padding is None else len(padding)
    mask = np.zeros((b, n, n), bool)
    for row in range(b):
        for i in range(n):
            for j in range(n):
                real = padding is None or (padding[row][i] and padding[row][j])
                mask[row, i, j] = real and (i <= j or not triangle)
    return mask


def _pair(q, k, rope):
    if rope:
        positions = np.arange(q.shape[1])
        q, k = rotary(q, positions), rotary(k, positions)
    return np.einsum('bnd,bmd->bnm', q, k) / math.sqrt(q.shape[-1])


def global_pointer(x, weights, heads, head_size, rope=True, triangle=True, padding=None):
    """weights: kernel (e, h·2·d) [bias] -> (b, h, n, n), -inf on excluded cells."""
    projected = affine(x, *weights)
    b, n, d = x.shape[0], x.shape[1], head_size
    cells = span_mask(n, padding, triangle, b)
    scores = np.empty((b, heads, n, n))
    for h in range(heads):
        group = projected[..., 2 * d * h : 2 * d * (h + 1)]
        scores[:, h] = np.where(cells, _pair(group[..., :d], group[..., d:], rope), -np.inf)
    return scores


def efficient_parts(x, weights, use_bias=True, rope=True):
    """weights: (e, 2d) [(2d,)] (2d, 2h) [(2h,)] -> g (b, n, n), a (b, n, h) of the start, e (b, n, h) of the end."""
    weights = list(weights)
    pair = affine(x, weights.pop(0), weights.pop(0) if use_bias else None)
    biases = affine(pair, weights.pop(0), weights.pop(0) if use_bias else None) / 2.0
    return _pair(pair[..., 0::2], pair[..., 1::2], rope), biases[..., 1::2], biases[..., 0::2]


def efficient_global_pointer(x, weights, use_bias=True, rope=True, triangle=True, padding=None):
    """-> (b, h, n, n), -inf on excluded cells."""
    shared, starts, ends = efficient_parts(x, weights, use_bias, rope)
    scores = shared[:, None] + np.moveaxis(starts, 2, 1)[..., :, None] + np.moveaxis(ends, 2, 1)[..., None, :]
    return np.where(span_mask(x.shape[1], padding, triangle, len(x))[:, None], scores, -np.inf)


def packed_global_pointer(x, weights, use_bias=True, rope=True, triangle=True, padding=None):
    """-> (b, n, n + 2h): g, a, e side by side, FILL on excluded cells of g and padded positions of a and e."""
    shared, starts, ends = efficient_parts(x, weights, use_bias, rope)
    shared = np.where(span_mask(x.shape[1], padding, triangle, len(x)), shared, FILL)
    if padding is not None:
        starts, ends = (np.where(np.asarray(padding)[..., None], part, FILL) for part in (starts, ends))
    return np.concatenate([shared, starts, ends], -1)


def unpack(packed, labels):
    """(b, n, n + 2h) -> dense scores (b, h, n, n), (g + a) + e."""
    n = packed.shape[1]
    shared, starts, ends = packed[..., :n], packed[..., n : n + labels], packed[..., n + labels :]
    return shared[:, None] + np.moveaxis(starts, 2, 1)[..., :, None] + np.moveaxis(ends, 2, 1)[..., None, :]


def first_token(x):
    return x[:, 0]


def pooled(x, mask, function):
    """Rows of x (b, n, e) where the mask (b, n) is True, by `np.mean` or `np.max`; 0 for a text without any."""
    return np.stack([function(row[real], 0) if real.any() else np.zeros(x.shape[-1]) for row, real in zip(x, mask)])


def split_rows(x, parts):
    """x (b, ...) -> parts of ceil(b / parts) rows, or in proportion to a list of weights."""
    if isinstance(parts, int):
        stride = -(-len(x) // parts)
        return [x[i * stride : (i + 1) * stride] for i in range(parts)]
    marks = [int(len(x) * share) for share in np.cumsum([0] + list(parts)) / sum(parts)]
    return [x[start:stop] for start, stop in zip(marks, marks[1:])]
