import io
import sys

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.events.inputs import locate_inputs, read_inputs


def located(content, **options):
    return list(locate_inputs(io.BytesIO(content), 'file', **options))


@pytest.mark.parametrize('content, expected', [
    ('甲\n\n乙', ['甲', '', '乙']),
    ('\ufeff甲\r\n乙\r\n', ['甲', '乙']),
    ('\n  \n甲\n', ['', '  ', '甲']),
    ('\n \n', ['', ' ']),
    ('\n{"text": "甲"}\n\n{"text": "{"}\n', ['甲', '{']),
    ('甲\n{"text": "乙"}\n', ['甲', '{"text": "乙"}']),
    ('', []),
])
def test_the_first_line_with_something_on_it_tells_the_format(content, expected):
    assert [found.value['text'] for found in located(content.encode())] == expected


def test_an_input_can_be_read_from_its_place_on():
    """Each place leads to the same rest, in both formats, with blank lines, a byte-order mark and wide characters."""
    objects = '\ufeff\n{"text": "甲"}\n\n{"text": "乙丙", "id": 1}\r\n{"text": ""}'
    for content in ('\ufeff \n\n甲\n乙丙\r\n\n丁', objects):
        content = content.encode()
        found = located(content)
        assert len(found) >= 3
        for number, one in enumerate(found):
            rest = io.BytesIO(content)
            rest.seek(one.offset)
            assert list(locate_inputs(rest, 'file', one.form, first=one.line, offset=one.offset)) == found[number:]


def test_documents_have_their_title_in_front():
    line = '{"title": "甲", "text": "乙", "id": 7}\n'.encode()
    assert located(line, corpus='duee-fin')[0].value == {'text': '甲 乙', 'id': 7}
    assert located(line)[0].value == {'title': '甲', 'text': '乙', 'id': 7}


@pytest.mark.parametrize('content, message', [
    (b'{"text": "a"}\n{"txt": "b"}\n', "file:2: no key 'text'. Did you mean 'txt'?"),
    (b'{"text": 3}', "file:1: 'text' must be a string, got int"),
    (b'\n{"text": "a", "x": NaN}', 'file:2: NaN is no JSON number'),
    (b'{"text": "a"}\n[]', 'file:2: expected a JSON object, got list'),
    (b'a\n\xff', 'file:2: not UTF-8 text'),
])
def test_what_is_wrong_is_said_with_file_and_line(content, message):
    with pytest.raises(DataError) as caught:
        located(content)
    assert str(caught.value).startswith(message)


def test_a_file_and_standard_input(tmp_path, monkeypatch):
    path = tmp_path / 'texts.txt'
    path.write_bytes('甲\n乙\n'.encode())
    assert list(read_inputs(str(path))) == [{'text': '甲'}, {'text': '乙'}]
    monkeypatch.setattr(sys, 'stdin', io.TextIOWrapper(io.BytesIO('丙'.encode())))
    assert list(read_inputs('-', 'text')) == [{'text': '丙'}]
    with pytest.raises(DataError, match='absent: no such file'):
        list(read_inputs(str(tmp_path / 'absent')))
