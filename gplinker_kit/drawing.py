"""What all pictures share: figures that draw themselves, plain axes, names beside lines.

Needs matplotlib (`pip install 'gplinker-kit[view]'`), which is imported when something is drawn.
"""

from __future__ import annotations

import os
import warnings

from gplinker_kit.files import atomic_write

DPI = 160
INK, SOFT, GRID = '#17202b', '#5a6573', '#e3e7ec'
# Of Okabe and Ito, for all kinds of colour vision.
BLUE, ORANGE, GREEN, PURPLE = '#0072b2', '#d55e00', '#009e73', '#cc79a7'

# Fonts with Chinese characters of the common systems.
FONTS = (
    'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'Source Han Sans CN', 'PingFang SC', 'Microsoft YaHei',
    'Hiragino Sans GB', 'WenQuanYi Micro Hei', 'WenQuanYi Zen Hei', 'SimHei', 'Noto Sans CJK JP', 'Noto Sans CJK TC',
    'Droid Sans Fallback', 'Arial Unicode MS', 'SimSun',
)


def text_font(texts, path=None):
    """Returns the FontProperties to write some texts in: of a file, else of an installed font of FONTS.

    None, which is matplotlib's own font, where all texts are Latin. Raises: ValueError: a file that is no font.
    Warns (UserWarning): of texts beyond Latin, where no font of FONTS is installed.
    """
    from matplotlib.font_manager import FontProperties, fontManager

    if path is not None:
        if not os.path.isfile(path):
            raise ValueError('the font must be a file, .otf, .ttf or .ttc; there is no %r' % path)
        try:
            fontManager.addfont(path)
        except (RuntimeError, OSError) as error:
            raise ValueError('%s is no font that matplotlib can read (%s)' % (path, error)) from error
        return FontProperties(fname=path)
    if all(ord(character) < 0x250 for text in texts for character in text):
        return None
    installed = {font.name for font in fontManager.ttflist}
    for name in FONTS:
        if name in installed:
            return FontProperties(family=name)
    warnings.warn('no font with Chinese characters is installed (%s, …): name a font file with --font' % FONTS[0],
                  stacklevel=3)
    return None


def make_figure(width, height):
    """Returns a white Figure of so many inches that draws itself by Agg."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("pictures need matplotlib: pip install 'gplinker-kit[view]' (%s)" % error) from error
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor='white', constrained_layout=True)
    FigureCanvasAgg(figure)
    return figure


def add_axes(figure, place, title, below, epochs=None):
    """Axes with a title at the top left in place of a turned label, and nothing that says nothing."""
    from matplotlib.ticker import MaxNLocator

    axes = figure.add_subplot(place)
    axes.set_title(title, loc='left', fontsize=9.5, color=INK, pad=18 if epochs is None else 8)
    for side in ('top', 'right', 'left'):
        axes.spines[side].set_visible(False)
    axes.spines['bottom'].set_color(SOFT)
    axes.grid(axis='y', color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8.5, colors=SOFT)
    if below is not None:
        axes.set_xlabel(below, fontsize=9, color=SOFT)
    if epochs is not None:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
        first, last = min(epochs), max(epochs)
        margin = max(0.02 * (last - first), 0.5 if first == last else 0.2)
        axes.set_xlim(first - margin, last + margin)
    return axes


def label_lines(axes, labels):
    """Writes each line's name to the right of its end, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    lines = max(text.count('\n') + 1 for _, text, _ in labels)
    gap = min(0.064 * lines, 0.98 / len(labels)) * (high - low)
    heights = []
    for height, _, _ in sorted(labels):
        heights.append(max(height, heights[-1] + gap) if heights else max(height, low + gap / 2))
    over = heights[-1] - (high - gap / 2)
    for k in range(len(heights) - 1, -1, -1):  # from above, what is beyond the top pushes down what is below it
        top = high - gap / 2 if k == len(heights) - 1 else heights[k + 1] - gap
        heights[k] = min(heights[k], top) if over > 0 else heights[k]
    for y, (_, text, color) in zip(heights, sorted(labels)):
        axes.annotate(text, (1, y), (8, 0), xycoords=('axes fraction', 'data'), textcoords='offset points', va='center',
                      fontsize=8.5, color=color, linespacing=1.25, annotation_clip=False)


def save(figure, path):
    """Writes a PNG file, whole or not at all."""
    with atomic_write(path, 'wb') as stream:
        figure.savefig(stream, format='png', metadata={'Software': None})
