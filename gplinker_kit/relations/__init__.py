"""Relations: GPLinker for triples (DuIE 1.0 and 2.0), without the training. numpy only: imports no TensorFlow.

    schema = read_schema('duie_schema.json')
    examples = read_examples('duie_train.json', schema)
    targets = align(example.triples, offsets, schema, example.text)   # what a model is trained on
    found = decode(text, offsets, scores, schema)                     # scores: of the model, packed or dense
    score_official(examples, [Example(found.text, found.triples), …])
    write_submission(folder, predicted, schema)

One import a module, sorted by module; a new name goes to the import of its module and to the same line of `__all__`.
"""

from gplinker_kit.relations.alignment import TripleReport
from gplinker_kit.relations.ceiling import Ceiling, ceiling
from gplinker_kit.relations.corpus import find_files
from gplinker_kit.relations.decoder import Extraction, decode, decode_views
from gplinker_kit.relations.duie import read_examples, read_schema, write_examples, write_schema
from gplinker_kit.relations.features import RelationFeatures, RelationRow, relation_features
from gplinker_kit.relations.labels import align
from gplinker_kit.relations.occurrences import occurrences
from gplinker_kit.relations.official import OfficialCounts, official_counts, score_official
from gplinker_kit.relations.reading import View, read_view
from gplinker_kit.relations.schema import OBJECT, SUBJECT, VALUE, Example, Link, Relation, Schema, Triple
from gplinker_kit.relations.strict import triple_counts
from gplinker_kit.relations.submission import read_predictions, write_submission

__all__ = [
    'TripleReport',
    'Ceiling', 'ceiling',
    'find_files',
    'Extraction', 'decode', 'decode_views',
    'read_examples', 'read_schema', 'write_examples', 'write_schema',
    'RelationFeatures', 'RelationRow', 'relation_features',
    'align',
    'occurrences',
    'OfficialCounts', 'official_counts', 'score_official',
    'View', 'read_view',
    'OBJECT', 'SUBJECT', 'VALUE', 'Example', 'Link', 'Relation', 'Schema', 'Triple',
    'triple_counts',
    'read_predictions', 'write_submission',
]
