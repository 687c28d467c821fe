"""`gplinker plot scores`, `confusion` and `attention`."""

import json

import pytest

from gplinker_kit.cli import main
from gplinker_kit.cli.plot import chosen

TEXT = '昨日，砚帆科技以3.5亿元收购漱岩软件。'


def plot(model, kind, path, *more):
    return main(['plot', kind, '--model', model, '--output', str(path)] + list(more))


def event_type(corpus):
    with open(str(corpus / 'duee_event_schema.json'), encoding='utf-8') as stream:
        return json.loads(stream.readline())['event_type']


@pytest.mark.filterwarnings('ignore:no font', 'ignore:Glyph')
def test_pictures_of_a_model(model, corpus, tmp_path, capsys):
    picture = tmp_path / 'picture.png'
    for kind, more in (('scores', ['--text', TEXT, '--event-type', event_type(corpus)]),
                       ('confusion', ['--data', str(corpus / 'duee_dev.json'), '--roles', '3']),
                       ('attention', ['--text', TEXT, '--layers', '0', '--heads', '0-1'])):
        assert plot(model, kind, picture, *more) == 0
        assert picture.read_bytes().startswith(b'\x89PNG') and str(picture) in capsys.readouterr().err
        picture.unlink()


def test_maps_are_those_of_the_decoder(model, corpus):
    """The map of a trigger is above its threshold where the extracted event has its trigger, and rows sum to one."""
    import numpy as np

    from gplinker_kit.events import TRIGGER
    from gplinker_kit.gplinker import GPLinker
    from gplinker_kit.maps import attention_maps, score_maps

    gplinker = GPLinker.load(model)
    with open(str(corpus / 'duee_dev.json'), encoding='utf-8') as stream:
        text = json.loads(stream.readline())['text']
    (extraction,) = gplinker.extract([text])
    for event in extraction.events:
        maps = score_maps(gplinker, text, event.event_type, TRIGGER)
        found = np.argwhere(np.nan_to_num(maps.arguments, nan=-1e9) > maps.thresholds[0])
        assert event.trigger.text.lower() in [''.join(maps.tokens[i:j + 1]).lower() for i, j in found]
        assert maps.arguments.shape == maps.heads.shape == maps.tails.shape == (len(maps.tokens),) * 2
        assert np.isnan(maps.heads[1, 0]) and np.isfinite(maps.heads[0, 1])
        edges = np.cumsum([0] + [len(token) for token in maps.tokens]).tolist()
        spans = [(edges.index(node.start), edges.index(node.end) - 1) for node in event.nodes()]
        assert event.links and ''.join(maps.tokens) == text
        for i, j, score in event.links:
            (starts, ends) = zip(*sorted((spans[i], spans[j])))
            logit = min(maps.heads[min(starts), max(starts)], maps.tails[min(ends), max(ends)])
            assert abs(1 / (1 + np.exp(-logit)) - score) < 1e-5
    tokens, maps = attention_maps(gplinker, text)
    (weights,) = maps.values()
    assert tokens[0] == '[CLS]' and ''.join(tokens[1:-1]).lower() == text.lower()
    assert weights.shape == (2, len(tokens), len(tokens))
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-4)


@pytest.mark.parametrize('kind, more, words', [
    ('scores', ['--text', 'a'], 'scores needs --event-type'),
    ('attention', [], 'attention needs --text'),
    ('confusion', [], 'confusion needs --data'),
    ('training', ['--text', 'a'], '--text goes with scores and attention, not with training'),
    ('scores', ['--kind', 'attention'], 'KIND scores and --kind attention contradict each other'),
    ('scores', ['--text', 'a', '--event-type', 'no such'], "no event type 'no such'"),
    ('scores', ['--trigger-policy', 'drop'], '--trigger-policy goes with confusion, not with scores'),
    ('attention', ['--text', 'a', '--layers', '1'], "--layers must lie between 0 and 0, got '1'"),
    ('attention', ['--text', '昨' * 300], 'text must have at most 256 tokens'),
    ('attention', ['--text', ' '], "text must have a token, got ' '"),
    ('attention', ['--text', '昨', '--font', 'no such file'], "there is no 'no such file'"),
])
def test_wrong_arguments(model, kind, more, words, tmp_path, capsys):
    assert plot(model, kind, tmp_path / 'picture.png', *more) == 2
    assert words in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_lists_of_numbers():
    assert chosen('heads', '0,2-4', 5, []) == [0, 2, 3, 4] and chosen('heads', None, 3, range(3)) == [0, 1, 2]
    for wrong in ('', 'x', '1-', '-1', '3-1'):
        with pytest.raises(ValueError, match='--heads'):
            chosen('heads', wrong, 5, [])
