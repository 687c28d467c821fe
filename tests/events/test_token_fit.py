import pytest

from gplinker_kit.events.checked_lines import read_checked_lines
from gplinker_kit.events.token_fit import check_tokens
from tests.events.corpora import SCHEMA, TEXT, argument, found, layoff, line, no_findings, write_lines

pytestmark = pytest.mark.once


class Tokenizer:
    """A token a character, but runs of digits are one and spaces none."""

    def encode_batch_with_offsets(self, texts):
        encoded = []
        for text in texts:
            offsets = []
            for place, character in enumerate(text):
                if character.isdigit() and offsets and text[offsets[-1][0]].isdigit() and offsets[-1][1] == place:
                    offsets[-1] = (offsets[-1][0], place + 1)
                elif not character.isspace():
                    offsets.append((place, place + 1))
            offsets = [(0, 0)] + offsets + [(0, 0)]
            encoded.append(([0] * len(offsets), [0] * len(offsets), offsets))
        return encoded


def check(tmp_path, *lines, max_length=64, **options):
    findings = no_findings()
    path = write_lines(tmp_path / 'x.json', *lines)
    read = read_checked_lines(path, SCHEMA, findings)
    lengths = check_tokens(path, read, SCHEMA, Tokenizer(), max_length, findings, **options)
    return lengths, found(findings)


def test_whole_tokens(tmp_path):
    listing = {'event_type': '公司上市', 'trigger': '上市', 'arguments': [
        argument('公司', '乙'), argument('环节', '筹备上市')]}
    lengths, messages = check(tmp_path, line(layoff()), line(listing, text='乙上市'), {'text': '丙'}, batch=2)
    assert lengths == [11, 5, 3] and [kind for kind, _, _ in messages] == ['unlabelled']


def test_words_within_tokens_and_between_them(tmp_path):
    parts = argument('裁员人数', '00人', 8), argument('时间', '昨日', 3), argument('裁员方', '30')
    assert check(tmp_path, line(), line(layoff(), layoff(*parts)))[1] == [
        ('snapped', 2, "event 2 (裁员): role '裁员人数': '00人' at 8 becomes '300人'"),
        ('snapped', 2, "event 2 (裁员): role '裁员方': '30' at 7 becomes '300'")]
    spaced = layoff(argument('时间', ' ', 2), trigger='裁员', trigger_start_index=0)
    assert check(tmp_path, line(spaced, text='裁员 人'))[1] == [
        ('uncovered', 1, "event 1 (裁员): role '时间': ' ' at 2")]


def test_of_all_mentions_the_best_is_looked_at(tmp_path):
    cut = layoff(argument('裁员人数', '30'))
    text = TEXT + '、30人'
    assert check(tmp_path, line(cut, text=text))[1] == [
        ('snapped', 1, "event 1 (裁员): role '裁员人数': '30' at 7 becomes '300'")]
    assert check(tmp_path, line(cut, text=text), occurrences='all')[1] == []


def test_windows(tmp_path):
    assert check(tmp_path, line(layoff()), max_length=11)[1] == []
    assert check(tmp_path, line(layoff()), max_length=10)[1] == [
        ('beyond', 1, '0 of 4 arguments and 1 of 6 pairs of an event are in no window of the 2'),
        ('long', 1, '11 tokens, 2 windows')]
    kinds = check(tmp_path, line(layoff(argument('时间', TEXT, 0))), line(text=TEXT), max_length=10)[1]
    assert [kind for kind, _, _ in kinds] == ['beyond', 'long', 'long'] and '1 of 2 arguments' in kinds[0][2]
