"""The web application: /extract, /health, /metrics, the page at /, and FastAPI's /docs and /openapi.json."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

from gplinker_kit import __version__
from gplinker_kit.events.duee import extraction_line
from gplinker_kit.serving import openapi
from gplinker_kit.serving.batcher import Batcher
from gplinker_kit.serving.bodies import Limits, read_texts, too_large
from gplinker_kit.serving.metrics import Metrics
from gplinker_kit.serving.refusals import Refusal

LOG = logging.getLogger('gplinker_kit.serving')
JSON = 'application/json; charset=utf-8'


def import_fastapi():
    """Returns the module. Raises: ImportError that names the extra."""
    try:
        import fastapi
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ImportError("serving needs FastAPI, uvicorn and prometheus_client: pip install 'gplinker-kit[serve]' (%s)"
                          % error) from error
    return fastapi


def make_app(load, limits=None, max_batch=32, max_delay=0.005, max_queue=512, page=True, title='gplinker'):
    """Returns the FastAPI application; its extractor is loaded when it starts, unless `serve` has, and it ends
    when what waits is finished.

    Arguments:
        load, max_batch, max_delay, max_queue: as in `Batcher`. The extractor's `schema`, where it has one, gives events
            their class, as in `gplinker extract`.
        limits: Limits. page: whether / is the page to try the model, which needs jinja2. title: str, its heading.
    Raises:
        ValueError: a request that the limits allow would never fit into the queue.
        ImportError: a package is missing.
    """
    fastapi = import_fastapi()
    limits = Limits() if limits is None else limits
    if limits.texts > max_queue:
        raise ValueError('a request may have %d texts, but only %d may wait: raise max_queue, or lower the texts of '
                         'Limits' % (limits.texts, max_queue))
    batcher = Batcher(load, max_batch, max_delay, max_queue)
    metrics = Metrics(lambda: batcher.waiting)
    batcher.observe = metrics.batch
    extraction = Extraction(batcher, limits, metrics)

    @contextlib.asynccontextmanager
    async def lifespan(app):
        loop = asyncio.get_running_loop()
        if batcher.extractor is None:
            await loop.run_in_executor(None, batcher.start)
        try:
            yield
        finally:
            await loop.run_in_executor(None, batcher.stop, limits.timeout)

    app = fastapi.FastAPI(title=title, version=__version__, lifespan=lifespan, redoc_url=None,
                          description='Joint event extraction. Texts of requests that come together share batches.')
    app.state.batcher, app.state.metrics = batcher, metrics
    add_routes(app, fastapi, extraction)
    if page:
        from gplinker_kit.serving.live import add_page

        add_page(app, fastapi, extraction, title)
    return app


def add_routes(app, fastapi, extraction):
    batcher, metrics = extraction.batcher, extraction.metrics

    async def extract(request):
        texts, extractions = await extraction(request)
        schema = getattr(batcher.extractor, 'schema', None)
        lines = [extraction_line({'text': text}, one, schema) for text, one in zip(texts, extractions)]
        return fastapi.Response('{"results": [%s]}' % ', '.join(lines), media_type=JSON)

    async def health(request):
        good = batcher.alive()
        return fastapi.responses.JSONResponse(
            {'status': 'ok' if good else 'stopping', 'version': __version__, 'waiting': batcher.waiting},
            200 if good else 503)

    async def read_metrics(request):
        return fastapi.Response(metrics.text(), media_type=metrics.content_type)

    route(app, fastapi, metrics, '/extract', 'POST', extract, responses=openapi.responses(),
          openapi_extra={'requestBody': openapi.request_body(extraction.limits)}, summary='Events of texts')
    route(app, fastapi, metrics, '/health', 'GET', health, summary='200 while requests are taken, else 503')
    route(app, fastapi, metrics, '/metrics', 'GET', read_metrics, summary="Prometheus's metrics")

    async def refused(request, error):
        status = getattr(error, 'status_code', 404)
        name = 'method_not_allowed' if status == 405 else 'not_found'
        metrics.errors.labels(name).inc()
        return answer(fastapi, Refusal(name, '%.10s %.80s: there is no such page' % (request.method, request.url.path)))

    app.add_exception_handler(404, refused)
    app.add_exception_handler(405, refused)


def route(app, fastapi, metrics, path, method, function, **options):
    """Adds a path whose refusals become answers and whose requests are counted."""

    async def endpoint(request: fastapi.Request):  # type: ignore
        started = time.monotonic()
        try:
            response = await function(request)
        except Refusal as refusal:
            metrics.errors.labels(refusal.name).inc()
            response = answer(fastapi, refusal)
        metrics.answered(path, response.status_code, time.monotonic() - started)
        return response

    endpoint.__annotations__['request'] = fastapi.Request  # as an object: this file's annotations are strings
    options.setdefault('responses', {})
    app.add_api_route(path, endpoint, methods=[method], response_class=fastapi.Response, name=path.strip('/') or 'page',
                      **options)


def answer(fastapi, refusal):
    return fastapi.Response(refusal.body(), refusal.status, refusal.headers(), JSON)


class Extraction:
    """From a request to its extractions; called with a Request, it returns (texts, extractions).

    Raises: Refusal.
    """

    def __init__(self, batcher, limits, metrics):
        self.batcher, self.limits, self.metrics = batcher, limits, metrics

    async def __call__(self, request):
        body = await self.body(request)
        texts = read_texts(body, self.limits)
        future = self.batcher.submit(texts)
        try:
            # A cancelled wait cancels the future, and the thread drops its texts.
            extractions = await asyncio.wait_for(asyncio.wrap_future(future), self.limits.timeout)
        except asyncio.TimeoutError as error:
            raise Refusal('timeout', 'no answer within %g seconds' % self.limits.timeout) from error
        except Exception as error:
            LOG.error('extraction failed: %s', error, exc_info=True)
            raise Refusal('extraction_failed', 'the extraction failed; the server has logged why') from error
        self.metrics.events.inc(sum(len(one.events) for one in extractions))
        return texts, extractions

    async def body(self, request):
        """Returns the bytes of a body, of which no more than the limit are read."""
        length = request.headers.get('content-length', '0')
        # `isdigit` alone also takes '²', which is no int.
        if not (length.isascii() and length.isdigit()) or int(length[:20]) > self.limits.body_bytes:
            raise too_large(self.limits)
        try:
            return await asyncio.wait_for(self.read(request), self.limits.timeout)
        except asyncio.TimeoutError as error:
            raise Refusal('slow_body', 'the body did not arrive within %g seconds' % self.limits.timeout) from error

    async def read(self, request):
        parts, size = [], 0
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > self.limits.body_bytes:
                raise too_large(self.limits)
        return b''.join(parts)
