"""Packaging. Each stack is an extra; `constraints/` pins what each was tested with."""

import os
import re

from setuptools import find_packages, setup

HERE = os.path.dirname(os.path.abspath(__file__))


def read(*parts):
    with open(os.path.join(HERE, *parts), encoding='utf-8') as stream:
        return stream.read()


# Read as text: importing the package here would need its requirements before they are installed.
VERSION = re.search(r"^__version__ = '([^']+)'$", read('gplinker_kit', '__init__.py'), re.M).group(1)
README = read('README.md') if os.path.exists(os.path.join(HERE, 'README.md')) else ''

EXTRAS = {
    # TF 1.15 has wheels for Python 3.7 at most. On 3.8 TensorFlow is NVIDIA's (their image, or nvidia-tensorflow), so
    # nothing here may name it there: pip would look for a wheel that does not exist, or replace the one that works.
    'tf1': [
        "tensorflow==1.15.5; python_version < '3.8'",
        'keras==2.3.1',
        'numpy>=1.16,<1.20',  # 1.20 breaks TF 1.15's shape inference
        'h5py>=2.10,<3',  # h5py 3 returns str where Keras 2.3.1 expects bytes
        'protobuf>=3.8,<3.21',  # the generated code inside TF 1.15 does not load with protobuf 4
    ],
    'keras3': [
        'keras>=3.9',
        "tensorflow-cpu>=2.18; sys_platform != 'darwin'",
        "tensorflow>=2.18; sys_platform == 'darwin'",
        'jax>=0.4.30',
    ],
    'torch': ['keras>=3.9', 'torch>=2.1'],
    'view': [
        'jinja2>=3.0',
        'matplotlib>=3.5',
        "matplotlib<3.6; python_version < '3.9'",  # later ones want a newer numpy than TF 1.15 works with
    ],
    # There are no wheels: scripts/env tf1-horovod builds it; NVIDIA's image has it.
    'horovod': ['horovod>=0.21'],
    'sentencepiece': ['sentencepiece>=0.1.99'],
    'jieba': ['jieba>=0.42'],
    'scipy': ['scipy>=1.5'],
    # bottle: `snippets.WebServing`; the rest: `gplinker serve`. FastAPI 0.103 and uvicorn 0.22 are the last for 3.7.
    'serve': ['bottle>=0.12', 'fastapi>=0.95', 'jinja2>=3.0', 'prometheus-client>=0.14', 'uvicorn>=0.22'],
    # Not where TF 1.15 is: the last Ray Data for Python 3.7 wants numpy 1.20, which TF 1.15 does not work with.
    'ray': ["ray[data]>=2.60; python_version >= '3.11'"],
    'onnx': ['onnxruntime>=1.10'],  # runs what was exported; the last one that works with the numpy of TF 1.15 is 1.10
    'export': [
        'onnx>=1.14',
        'onnxruntime>=1.10',
        "tf2onnx>=1.16,<1.17; python_version < '3.11'",  # what TF 1.15 writes ONNX with
        "onnxscript>=0.5; python_version >= '3.11'",  # what PyTorch does
    ],
    'tensorboard': ['tensorboardX>=2.2'],
    'test': [
        'pytest>=7',
        'sentencepiece>=0.1.99',
        'jieba>=0.42',
        'bottle>=0.12',
        'fastapi>=0.95',
        'prometheus-client>=0.14',
        'uvicorn>=0.22',
        'hypothesis>=6',
        'scipy>=1.5',
        'networkx>=2.5',
        'tensorboardX>=2.2',
        'packaging',
        'setuptools',  # Python 3.12 environments have none of their own; a test reads this file through it
        "bert4keras==0.11.5; python_version < '3.8'",  # the peer of the parity tests
        "transformers>=4.50; python_version >= '3.11'",  # the peer of those on PyTorch, idle where there is none
    ],
    'lint': ['mypy>=1.11', 'ruff>=0.6'],
    'docs': ['mkdocs>=1.6,<2', 'mkdocs-material>=9.5', 'mkdocstrings[python]>=0.26', 'pygments>=2.17'],
}

setup(
    name='gplinker-kit',
    version=VERSION,
    description='Joint event extraction and efficient transformers for Keras, from TF 1.15 to Keras 3',
    long_description=README,
    long_description_content_type='text/markdown',
    author='the gplinker_kit authors',
    license='Apache-2.0',
    packages=find_packages(include=['gplinker_kit', 'gplinker_kit.*']),
    package_data={
        'gplinker_kit': ['py.typed'],
        'gplinker_kit.view': ['page.html.j2', 'page.css', 'drawing.js', 'page.js'],
        'gplinker_kit.serving': ['live.html.j2', 'live.css', 'live.js'],
    },
    python_requires='>=3.7',
    install_requires=['numpy>=1.16', 'tokenizers>=0.13', 'safetensors>=0.4', 'tqdm>=4.40'],
    extras_require=EXTRAS,
    entry_points={'console_scripts': ['gplinker=gplinker_kit.cli:main']},
    classifiers=[
        'Intended Audience :: Developers',
        'Intended Audience :: Science/Research',
        'Natural Language :: Chinese (Simplified)',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.7',
        'Programming Language :: Python :: 3.8',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Topic :: Text Processing :: Linguistic',
    ],
)
