"""Where the time of a run goes, operation by operation, as the engine's own profiler has it.

TensorFlow 1.15: the trace of a session. Keras 3: the profilers of TensorFlow, JAX and PyTorch. Operations that run at
the same time are added up, so that the sum may be above the seconds of the clock where there are several threads.
"""

from __future__ import annotations

import glob
import gzip
import json
import os
import re
import tempfile
from collections import Counter


def by_operation(model, run):
    """Returns a Counter {operation: seconds} of one call of `run`, which calls `model` and has been warmed up before.

    On TensorFlow 1.15 the model must not have been called: it is traced from its first call on.
    """
    from gplinker_kit import backend

    if backend.STACK != 'keras3':
        return _tf1(model, run)
    return {'tensorflow': _tensorflow, 'jax': _jax, 'torch': _torch}[backend.ENGINE](run)


def _tf1(model, run):
    import tensorflow as tf

    trace = tf.compat.v1.RunMetadata()
    options = tf.compat.v1.RunOptions(trace_level=tf.compat.v1.RunOptions.FULL_TRACE)
    model._function_kwargs = {'options': options, 'run_metadata': trace}  # what Keras gives to the session
    run()
    run()
    run()
    found = Counter()
    for device in trace.step_stats.dev_stats:
        for node in device.node_stats:
            operation = re.search(r' = (\w+)\(', node.timeline_label)
            name = operation.group(1) if operation else node.node_name.split(':')[-1]
            found[name] += (node.op_end_rel_micros - node.op_start_rel_micros) / 1e6
    return found


def _tensorflow(run):
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            run()
        path, = glob.glob(os.path.join(folder, '**', '*.xplane.pb'), recursive=True)
        space = xplane_pb2.XSpace()
        with open(path, 'rb') as stream:
            space.ParseFromString(stream.read())
    found = Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                if re.match(r'[\w/.-]+:[A-Z_]\w+$', name):  # 'layer/MatMul:MatMul'
                    found[name.rsplit(':', 1)[1]] += event.duration_ps / 1e12
    return found


def _jax(run):
    import jax

    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder, create_perfetto_trace=True):
            run()
        path, = glob.glob(os.path.join(folder, '**', 'perfetto_trace.json.gz'), recursive=True)
        with gzip.open(path, 'rt', encoding='utf-8') as stream:
            trace = json.load(stream)
    events = trace['traceEvents'] if isinstance(trace, dict) else trace
    found = Counter()
    for event in events:
        operation = event.get('args', {}).get('hlo_op')
        if event.get('ph') == 'X' and operation:
            found[kind_of(operation)] += event['dur'] / 1e6
    return found


def kind_of(operation):
    """Returns what an operation of XLA is, without its number: 'dot' of 'dot.12', 'multiply_fusion' of that with 3."""
    return re.sub(r'(\.(\d+|clone))+$', '', operation)


def _torch(run):
    import torch

    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as trace:
        run()
    return Counter({one.key: one.self_cpu_time_total / 1e6 for one in trace.key_averages()})


def shares(found, most=12):
    """Returns [{'operation', 'seconds', 'share'}] of a Counter, the longest `most` first, then all others as one."""
    total = sum(found.values())
    rows = found.most_common(most)
    rest = total - sum(seconds for _, seconds in rows)
    if len(found) > most:
        rows.append(('%d others' % (len(found) - most), rest))
    return [{'operation': name, 'seconds': seconds, 'share': seconds / total} for name, seconds in rows]
