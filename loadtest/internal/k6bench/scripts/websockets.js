import { WebSocket } from 'k6/websockets';
import { Counter } from 'k6/metrics';

const received = new Counter('received');
const foreign = new Counter('foreign');
const users = Number(__ENV.USERS);
const seconds = Number(__ENV.SECONDS);
const rate = Number(__ENV.RATE);

export const options = { vus: users, iterations: users };

export default function () {
  const me = `u${__VU}`;
  let n = 0;
  const socket = new WebSocket(`${__ENV.TARGET}?user=${me}`);
  socket.onopen = () => {
    const beat = setInterval(() => {
      socket.send(JSON.stringify({ type: 'send', to: me, text: `${me}:${++n}` }));
    }, 1000 / rate);
    setTimeout(() => {
      clearInterval(beat);
      socket.close();
    }, 1000 * seconds);
  };
  socket.onmessage = (event) => {
    received.add(1);
    if (!JSON.parse(event.data).text.startsWith(`${me}:`)) foreign.add(1);
  };
}
