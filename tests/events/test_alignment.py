from gplinker_kit.events.alignment import AlignmentReport


def test_reports_add_up_and_print():
    total = sum([AlignmentReport(1, 2, 3, 4), AlignmentReport(10, 20, 30, 40, 50, 60, 70, 80, 90)])
    assert total == AlignmentReport(11, 22, 33, 44, 50, 60, 70, 80, 90)
    assert total.dropped == 224 and total.total == 290
    assert total.as_dict()['beyond_window'] == 33 and total.as_dict()['links_beyond_window'] == 90
    assert total.as_dict()['dropped'] == 224 and total.as_dict()['total'] == 290
    assert str(AlignmentReport(11, 2, 3, 4, 0, 1, 0, 9, 6)) == (
        'gold arguments: 11 kept, 2 snapped to tokens, 5 dropped (4 empty, 1 uncovered), 3 beyond the window '
        '(21 in all); links: 9, 6 of them beyond the window')
    assert AlignmentReport(2, absent=1).describe('answers') == (
        'answers: 2 kept, 0 snapped to tokens, 1 dropped (1 absent), 0 beyond the window (3 in all)')
