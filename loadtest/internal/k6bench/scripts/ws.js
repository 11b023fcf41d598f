import ws from 'k6/ws';
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
  ws.connect(`${__ENV.TARGET}?user=${me}`, {}, (socket) => {
    socket.on('open', () => {
      socket.setInterval(() => {
        socket.send(JSON.stringify({ type: 'send', to: me, text: `${me}:${++n}` }));
      }, 1000 / rate);
    });
    socket.on('message', (frame) => {
      received.add(1);
      if (!JSON.parse(frame).text.startsWith(`${me}:`)) foreign.add(1);
    });
    socket.setTimeout(() => socket.close(), 1000 * seconds);
  });
}
