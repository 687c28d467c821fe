"""Prints `name==version` of every TensorFlow package installed here, as constraints for pip (see the Dockerfile)."""

import re


def tensorflow_pins(distributions):
    """Returns the sorted pins of those (name, version) pairs that belong to TensorFlow.

    NVIDIA's versions carry a local part (1.15.5+nv21.09); `==` without it would admit the public wheel.
    """
    return sorted('%s==%s' % (name, version) for name, version in distributions
                  if re.match(r'(nvidia[-_])?(tensorflow|tensorboard|horovod)', name, re.I))


if __name__ == '__main__':
    from importlib.metadata import distributions  # Python 3.8, which is the image's

    print('\n'.join(tensorflow_pins((d.metadata['Name'], d.version) for d in distributions())))
