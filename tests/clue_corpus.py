"""A handful of invented texts in the files of CLUE's corpora, and a vocabulary of 14 tokens."""

import json

from studies.clue_texts import SPECIAL

TOKENS = list(SPECIAL) + ['unused'] + list('一二三四五六七八')


def write_corpus(folder, repeats=1):
    """Writes what the studies read under `folder`, a pathlib path; each text that many times over."""
    (folder / 'vocab' / 'roformer_v2_char').mkdir(parents=True)
    (folder / 'vocab' / 'roformer_v2_char' / 'vocab.txt').write_text('\n'.join(TOKENS), encoding='utf-8')
    for split, app, headline, passages in (
        ('train', '一一一二', '三一二', (['一二', '三'], ['四'])), ('dev', '二一', '三一二', (['五一'], ['一'])),
    ):  # fmt: skip
        for corpus, text in (('iflytek', app), ('tnews', headline)):
            (folder / 'clue' / corpus).mkdir(parents=True, exist_ok=True)
            line = json.dumps({'label': '1', 'sentence': text * repeats}) + '\n'
            (folder / 'clue' / corpus / (split + '.json')).write_text(line)
        (folder / 'clue' / 'c3').mkdir(exist_ok=True)
        for kind, passage in zip('md', passages):
            own = [part * repeats for part in passage]
            found = [[own, [{'question': '六'}], 'id'], [['一二三' * repeats], [], 'another']]
            (folder / 'clue' / 'c3' / ('%s-%s.json' % (kind, split))).write_text(json.dumps(found))
