"""The small helpers that scripts import under bert4keras's names. Importing this package needs no TensorFlow.

`from gplinker_kit.snippets import open, uniout` works as in bert4keras; `uniout`, which made Python 2 print unicode, is
an empty module.
"""

from gplinker_kit.snippets import uniout
from gplinker_kit.snippets.arguments import delete_arguments, insert_arguments
from gplinker_kit.snippets.autoregressive import AutoRegressiveDecoder
from gplinker_kit.snippets.generator import DataGenerator
from gplinker_kit.snippets.packing import Packed, Packing, pack_lengths, pack_sequences
from gplinker_kit.snippets.padding import sequence_padding, softmax, to_array, truncate_sequences
from gplinker_kit.snippets.parallel import WorkerError, parallel_apply, parallel_apply_generator
from gplinker_kit.snippets.resize import orthogonally_resize
from gplinker_kit.snippets.serving import WebServing
from gplinker_kit.snippets.subsequences import longest_common_subsequence, longest_common_substring
from gplinker_kit.snippets.text import (
    convert_to_str,
    convert_to_unicode,
    is_one_of,
    is_py2,
    is_string,
    lowercase_and_normalize,
    string_matching,
    strQ2B,
    text_segmentate,
)
from gplinker_kit.snippets.textfile import open
from gplinker_kit.snippets.viterbi import ViterbiDecoder

__all__ = [
    'AutoRegressiveDecoder', 'DataGenerator', 'Packed', 'Packing', 'ViterbiDecoder', 'WebServing', 'WorkerError',
    'convert_to_str', 'convert_to_unicode', 'delete_arguments', 'insert_arguments', 'is_one_of', 'is_py2', 'is_string',
    'longest_common_subsequence', 'longest_common_substring', 'lowercase_and_normalize', 'open',
    'orthogonally_resize', 'pack_lengths', 'pack_sequences', 'parallel_apply', 'parallel_apply_generator',
    'sequence_padding', 'softmax', 'strQ2B', 'string_matching', 'text_segmentate', 'to_array', 'truncate_sequences',
    'uniout',
]  # fmt: skip
