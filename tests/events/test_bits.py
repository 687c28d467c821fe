import random

from gplinker_kit.events.bits import mask_of, members, tuples


def test_sets_come_back():
    generator = random.Random(0)
    for size in (0, 1, 8, 9, 16, 17, 130):
        sets = [sorted(generator.sample(range(size), generator.randint(0, size))) for _ in range(50)]
        masks = [mask_of(numbers) for numbers in sets]
        assert [list(members(mask)) for mask in masks] == sets
        assert tuples(masks, size) == [tuple(numbers) for numbers in sets]
