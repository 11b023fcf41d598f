import ws from 'k6/ws';
import { Counter } from 'k6/metrics';

const received = new Counter('received');
const foreign = new Counter('foreign');
const users = Number(__ENV.USERS);
const events = Number(__ENV.EVENTS);
const check = __ENV.CHECK === 'yes';
const mark = /"text":"(u\d+):(\d+) /;

export const options = { vus: users, iterations: users };

export default function () {
  const me = `u${String(__VU).padStart(5, '0')}`;
  let n = 0;
  ws.connect(`${__ENV.TARGET}/flat?user=${me}&events=${events}`, {}, (socket) => {
    socket.on('message', (frame) => {
      if (check && mark.exec(frame)[1] !== me) foreign.add(1);
      if (++n === events) socket.close();
    });
  });
  received.add(n);
}
