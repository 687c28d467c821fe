"""Resident memory of this process, read from /proc (Linux)."""

MIB = 1024


def _status(field):
    """Returns a field of /proc/self/status, in KiB."""
    with open('/proc/self/status') as stream:
        for line in stream:
            if line.startswith(field + ':'):
                return int(line.split()[1])
    raise OSError('/proc/self/status has no field %s' % field)


def begin():
    """Forgets the high-water mark so far, and returns the resident KiB now."""
    try:
        with open('/proc/self/clear_refs', 'w') as stream:
            stream.write('5')
    except OSError:
        pass  # then the mark is what it was; imports hardly take more on the way than in the end
    return _status('VmRSS')


def peak_since(start):
    """Returns the MiB by which the high-water mark lies above `start`."""
    return (_status('VmHWM') - start) / MIB


def available():
    """Returns the MiB that the machine could give to new processes."""
    with open('/proc/meminfo') as stream:
        for line in stream:
            if line.startswith('MemAvailable:'):
                return int(line.split()[1]) / MIB
    raise OSError('/proc/meminfo has no field MemAvailable')
