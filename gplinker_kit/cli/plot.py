"""Draws the training curves of a model folder, or the curves of its thresholds, as PNG."""

import os
import sys

from gplinker_kit.cli.common import add_model_argument

HELP = 'draw the training curves of a model as PNG'
KINDS = ('training', 'thresholds')


def add_arguments(parser):
    add_model_argument(parser)
    parser.add_argument('--output', required=True, metavar='FILE', help='the picture, for example curves.png')
    parser.add_argument('--kind', default='training', choices=KINDS,
                        help='loss and dev scores by epoch, or scores by threshold (default: %(default)s)')


def run(options):
    from gplinker_kit import plots
    from gplinker_kit.errors import DataError
    from gplinker_kit.files import read_json
    from gplinker_kit.model_folder import current_version

    version = current_version(options.model, options.which)
    name = {'training': 'history.json', 'thresholds': 'threshold_curves.json'}[options.kind]
    path = os.path.join(version, name)
    if options.kind == 'thresholds' and not os.path.exists(path):
        raise DataError('this model has no %s: its thresholds were not tuned' % name, version)
    values = read_json(path)
    try:
        if options.kind == 'training':
            plots.training_curves(values, options.output)
        else:
            thresholds = read_json(os.path.join(version, 'thresholds.json'))
            plots.threshold_curves(values, thresholds, options.output)
    except ValueError as error:
        raise DataError(str(error), path) from error
    print(options.output, file=sys.stderr)
