"""Cases from seeds: flipped bytes, cuts, splices, and JSON with other values, keys and depths."""

import json

SPECIAL = (None, True, False, 0, -1, 1.5, 2 ** 31, 2 ** 63, -2 ** 70, 10 ** 400, float('nan'), float('inf'), '', ' ',
           '甲', '\ud800', '\0', 'x' * 300, '../../x', [], {}, [[]], {'': None}, [0, 0], '²', '@value')
PIECES = (b'\0', b'\xff', b'\xef\xbb\xbf', b'\r', b'\n', b'"', b'{', b'}', b'[' * 3000, b'{"a":' * 2000, b'9' * 5000,
          b'1e999', b'NaN', b'\\ud800', b'\xed\xa0\x80', b'\xe2\x80\xa8', b'..', b'/')


def mutate(seeds, random):
    """Returns one case; `random` is a random.Random, and decides everything."""
    data = random.choice(seeds)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        data = random.choice(WAYS)(data, seeds, random)
    return data


def _flip(data, seeds, random):
    data = bytearray(data)
    for _ in range(random.randint(1, 4)):
        if data:
            data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def _cut(data, seeds, random):
    if random.random() < 0.5:
        return data[:random.randint(0, len(data))]
    start, end = sorted(random.randint(0, len(data)) for _ in range(2))
    return data[:start] + data[end:]


def _splice(data, seeds, random):
    other = random.choice(seeds)
    return data[:random.randint(0, len(data))] + other[random.randint(0, len(other)):]


def _insert(data, seeds, random):
    place = random.randint(0, len(data))
    return data[:place] + random.choice(PIECES) + data[place:]


def _structure(data, seeds, random):
    """Changes a value of JSON, a whole file or one of its lines; whatever stands before it, such as a header, stays."""
    start = min((place for place in (data.find(b'{'), data.find(b'[')) if place >= 0), default=-1)
    lines = data[start:].split(b'\n') if start >= 0 else [b'']
    number = random.randrange(len(lines))
    try:
        # Bytes behind the value, such as tensors, are no UTF-8: latin-1 keeps them, and escapes keep the value.
        text = lines[number].decode('latin-1')
        value, end = json.JSONDecoder().raw_decode(text)
        value = json.loads(text[:end].encode('latin-1').decode('utf-8'))
        changed = json.dumps(_changed(value, random), ensure_ascii=random.random() < 0.5)
    except (ValueError, RecursionError):
        return _flip(data, seeds, random)
    changed = changed.encode('utf-8', 'surrogatepass')
    lines[number] = changed + text[end:].encode('latin-1')
    head = data[:start]
    if len(head) > 8:  # in front of a header of safetensors stands its length
        head = head[:-8] + len(changed).to_bytes(8, 'little')
    return head + b'\n'.join(lines)


def _changed(value, random):
    if random.random() < 0.2 or not isinstance(value, (dict, list)) or not value:
        return random.choice(SPECIAL)
    if isinstance(value, dict):
        key, value = random.choice(sorted(value)), dict(value)
        way = random.random()
        if way < 0.15:
            del value[key]
        elif way < 0.25:
            value[random.choice(('', 'id', 'text', key + 'x', '\ud800', '__proto__'))] = value.pop(key)
        else:
            value[key] = _changed(value[key], random)
        return value
    value, place = list(value), random.randrange(len(value))
    way = random.random()
    if way < 0.1:
        del value[place]
    elif way < 0.2:
        value.append(value[place])
    else:
        value[place] = _changed(value[place], random)
    return value


WAYS = (_flip, _cut, _splice, _insert, _structure, _structure, _structure)
