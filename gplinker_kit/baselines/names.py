"""What the systems are called, and how many networks each trains; known without importing Keras."""

from gplinker_kit.errors import hint

GPLINKER, GROUPED, PIPELINE, CRF = 'gplinker', 'grouped', 'pipeline', 'crf'
NETWORKS = {GPLINKER: 1, GROUPED: 1, PIPELINE: 2, CRF: 1}


def check_system(name):
    """Returns the name of a system. Raises ValueError for an unknown one, naming the nearest."""
    if name not in NETWORKS:
        raise ValueError('unknown system %r.%s' % (name, hint(name, NETWORKS)))
    return name
