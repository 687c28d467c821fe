'use strict';
(function () {
  const [ask, text, go, example, state, answer, frame, events, advice] = ['ask', 'text', 'go', 'example', 'status', 'answer', 'frame', 'events', 'advice']
    .map((id) => document.getElementById(id));
  let cards = [];
  let chosen = -1;

  function say(words, bad) {
    state.textContent = words;
    state.classList.toggle('bad', Boolean(bad));
  }

  // The frame is as high as what it holds.
  function fit() {
    const inner = frame.contentDocument;
    if (inner && inner.body) frame.style.height = Math.ceil(inner.body.getBoundingClientRect().height) + 2 + 'px';
  }

  function choose(number) {
    chosen = number;
    cards.forEach((card, k) => card.classList.toggle('chosen', k === number));
    Array.from(events.children).forEach((button, k) => button.setAttribute('aria-pressed', String(k === number)));
    if (number >= 0) cards[number].querySelector('h3').dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
    fit();
  }

  // A highlight belongs to one event or to several: clicking it again goes on to the next.
  function chooseOf(target) {
    const lit = target.closest('.text [data-k]');
    if (!lit) return;
    const keys = lit.dataset.k.split(' ');
    const own = cards.map((card, k) => k).filter((k) => Array.from(cards[k].querySelectorAll('li')).some((row) => keys.includes(row.dataset.k)));
    if (own.length) choose(own[(own.indexOf(chosen) + 1) % own.length]);
  }

  // The page of the sentence builds its cards a moment after it was loaded.
  function show(tries) {
    const inner = frame.contentDocument;
    cards = Array.from(inner.querySelectorAll('.card'));
    if (!cards.length && inner.querySelector('details.cards') && tries) {
      setTimeout(() => show(tries - 1), 10);
      return;
    }
    events.textContent = '';
    cards.forEach((card, k) => {
      const heading = card.querySelector('h3');
      const button = document.createElement('button');
      const score = document.createElement('span');
      button.type = 'button';
      button.textContent = heading.firstChild.textContent;
      score.textContent = heading.querySelector('.score') ? heading.querySelector('.score').textContent : '';
      button.append(score);
      button.addEventListener('click', () => choose(k));
      events.append(button);
    });
    advice.textContent = cards.length ? 'Choose an event, or click a highlight, to see its graph.' : 'No event was found in this text.';
    inner.addEventListener('click', (event) => chooseOf(event.target));
    choose(-1);
    say((cards.length === 1 ? '1 event' : cards.length + ' events') + ', ' + frame.dataset.took + ' ms');
    answer.dataset.ready = String(cards.length);
  }

  async function extract() {
    const started = performance.now();
    go.disabled = true;
    delete answer.dataset.ready;
    say('extracting …');
    try {
      const response = await fetch('frame', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({text: text.value})});
      const body = await response.text();
      if (!response.ok) {
        let message = 'the server answered ' + response.status;
        try { message = JSON.parse(body).error.message; } catch (error) { /* an answer of something in between */ }
        answer.hidden = true;
        say(message, true);
        return;
      }
      frame.dataset.took = String(Math.round(performance.now() - started));
      answer.hidden = false;
      frame.srcdoc = body;
    } catch (error) {
      answer.hidden = true;
      say('the server does not answer', true);
    } finally {
      go.disabled = false;
    }
  }

  frame.addEventListener('load', () => { if (frame.srcdoc) show(200); });
  window.addEventListener('resize', fit);
  ask.addEventListener('submit', (event) => { event.preventDefault(); if (text.value.trim()) extract(); else say('type a text first', true); });
  text.addEventListener('keydown', (event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) ask.requestSubmit(); });
  example.addEventListener('click', () => { text.value = example.dataset.text; extract(); });
}());
