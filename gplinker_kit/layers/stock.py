"""The stock Keras layers that scripts get from `from bert4keras.layers import *`, written out by stack.

Where a name of ours is among them, as `Add` or `Embedding`, ours wins and the name is not listed here.
"""

EVERYWHERE = (
    'Activation', 'ActivityRegularization', 'AlphaDropout', 'Average', 'AveragePooling1D', 'AveragePooling2D',
    'AveragePooling3D', 'AvgPool1D', 'AvgPool2D', 'AvgPool3D', 'BatchNormalization', 'Bidirectional', 'Concatenate',
    'Conv1D', 'Conv2D', 'Conv2DTranspose', 'Conv3D', 'Conv3DTranspose', 'ConvLSTM2D', 'Convolution1D', 'Convolution2D',
    'Convolution3D', 'Cropping1D', 'Cropping2D', 'Cropping3D', 'Dense', 'DepthwiseConv2D', 'Dot', 'ELU',
    'Flatten', 'GRU', 'GRUCell', 'GaussianDropout', 'GaussianNoise', 'GlobalAveragePooling2D',
    'GlobalAveragePooling3D', 'GlobalAvgPool2D', 'GlobalAvgPool3D', 'GlobalMaxPool2D', 'GlobalMaxPool3D',
    'GlobalMaxPooling2D', 'GlobalMaxPooling3D', 'InputLayer', 'InputSpec', 'LSTM', 'LSTMCell', 'Lambda', 'LeakyReLU',
    'Masking', 'MaxPool1D', 'MaxPool2D', 'MaxPool3D', 'MaxPooling1D', 'MaxPooling2D', 'MaxPooling3D', 'Maximum',
    'Minimum', 'Multiply', 'PReLU', 'Permute', 'RNN', 'ReLU', 'RepeatVector', 'Reshape', 'SeparableConv1D',
    'SeparableConv2D', 'SimpleRNN', 'SimpleRNNCell', 'Softmax', 'SpatialDropout1D', 'SpatialDropout2D',
    'SpatialDropout3D', 'StackedRNNCells', 'Subtract', 'TimeDistributed', 'UpSampling1D', 'UpSampling2D',
    'UpSampling3D', 'ZeroPadding1D', 'ZeroPadding2D', 'ZeroPadding3D', 'add', 'average', 'concatenate', 'deserialize',
    'dot', 'maximum', 'minimum', 'multiply', 'serialize', 'subtract',
)  # fmt: skip

_BOTH_KERAS_2 = ('CuDNNGRU', 'CuDNNLSTM', 'LocallyConnected1D', 'LocallyConnected2D', 'ThresholdedReLU')
_NOT_IN_KERAS_231 = (
    'AdditiveAttention', 'Attention', 'Convolution2DTranspose', 'Convolution3DTranspose', 'SeparableConvolution1D',
    'SeparableConvolution2D', 'Wrapper',
)  # fmt: skip

# Stack -> the names that only it, or not every other one, has.
ONLY = {
    'keras2': _BOTH_KERAS_2 + ('ConvLSTM2DCell', 'Deconvolution2D', 'Deconvolution3D'),
    'tf_keras': _BOTH_KERAS_2 + _NOT_IN_KERAS_231 + ('AbstractRNNCell', 'DenseFeatures'),
    'keras3': _NOT_IN_KERAS_231,
}


def stock_names(stack):
    """Returns the names of stock layers that the package re-exports on a stack."""
    return EVERYWHERE + ONLY[stack]
