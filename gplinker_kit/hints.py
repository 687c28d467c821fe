"""Types that the annotations of several modules name."""

import os
from typing import List, Tuple, Union

AnyPath = Union[str, 'os.PathLike[str]']
# Token ids, segment ids and offsets of one text, see `Tokenizer.encode_with_offsets`.
Encoded = Tuple[List[int], List[int], List[Tuple[int, int]]]
