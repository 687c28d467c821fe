from gplinker_kit.events.schema import TRIGGER, Argument, Event
from gplinker_kit.events.tree import display_width, event_tree


def test_a_tree_reads_as_written():
    events = [
        Event('裁员', Argument(TRIGGER, '裁员', 5, score=0.9),
              [Argument('裁员方', '甲公司', 0, score=0.5), Argument('时间', '昨日', 3, score=1.0)], 0.75),
        Event('公司上市', None, [Argument('环节', '筹备上市')]),
    ]
    assert event_tree(events, '甲公司昨日裁员300人').split('\n') == [
        '甲公司昨日裁员300人',
        '├─ 裁员 (0.75)',
        '│  ├─ 触发词: 裁员 [5, 7) (0.90)',
        '│  ├─ 裁员方: 甲公司 [0, 3) (0.50)',
        '│  └─ 时间:   昨日 [3, 5) (1.00)',
        '└─ 公司上市',
        '   └─ 环节: 筹备上市',
    ]


def test_positions_can_be_left_out():
    assert event_tree([Event('a', None, [Argument('r', 'x', 4)])], positions=False) == '└─ a\n   └─ r: x'


def test_no_event_is_said():
    assert event_tree([]) == '└─ (no event)'
    assert event_tree((), '甲') == '甲\n└─ (no event)'


def test_a_line_break_in_the_text_keeps_the_tree_whole():
    tree = event_tree([Event('a', None, [Argument('r', 'x\r\ny\u2028z', 0)])], 'x\r\ny\u2028z')
    assert tree == 'x\\r\\ny\\u2028z\n└─ a\n   └─ r: x\\r\\ny\\u2028z [0, 6)'
    assert len(tree.splitlines()) == 3


def test_width_counts_terminal_columns():
    assert display_width('ab') == 2
    assert display_width('甲a') == 3
    assert display_width('e\u0301') == 1
    assert display_width('Ａ') == 2
