"""TF_XLA_FLAGS: what the user wrote stays, what was asked for is added, and a contradiction shows both."""

import pytest

from gplinker_kit.backend import xla_flags


@pytest.mark.parametrize('clusters, lazy, expected', [
    ('auto', True, '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit=true'),
    ('fusible', True, '--tf_xla_auto_jit=fusible --tf_xla_cpu_global_jit=true'),
    ('auto', False, '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit=true --tf_xla_enable_lazy_compilation=false'),
])
def test_what_the_choices_mean(clusters, lazy, expected):
    assert xla_flags.extended('', xla_flags.wanted(clusters, lazy)) == expected


@pytest.mark.parametrize('text, expected', [
    ('--tf_xla_clustering_debug', '--tf_xla_clustering_debug --tf_xla_auto_jit=2 --tf_xla_cpu_global_jit=true'),
    ("--dump='a b' --tf_xla_auto_jit=2", "--dump='a b' --tf_xla_auto_jit=2 --tf_xla_cpu_global_jit=true"),
    ('-tf_xla_cpu_global_jit --tf_xla_auto_jit=2', '-tf_xla_cpu_global_jit --tf_xla_auto_jit=2'),
    ('--tf_xla_cpu_global_jit=1 --tf_xla_auto_jit=2', '--tf_xla_cpu_global_jit=1 --tf_xla_auto_jit=2'),
    ('  ', '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit=true'),
])
def test_the_users_flags_are_extended(text, expected):
    assert xla_flags.extended(text, xla_flags.wanted('auto', True)) == expected


@pytest.mark.parametrize('text, words', [
    ('--tf_xla_auto_jit=1', 'TF_XLA_FLAGS has --tf_xla_auto_jit=1, and --tf_xla_auto_jit=2 was asked for'),
    ('--tf_xla_auto_jit=2 --tf_xla_auto_jit=0', 'has --tf_xla_auto_jit=0, and'),
    ('--tf_xla_cpu_global_jit=false', 'has --tf_xla_cpu_global_jit=false, and --tf_xla_cpu_global_jit=true was'),
    ('/etc/flags', "TF_XLA_FLAGS='/etc/flags': expected flags that begin with --; where it is the name of a file"),
])
def test_a_contradiction_is_an_error(text, words):
    with pytest.raises(ValueError, match=words):
        xla_flags.extended(text, xla_flags.wanted('auto', True))


def test_without_a_wish_nothing_is_looked_at():
    assert xla_flags.extended('/etc/flags', {}) == '/etc/flags'
