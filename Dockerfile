# TensorFlow 1.15 for Ampere cards (3090, A100): NVIDIA's image has Python 3.8 and its own build of TensorFlow.
#
#   docker build -t gplinker-kit .
#   docker run --gpus all --rm -it -v "$PWD":/workspace/project gplinker-kit
FROM nvcr.io/nvidia/tensorflow:21.09-tf1-py3

WORKDIR /opt/gplinker-kit
COPY setup.py pyproject.toml README.md LICENSE ./
COPY constraints constraints
COPY scripts/pin_image.py scripts/
COPY gplinker_kit gplinker_kit

# The image's TensorFlow must survive: what the image has of it becomes a constraint, the tf1 extra names no TensorFlow on
# Python 3.8, and the build fails if the list has changed after the installation.
RUN python scripts/pin_image.py > /tmp/image.txt \
 && pip install --no-cache-dir -c constraints/tf1-nvidia.txt -c /tmp/image.txt '.[tf1]' \
 && python scripts/pin_image.py | diff /tmp/image.txt - \
 && gplinker --help > /dev/null

WORKDIR /workspace
