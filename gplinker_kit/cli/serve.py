"""Serves a model over HTTP: texts to /extract, the JSON of `gplinker extract` back; a page to try it at /.

Texts of requests that come together share batches. A request beyond a limit is answered with 413 or 422, one beyond the
queue with 503 and Retry-After, one that takes too long with 504. SIGTERM or Ctrl-C ends it: what has come is answered.
/health, /metrics (Prometheus), /docs and /openapi.json are there, too. It listens on this machine only unless --host
says otherwise, and knows no passwords. It needs pip install 'gplinker-kit[serve]'; see docs/serving.md.
"""

from gplinker_kit.cli.common import acceleration, add_acceleration_arguments, add_model_argument, say
from gplinker_kit.cli.corpora import add_corpus_argument, chosen_corpus
from gplinker_kit.cli.policies import add_policy_arguments, policy_from

HELP = 'answer requests over HTTP, with a page to try a model'


def add_arguments(parser):
    add_model_argument(parser)
    add_corpus_argument(parser)
    parser.add_argument('--host', default='127.0.0.1', help='default: %(default)s; 0.0.0.0 is every network')
    parser.add_argument('--port', type=int, default=8000, metavar='N', help='default: %(default)s; 0 takes a free one')
    parser.add_argument('--title', default='gplinker', help='heading of the page (default: %(default)s)')
    parser.add_argument('--no-page', action='store_true', help='no page at /, which needs jinja2')
    group = parser.add_argument_group('batches')
    group.add_argument('--batch-size', type=int, default=32, metavar='N', help='texts a batch (default: %(default)s)')
    group.add_argument('--max-delay', type=float, default=5.0, metavar='MS',
                       help='how long a text waits for others (default: %(default)s)')
    group.add_argument('--max-queue', type=int, default=512, metavar='N',
                       help='texts that may wait; beyond them 503 (default: %(default)s)')
    group = parser.add_argument_group('limits of a request')
    group.add_argument('--max-texts', type=int, default=64, metavar='N', help='default: %(default)s')
    group.add_argument('--max-characters', type=int, default=20000, metavar='N',
                       help='of all its texts together (default: %(default)s)')
    group.add_argument('--max-body', type=int, default=262144, metavar='BYTES', help='default: %(default)s')
    group.add_argument('--timeout', type=float, default=30.0, metavar='SECONDS', help='default: %(default)s')
    add_policy_arguments(parser)
    add_acceleration_arguments(parser)


def run(options):
    from functools import partial

    from gplinker_kit.serving import Limits, make_app, serve

    limits = Limits(options.max_texts, options.max_characters, options.max_body, options.timeout)
    app = make_app(partial(load, options), limits, options.batch_size, options.max_delay / 1000, options.max_queue,
                   not options.no_page, options.title)
    serve(app, options.host, options.port, options.timeout, lambda address: say('serving on ' + address))


def load(options):
    """Returns the extractor. It is called in the thread that extracts."""
    from gplinker_kit.export.session import OnnxPredictor
    from gplinker_kit.loading import load_extractor

    corpus = chosen_corpus(options)
    policy = policy_from(options, corpus.policy)
    extractor = load_extractor(options.model, options.batch_size, policy, options.which, acceleration(options))
    if not isinstance(extractor.predict, OnnxPredictor):
        # A server meets every length and number of texts: few shapes, for each of which TensorFlow 2 keeps what it
        # traced. onnxruntime keeps nothing, and padding would only cost time.
        extractor.length_multiple = extractor.length_multiple or 16
    return extractor
