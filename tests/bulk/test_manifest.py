import json

import pytest

from gplinker_kit.bulk.manifest import agree, differences, model_facts
from gplinker_kit.errors import DataError

FACTS = {'option': {'batch_size': 32, 'xla': None}, 'model': {'version': '3'}, 'input 1': {'texts': 7}}


def test_the_first_run_writes_and_the_next_one_compares(tmp_path):
    path = str(tmp_path / 'manifest.json')
    agree(path, FACTS, {'files': ['a']})
    with open(path, encoding='utf-8') as stream:
        assert json.load(stream) == {'files': ['a'], 'facts': FACTS}
    agree(path, json.loads(json.dumps(FACTS)), {'files': ['moved']})
    other = dict(FACTS, option={'batch_size': 16, 'xla': None}, model={'version': '4'})
    with pytest.raises(DataError) as caught:
        agree(path, other)
    message = str(caught.value)
    assert message.split('\n')[1:] == ["  model version: '3' then, '4' now", '  option batch_size: 32 then, 16 now']
    assert 'of another extraction' in message and 'remove %s to begin anew' % tmp_path in message


def test_differences_name_what_only_one_side_has():
    assert list(differences(FACTS, dict(FACTS, new=1))) == ['new: None then, 1 now']
    assert list(differences({'a': {'b': {'c': 1}}}, {'a': {'b': {'c': 2}}})) == ['a b c: 1 then, 2 now']
    assert list(differences({'a': {}}, {'a': 1})) == ['a: {} then, 1 now']


@pytest.mark.parametrize('content', ['[]', '{"facts": 3}', '{'])
def test_a_broken_manifest_is_an_error(tmp_path, content):
    path = tmp_path / 'manifest.json'
    path.write_text(content)
    with pytest.raises(DataError, match='manifest.json'):
        agree(str(path), FACTS)


def test_a_model_is_told_by_its_bytes(tmp_path):
    version = tmp_path / '12'
    version.mkdir()
    (version / 'a').write_bytes(b'1')
    (version / 'b').write_bytes(b'')
    facts = [model_facts(str(version))]
    (version / 'b').write_bytes(b'1')
    facts.append(model_facts(str(version)))
    (version / 'a').rename(version / 'c')
    facts.append(model_facts(str(version)))
    assert {fact['version'] for fact in facts} == {'12'} and len({fact['sha256'] for fact in facts}) == 3
