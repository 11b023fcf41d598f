(() => {
  'use strict';
  const strip = document.getElementById('live');
  const field = name => strip.querySelector('[data-is=' + name + ']');
  const say = (name, text) => { field(name).textContent = text; };
  const number = n => n.toLocaleString('en-US');

  const advance = p => {
    say('what', p.server + ', ' + (p.schedule || 'connecting'));
    say('users', number(p.connections) + ' of ' + number(p.users) + ' users');
    say('events', number(p.events) + ' events, ' + number(Math.round(p.events_per_s)) + '/s');
    say('leaks', number(p.leaks) + (p.leaks === 1 ? ' leak' : ' leaks'));
    field('leaks').classList.toggle('some', p.leaks > 0);
    field('bar').value = p.share;
    say('left', p.left_s > 0 ? 'about ' + Math.ceil(p.left_s) + ' s left' : 'finishing');
  };

  // The reader keeps what is unfolded, and the place.
  const redraw = html => {
    const next = new DOMParser().parseFromString(html, 'text/html');
    const open = [...document.querySelectorAll('main details')].map(d => d.open);
    document.title = next.title;
    for (const part of ['header', 'main']) {
      document.querySelector(part).replaceWith(document.adoptNode(next.querySelector(part)));
    }
    document.querySelectorAll('main details').forEach((d, i) => { d.open = open[i] || false; });
  };

  const end = text => {
    say('left', '');
    say('what', text);
    strip.classList.add('over');
  };

  let over = false;
  const socket = new WebSocket(new URL('ws', location.href).href.replace(/^http/, 'ws'));
  socket.onmessage = message => {
    const frame = JSON.parse(message.data);
    if (frame.type === 'progress') advance(frame.data);
    if (frame.type === 'report') redraw(frame.data);
    if (frame.type === 'end') { over = true; field('bar').value = 1; end(frame.data); }
  };
  socket.onclose = () => { if (!over) end('The run has ended without a word; this is its last state.'); };
})();
