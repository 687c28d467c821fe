"""What is measured for the committed results: one entry a result file, with the program, the stack and its arguments.

The commands in benchmarks/README.md, the tables and `benchmarks/run` are made from this list. A new result is a new
entry of `JOBS`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from benchmarks.processes import ROOT

RESULTS = 'benchmarks/results'
SERVED = ('--model', 'runs/fewfc-tiny-onnx', '--texts', '../shared/data/fewfc/duee_dev.json', '--minutes', '10',
          '--rate', '50', '--warmup', '5')
DEEP = ('--only', 'first_step_1000', '--only', 'growth', '--only', 'memory_1000')


@dataclass(frozen=True)
class Stack:
    """title: how tables call it. env: arguments of scripts/env, whose Python runs it. variables: ((name, value), …)."""

    title: str
    env: tuple
    variables: tuple = ()


STACKS = {
    'tf1': Stack('TF 1.15', ('tf1',)),
    'tf1-tfkeras': Stack('tf.keras 1.15', ('tf1',), (('TF_KERAS', '1'),)),
    'keras3-tensorflow': Stack('Keras 3 on TensorFlow', ('keras3',), (('KERAS_BACKEND', 'tensorflow'),)),
    'keras3-jax': Stack('Keras 3 on JAX', ('keras3',), (('KERAS_BACKEND', 'jax'),)),
    'keras3-torch': Stack('Keras 3 on PyTorch', ('keras3', '--with', 'torch'), (('KERAS_BACKEND', 'torch'),)),
    'onnx': Stack('ONNX by onnxruntime', ('keras3',)),
}


@dataclass(frozen=True)
class Job:
    """One run of one program.

    name: what the program is called. stack: key of `STACKS`. arguments: of the program, besides --json.
    peers: whether it takes its peers from an environment of their own (GPLINKER_PEERS_PYTHON). gpu: whether it is
    measured on a GPU only, see docs/gpu.md.
    """

    name: str
    stack: str
    arguments: tuple = ()
    peers: bool = False
    gpu: bool = False

    @property
    def program(self):
        return 'benchmarks/%s.py' % self.name

    @property
    def stem(self):
        """The name of the result file without its ending."""
        return '%s-%s' % (self.name.replace('_', '-'), self.stack)

    @property
    def result(self):
        """Path of the result file from the project's root."""
        return '%s/%s.json' % (RESULTS, self.stem)


JOBS = (
    Job('gplinker', 'tf1'),
    Job('gplinker', 'keras3-tensorflow'),
    Job('gplinker', 'keras3-jax'),
    Job('memory_saving', 'tf1'),
    Job('memory_saving', 'keras3-tensorflow'),
    Job('input_pipeline', 'tf1'),
    Job('batched_prediction', 'keras3-torch', ('--size', 'tiny', '--size', 'small')),
    Job('tasks', 'keras3-tensorflow'),
    Job('encoder', 'tf1'),
    Job('encoder', 'keras3-torch', peers=True),
    Job('encoder', 'keras3-jax', peers=True),
    Job('encoder', 'keras3-tensorflow', peers=True),
    Job('attention', 'tf1', ('--seconds', '40'), peers=True),
    Job('attention', 'keras3-torch', ('--only', 'goals'), peers=True),
    Job('bulk_extraction', 'keras3-tensorflow'),
    Job('export', 'tf1', ('--only', 'onnx_extract', '--only', 'int8_extract')),
    Job('export', 'keras3-tensorflow'),
    Job('serving_load', 'onnx', SERVED),
    Job('depth', 'tf1'),
    Job('depth', 'tf1-tfkeras', DEEP),
    Job('depth', 'keras3-tensorflow', DEEP),
    Job('depth', 'keras3-jax', DEEP),
    Job('depth', 'keras3-torch', DEEP),
) + tuple(
    Job(name, 'keras3-' + engine, gpu=True)
    for name in ('gpu_training', 'gpu_gplinker', 'gpu_attention') for engine in ('jax', 'torch')
)
# What the sections of docs/benchmarks.md are called, in their order.
TITLES = {
    'gplinker': 'GPLinker: training, extraction, tokenizer, cliques',
    'encoder': 'Encoders',
    'attention': 'Attention by length',
    'depth': 'Depth',
    'memory_saving': 'Memory',
    'input_pipeline': 'Input pipeline',
    'batched_prediction': 'Batched prediction',
    'tasks': "CLUE's tasks",
    'bulk_extraction': 'Bulk extraction',
    'export': 'Exported models',
    'serving_load': 'Serving',
    'gpu_training': 'Training on a GPU',
    'gpu_gplinker': 'GPLinker to convergence on a GPU',
    'gpu_attention': 'Attention by length on a GPU',
}


def command(job):
    """The line of a shell that makes a job's result file, in the project's root."""
    peers = (('GPLINKER_PEERS_PYTHON', 'peers/bin/python'),) * job.peers
    return line(job.stack, job.program, job.arguments, job.result, peers)


def line(stack, program, arguments, result, variables=()):
    """The line of a shell that runs a program on a stack and makes a result file."""
    words = ['%s=%s' % pair for pair in variables + STACKS[stack].variables]
    words += ['"$(scripts/env %s)"' % ' '.join(STACKS[stack].env), program]
    return ' '.join(words + list(arguments) + ['--json', result])


def chosen(names=None, stacks=None):
    """The jobs of some programs or result files and of some stacks; all without.

    names: of programs, or of result files without their ending. stacks: keys of `STACKS`, or `keras3` for all of its
    backends.
    """
    return [
        job for job in JOBS
        if (not names or job.name in names or job.stem in names)
        and (not stacks or any(job.stack == stack or job.stack.split('-')[0] == stack for stack in stacks))
    ]  # fmt: skip


def path(job):
    """The absolute path of a job's result file."""
    return os.path.join(ROOT, *job.result.split('/'))
