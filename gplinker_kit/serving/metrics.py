"""What Prometheus reads from /metrics."""

from __future__ import annotations

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The metrics of one application, in a registry of their own: several can live in one process.

    Arguments: waiting: function without arguments that returns how many texts wait.
    """

    def __init__(self, waiting):
        import prometheus_client as prometheus

        self.registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=self.registry)
        self.generate = prometheus.generate_latest
        self.content_type = prometheus.CONTENT_TYPE_LATEST
        make = {'registry': self.registry}
        self.requests = prometheus.Counter(
            'gplinker_requests', 'Answered requests by path and status', ['path', 'status'], **make)
        self.errors = prometheus.Counter('gplinker_errors', 'Refused or failed requests by name', ['error'], **make)
        self.latency = prometheus.Histogram(
            'gplinker_request_seconds', 'Seconds from a request to its answer', ['path'], buckets=SECONDS, **make)
        self.batch_texts = prometheus.Histogram('gplinker_batch_texts', 'Texts a batch', buckets=SIZES, **make)
        self.batch_seconds = prometheus.Histogram(
            'gplinker_batch_seconds', 'Seconds a batch, without waiting', buckets=SECONDS, **make)
        self.events = prometheus.Counter('gplinker_events', 'Extracted events', **make)
        queue = prometheus.Gauge('gplinker_queue_texts', 'Texts that wait for a batch', **make)
        queue.set_function(waiting)

    def batch(self, texts, seconds):
        self.batch_texts.observe(texts)
        self.batch_seconds.observe(seconds)

    def answered(self, path, status, seconds):
        self.requests.labels(path, str(status)).inc()
        self.latency.labels(path).observe(seconds)

    def text(self):
        """Returns bytes, in Prometheus's format."""
        return self.generate(self.registry)
