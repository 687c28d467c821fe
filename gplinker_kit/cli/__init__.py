"""The console command `gplinker`."""

import argparse
import logging
import os
import sys

from gplinker_kit import __version__
from gplinker_kit.cli import (
    clue,
    compare,
    convert,
    duie,
    evaluate,
    export,
    extract,
    features,
    import_annotations,
    inspect_folder,
    plot,
    pretrain,
    schema,
    serve,
    submit,
    train,
    tune,
    view,
)

COMMANDS = {'train': train, 'extract': extract, 'evaluate': evaluate, 'submit': submit, 'tune': tune,
            'view': view, 'plot': plot, 'convert': convert, 'inspect': inspect_folder, 'features': features,
            'pretrain': pretrain, 'clue': clue, 'duie': duie, 'compare': compare, 'schema': schema,
            'import': import_annotations, 'export': export, 'serve': serve}


def parser():
    """Returns the argument parser with one sub-parser a command."""
    top = argparse.ArgumentParser(
        prog='gplinker', description='Joint event extraction: train on a DuEE-format corpus, extract, evaluate, submit.'
    )
    top.add_argument('--version', action='version', version='gplinker_kit ' + __version__)
    top.add_argument('--debug', action='store_true', help='show the traceback of an error')
    commands = top.add_subparsers(dest='command', metavar='COMMAND', required=True)
    for name, module in COMMANDS.items():
        sub = commands.add_parser(
            name, help=module.HELP, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module.add_arguments(sub)
    return top


def main(arguments=None):
    """Runs one command; returns the exit status: 0, a command's own, or 2 after one line that says what was wrong."""
    options = parser().parse_args(arguments)
    quiet()
    try:
        status = COMMANDS[options.command].run(options)
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        if options.debug:
            raise
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print('gplinker %s: error: %s' % (options.command, error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('gplinker %s: interrupted' % options.command, file=sys.stderr)
        return 130
    return status or 0


def quiet():
    """Keeps TensorFlow's start-up notes off the screen, unless the user has asked for a level."""
    import warnings

    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    logging.getLogger('tensorflow').setLevel(logging.ERROR)
    warnings.filterwarnings('ignore', category=FutureWarning)
