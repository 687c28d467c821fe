"""From tokens back to readable text."""

import re

from gplinker_kit.tokenizers.characters import CJK_PUNCTUATION, is_cjk, is_punctuation

_SPACE_BEHIND = re.compile('([%s%s]) ' % (
    re.escape('+-/={(<['), ''.join('\\u%04x-\\u%04x' % pair for pair in CJK_PUNCTUATION)
))


def join(tokens):
    """Joins word pieces to words and words to text, with blanks only where Latin script wants them.

    No blank stands next to a Chinese character, before a punctuation token, behind Chinese punctuation, an opening
    bracket or one of `+-/=<`, within `it's` and the like, and behind the point of a number.
    """
    text = ''
    for token in tokens:
        if token.startswith('##'):
            text += token[2:]
        elif len(token) == 1 and is_cjk(token):
            text += token
        elif len(token) == 1 and is_punctuation(token):
            text += token + ' '
        elif text and is_cjk(text[-1]):
            text += token
        else:
            text += ' ' + token
    text = re.sub(' +', ' ', text)
    text = re.sub("' (re|m|s|t|ve|d|ll) ", r"'\1 ", text)
    text = _SPACE_BEHIND.sub(r'\1', text)
    return re.sub(r'(\d\.) (\d)', r'\1\2', text).strip()
