"""Published models by name: their configurations, vocabularies and files, and where their owners publish them.

Nothing is downloaded from here. Configurations carry the keys of the published config files; what those of a family
share is written once.
"""

from __future__ import annotations

from dataclasses import dataclass

from gplinker_kit.errors import hint
from gplinker_kit.models import options
from gplinker_kit.models.expected_shapes import parameter_count
from gplinker_kit.models.identify import TITLES

TENSORFLOW_FILES = (
    'bert_config.json', 'bert_model.ckpt.index', 'bert_model.ckpt.data-00000-of-00001', 'bert_model.ckpt.meta',
    'vocab.txt',
)  # fmt: skip
PYTORCH_FILES = ('config.json', 'model.safetensors or pytorch_model.bin', 'vocab.txt')
SPECIAL_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')
ZHUIYI = 'https://open.zhuiyi.ai/releases/nlp/models/zhuiyi/'
FILE_KEYS = {argument: key for key, argument in options.PUBLISHED.items()}
# What has to agree between two configurations of one model; dropout may differ.
DECISIVE = (
    'vocab_size', 'hidden_size', 'num_hidden_layers', 'num_attention_heads', 'intermediate_size', 'hidden_act',
    'embedding_size', 'attention_head_size', 'attention_key_size', 'segment_vocab_size', 'max_position',
)  # fmt: skip


@dataclass(frozen=True)
class Vocabulary:
    """rows: tokens of vocab.txt, one a row of the token table. words: True where the tokens are words too, and texts go
    through jieba first (`pre_tokenize`); False for characters. do_lower_case: as `Tokenizer` takes it. special_tokens:
    those that a tokenizer and masking need."""

    rows: int
    words: bool = False
    do_lower_case: bool = True
    special_tokens: tuple = SPECIAL_TOKENS


@dataclass(frozen=True)
class Preset:
    """A published model.

    name: what `build_transformer_model(preset=…)` takes. model: name in `MODELS`. title: for people. config: the keys
    of its config file, dropout included. vocabulary: a `Vocabulary`. published: (what, where) pairs, the owners' first.
    files: of the TensorFlow release. pytorch_files: of a PyTorch one.
    """

    name: str
    model: str
    title: str
    config: dict
    vocabulary: Vocabulary
    published: tuple
    files: tuple = TENSORFLOW_FILES
    pytorch_files: tuple = PYTORCH_FILES

    def arguments(self):
        """Returns the configuration under the constructors' names, with what it leaves to defaults."""
        return complete(self.config)

    def parameters(self, **heads):
        """Returns how many parameters the encoder has; `heads` as in with_mlm=True add theirs."""
        return parameter_count(self.model, dict(self.arguments(), **heads))

    def differences(self, config):
        """Returns [(key, theirs, ours)] of what a configuration says otherwise; what it leaves out is no difference.

        Keys are those of config files. The head count of GAU-α decides nothing, nor do positions without a table.
        """
        ours, theirs = self.arguments(), options.renamed(config)
        passed = {'gau_alpha': ('num_attention_heads', 'attention_head_size', 'max_position')}
        skipped = passed.get(self.model, () if self.model == 'bert' else ('max_position',))
        return [
            (FILE_KEYS.get(key, key), theirs[key], ours.get(key))
            for key in DECISIVE
            if key not in skipped and theirs.get(key) is not None and _same_act(theirs[key]) != _same_act(ours.get(key))
        ]


def _same_act(value):
    """'gelu' for 'gelu_erf', which is the same function; any other value as it is."""
    return 'gelu' if value == 'gelu_erf' else value


def complete(config):
    """A configuration under the constructors' names, with defaults and the sizes that follow from others."""
    sizes = dict(options.DEFAULTS, **options.renamed(config))
    if sizes.get('hidden_size') and sizes.get('num_attention_heads'):
        sizes.setdefault('attention_head_size', sizes['hidden_size'] // sizes['num_attention_heads'])
        sizes.setdefault('attention_key_size', sizes['attention_head_size'])
        sizes.setdefault('embedding_size', sizes['hidden_size'])
    return sizes


def find_preset(name):
    """Returns the preset of that name, in any case; a ValueError with the nearest name otherwise."""
    if isinstance(name, Preset):
        return name
    if not isinstance(name, str):
        raise ValueError('preset must be a name. Received: %r' % (name,))
    found = PRESETS.get(name.lower().replace('-', '_'))
    if found is None:
        raise ValueError('unknown preset %r.%s' % (name, hint(name.lower(), PRESETS)))
    return found


def fitting_presets(model, config):
    """Returns the presets of `model` whose sizes are those of `config`, as far as this says anything.

    Several fit where published models differ in their training alone.
    """
    model = 'bert' if model == 'roberta' else model
    return [preset for preset in PRESETS.values() if preset.model == model and not preset.differences(config)]


def _config(vocab_size, hidden_size, layers, heads, inner, act, **more):
    return dict(
        more,
        vocab_size=vocab_size,
        hidden_size=hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        hidden_act=act,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        type_vocab_size=2,
    )


def _bert(name, title, hidden_size, layers, heads, inner, *published):
    config = _config(21128, hidden_size, layers, heads, inner, 'gelu', max_position_embeddings=512)
    return Preset(name, 'bert', title, config, Vocabulary(21128), published)


def _roformer(name, title, rows, hidden_size, layers, heads, inner, conversion):
    published = (
        ('TensorFlow, with links to the zips', 'https://github.com/ZhuiyiTechnology/roformer'),
        ('PyTorch', 'https://huggingface.co/junnyu/' + conversion),
    )
    config = _config(rows, hidden_size, layers, heads, inner, 'gelu')
    return Preset(name, 'roformer', title, config, Vocabulary(rows, words=rows == 50000), published)


def _roformer_v2(size, hidden_size, layers, heads, inner):
    archive = 'chinese_roformer-v2-char_L-%d_H-%d_A-%d.zip' % (layers, hidden_size, heads)
    return Preset(
        'roformer_v2_' + size,
        'roformer_v2',
        'RoFormerV2 %s, Chinese characters' % size,
        _config(12000, hidden_size, layers, heads, inner, 'relu'),
        Vocabulary(12000),
        (
            ('TensorFlow', ZHUIYI + archive),
            ('the authors', 'https://github.com/ZhuiyiTechnology/roformer-v2'),
            ('PyTorch', 'https://github.com/JunnYu/RoFormer_pytorch'),
        ),
    )


def _gau_alpha():
    return Preset(
        'gau_alpha_base',
        'gau_alpha',
        TITLES['gau_alpha'] + ' base, Chinese characters',
        _config(12000, 768, 24, 1, 1536, 'swish', attention_key_size=128),
        Vocabulary(12000),
        (
            ('TensorFlow', ZHUIYI + 'chinese_GAU-alpha-char_L-24_H-768.zip'),
            ('the authors', 'https://github.com/ZhuiyiTechnology/GAU-alpha'),
            ('PyTorch', 'https://github.com/JunnYu/GAU-alpha-pytorch'),
        ),
    )


GOOGLE = 'https://storage.googleapis.com/bert_models/2018_11_03/chinese_L-12_H-768_A-12.zip'
WWM = ('TensorFlow and PyTorch, with links to the files', 'https://github.com/ymcui/Chinese-BERT-wwm')

PRESETS = {
    preset.name: preset
    for preset in (
        _roformer_v2('small', 384, 6, 6, 1536),
        _roformer_v2('base', 768, 12, 12, 3072),
        _roformer_v2('large', 1024, 24, 16, 4096),
        _gau_alpha(),
        _roformer('roformer_base', 'RoFormer base, Chinese words', 50000, 768, 12, 12, 3072, 'roformer_chinese_base'),
        _roformer('roformer_small', 'RoFormer small, Chinese words', 50000, 384, 6, 6, 1536, 'roformer_chinese_small'),
        _roformer(
            'roformer_char_base', 'RoFormer base, Chinese characters', 12000, 768, 12, 12, 3072,
            'roformer_chinese_char_base',
        ),
        _roformer(
            'roformer_char_small', 'RoFormer small, Chinese characters', 12000, 384, 6, 6, 1536,
            'roformer_chinese_char_small',
        ),
        _bert(
            'roberta_wwm_ext_base', 'RoBERTa-wwm-ext, Chinese', 768, 12, 12, 3072,
            WWM, ('PyTorch', 'https://huggingface.co/hfl/chinese-roberta-wwm-ext'),
        ),
        _bert(
            'roberta_wwm_ext_large', 'RoBERTa-wwm-ext large, Chinese', 1024, 24, 16, 4096,
            WWM, ('PyTorch', 'https://huggingface.co/hfl/chinese-roberta-wwm-ext-large'),
        ),
        _bert(
            'bert_base_chinese', 'BERT base, Chinese', 768, 12, 12, 3072,
            ('TensorFlow', GOOGLE), ('PyTorch', 'https://huggingface.co/google-bert/bert-base-chinese'),
        ),
    )
}  # fmt: skip
