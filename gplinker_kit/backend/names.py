"""The tensor operations that the library uses: `keras.ops` names, mapped onto TF 1.15 by `tf1_ops`.

A layer, loss or optimizer may use these and no others; `tests/backend/test_ops.py` runs each against numpy.
"""

OPS = (
    'abs', 'all', 'any', 'arange', 'argmax', 'broadcast_to', 'cast', 'concatenate', 'convert_to_tensor', 'cos',
    'cumsum', 'einsum', 'equal', 'erf', 'exp', 'expand_dims', 'flip', 'floor', 'full', 'greater', 'greater_equal',
    'isfinite', 'less', 'less_equal', 'log', 'log1p', 'log_softmax', 'logical_and', 'logical_not',
    'logical_or', 'logsumexp', 'matmul', 'max', 'maximum', 'mean', 'min', 'minimum', 'mod', 'not_equal', 'one_hot',
    'ones', 'ones_like', 'pad', 'power', 'relu', 'repeat', 'reshape', 'rsqrt', 'shape', 'sigmoid', 'sign', 'sin',
    'softmax', 'split', 'sqrt', 'square', 'squeeze', 'stack', 'stop_gradient', 'sum', 'take', 'take_along_axis',
    'tanh', 'tile', 'top_k', 'transpose', 'tril', 'unstack', 'where', 'zeros', 'zeros_like',
)  # fmt: skip
