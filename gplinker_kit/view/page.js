'use strict';
// The list of sentences: which are chosen, and the page of them that is drawn. No more than a page is ever in the
// document, and a sentence is parsed when it is drawn.
(function () {
  const data = JSON.parse(document.getElementById('data').textContent);
  const lines = document.getElementById('sentences').textContent.split('\n'); // one sentence a line, as JSON
  const list = document.getElementById('list');
  const compared = list.dataset.compared === '1';
  const element = (id) => document.getElementById(id);
  const [find, type, kind, order, open] = ['find', 'type', 'kind', 'order', 'open'].map(element);
  const {h, MARKS, EVENTS, textOf, tuck, cardOf} = drawing;
  const PAGE = 20; // sentences that are drawn at a time
  const LOT = 200; // sentences that are read for the search at a time, between other things
  const [ERRORS, DOUBT, TYPES, KINDS] = [0, 1, 2, 3]; // columns of data.index
  const total = data.index.length;
  const haystacks = new Array(total); // what is searched; filled while the browser is idle, or when asked for
  let chosen = [];
  let first = 0; // the place in `chosen` of the page's first sentence
  let current = -1; // the place on the page of the sentence that the keys are at
  drawing.share(data);

  // What the page leaves out of a line is put back: one span a row, and a link without a score between any two spans.
  function sentenceAt(index) {
    const sentence = JSON.parse(lines[index]);
    sentence.cards.forEach((card) => {
      card.nodes = card.nodes || card.rows.map((row, r) => [r]);
      if (card.links) return;
      card.links = [];
      card.nodes.forEach((node, j) => { for (let i = 0; i < j; i += 1) card.links.push([i, j, null]); });
    });
    return sentence;
  }

  // === The page of the list ===

  function articleOf(index) {
    const sentence = sentenceAt(index);
    const count = sentence.cards.length;
    const state = !sentence.compared ? (compared ? h('span', {}, 'no gold') : null)
      : data.index[index][ERRORS] ? null : h('span', {class: 'right'}, count ? '✓ all right' : '✓ right: no event');
    const article = h('article', {id: 's' + (index + 1), tabindex: '-1', 'aria-label': 'Sentence ' + sentence.name},
      h('div', {class: 'head'}, h('h2', {}, sentence.name), state), textOf(sentence), ...sentence.notes.map((note) => h('p', {class: 'note'}, note)));
    if (!count) {
      if (!sentence.compared) article.append(h('p', {class: 'none'}, 'No event.'));
      return article;
    }
    const details = h('details', {class: 'cards'}, h('summary', {}, count === 1 ? '1 event' : count + ' events', ...sentence.cards.map((card) => (
      MARKS[card.status] ? h('b', {class: card.status, role: 'img', 'aria-label': EVENTS[card.status].slice(2)}, MARKS[card.status]) : null))));
    const fill = () => {
      if (details.open && !details.querySelector('.grid')) details.append(h('div', {class: 'grid'}, ...sentence.cards.map(cardOf)));
    };
    details.addEventListener('toggle', fill);
    details.open = open.checked;
    fill();
    article.append(details);
    return article;
  }

  const thousands = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ' ');

  function draw(at) {
    first = at;
    current = -1;
    const articles = chosen.slice(first, first + PAGE).map(articleOf);
    list.replaceChildren(...articles);
    articles.forEach(tuck);
    if (!chosen.length) list.append(h('p', {class: 'none', lang: 'en'}, 'No sentence fits.'));
    element('shown').textContent = thousands(chosen.length) + ' of ' + thousands(total);
    element('range').textContent = thousands(first + 1) + '–' + thousands(Math.min(first + PAGE, chosen.length));
    document.querySelectorAll('[data-page]').forEach((button) => {
      button.disabled = button.dataset.page === '-1' ? first === 0 : first + PAGE >= chosen.length;
    });
    element('pages').hidden = chosen.length <= PAGE;
    element('turn').hidden = chosen.length <= PAGE;
    element('page').value = 1 + first / PAGE;
    element('last').textContent = 'of ' + thousands(Math.max(1, Math.ceil(chosen.length / PAGE)));
  }

  function turn(step) {
    const at = first + step * PAGE;
    if (at < 0 || at >= chosen.length) return false;
    draw(at);
    list.scrollIntoView();
    return true;
  }

  // Goes to the next or previous sentence, over the edges of pages too.
  function go(step) {
    let next = current + step;
    if (current < 0 && step < 0) next = -1;
    if (next < 0 || next >= list.querySelectorAll('article').length) {
      if (!turn(step)) return;
      next = step > 0 ? 0 : list.querySelectorAll('article').length - 1;
    }
    current = next;
    const article = list.querySelectorAll('article')[current];
    if (!article) return;
    article.focus({preventScroll: true});
    article.scrollIntoView();
  }

  // === Choosing ===

  function haystack(index) {
    if (haystacks[index] === undefined) {
      const sentence = JSON.parse(lines[index]);
      haystacks[index] = [sentence.name, sentence.pieces.map((piece) => piece[0]).join('')]
        .concat(...sentence.cards.map((card) => [data.types[card.type]].concat(...card.rows.map((row) => row.slice(0, 2))))).join('\n').toLowerCase();
    }
    return haystacks[index];
  }

  function read(from) {
    const end = Math.min(from + LOT, total);
    for (let index = from; index < end; index += 1) haystack(index);
    if (end < total) later(() => read(end));
  }

  const later = (work) => (window.requestIdleCallback ? window.requestIdleCallback(work) : setTimeout(work, 20));

  function fits(index, typeNumber, kindNumber, words) {
    const row = data.index[index];
    if (typeNumber >= 0 && !row[TYPES].includes(typeNumber)) return false;
    if (kindNumber >= 0) {
      const found = row[KINDS].find((entry) => entry[0] === kindNumber);
      if (!found || (found[1] !== 1 && typeNumber >= 0 && !found[1].includes(typeNumber))) return false;
    }
    return words.every((word) => haystack(index).includes(word));
  }

  function choose() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const typeNumber = type.value === '' ? -1 : Number(type.value), kindNumber = data.kinds.indexOf(kind.value);
    chosen = [];
    for (let index = 0; index < total; index += 1) if (fits(index, typeNumber, kindNumber, words)) chosen.push(index);
    const of = (index) => data.index[index];
    if (order.value === 'errors') chosen.sort((a, b) => of(b)[ERRORS] - of(a)[ERRORS] || a - b);
    if (order.value === 'doubt') chosen.sort((a, b) => of(a)[DOUBT] - of(b)[DOUBT] || a - b);
    draw(0);
  }

  // === Looking at one thing ===

  function light(target) {
    const lit = target && target.closest ? target.closest('[data-k]') : null;
    const article = lit ? lit.closest('article') : null;
    document.querySelectorAll('article.focus').forEach((other) => {
      if (other !== article) other.classList.remove('focus');
      other.querySelectorAll('.on').forEach((element) => element.classList.remove('on'));
    });
    if (!article) return;
    const keys = new Set(lit.dataset.k.split(' '));
    const has = (text) => text.split(' ').some((k) => keys.has(k));
    article.classList.add('focus');
    article.querySelectorAll('[data-k]').forEach((element) => { if (has(element.dataset.k)) element.classList.add('on'); });
    const whole = lit.tagName === 'H3';
    article.querySelectorAll('.edge').forEach((edge) => {
      const [one, two] = [has(edge.dataset.i), has(edge.dataset.j)];
      if (whole ? one && two : one || two) edge.classList.add('on');
    });
  }

  list.addEventListener('mouseover', (event) => light(event.target));
  list.addEventListener('mouseleave', () => light(document.activeElement));
  list.addEventListener('focusin', (event) => light(event.target));
  list.addEventListener('focusout', () => light(null));
  document.querySelectorAll('button[data-type]').forEach((button) => button.addEventListener('click', () => { type.value = button.dataset.type; choose(); list.scrollIntoView(); }));
  document.querySelectorAll('[data-page]').forEach((button) => button.addEventListener('click', () => turn(Number(button.dataset.page))));
  element('page').addEventListener('change', () => {
    const wanted = Math.round(Number(element('page').value)) || 1;
    draw(PAGE * Math.max(0, Math.min(wanted - 1, Math.ceil(chosen.length / PAGE) - 1)));
  });
  let waiting = 0;
  find.form.addEventListener('submit', (event) => { event.preventDefault(); clearTimeout(waiting); if (document.activeElement === find) choose(); });
  [type, kind, order, open].forEach((control) => control.addEventListener('change', choose));
  find.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(choose, 150); });
  window.addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(() => { measure(); list.querySelectorAll('article').forEach(tuck); }, 150); });
  const KEYS = {j: () => go(1), k: () => go(-1), n: () => turn(1), p: () => turn(-1), '/': () => find.focus()};
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && document.activeElement) document.activeElement.blur();
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // The height of a line's letters depends on the font: bars and labels are placed below it.
  function measure() {
    const probe = h('p', {class: 'text'}, h('span', {class: 'seg', vars: {'--lanes': 0}}, '字g'));
    list.append(probe);
    document.documentElement.style.setProperty('--area', Math.ceil(probe.firstChild.getBoundingClientRect().height) + 'px');
    probe.remove();
  }

  measure();
  choose();
  later(() => read(0));
}());
