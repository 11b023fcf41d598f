package target

// builtinConfig is how a load test is told of the built-in protocol.
const builtinConfig = `auth: {query: {user: "{{.user.id}}", device: "{{.device}}"}}
ready: {contains: 'ready"'}
emit:
  - {name: send, ws: '{"type":"send","to":"{{.user.id}}","text":"{{canary}}"}'}
  - {name: notify, http: {post: "http://HOST/notify", json: {user: "{{.user.id}}", text: "{{canary}}", profile: {email: '{{canary "email"}}'}}}}
  - {name: room, ws: '{"type":"room","room":"{{.room}}","text":"{{canary}}"}', audience: room, rooms: 3,
     join: {ws: '{"type":"join","room":"{{.room}}"}'}, leave: {ws: '{"type":"leave","room":"{{.room}}"}'}}
request: {ws: '{"type":"request","id":"{{.id}}","q":"{{canary}}"}', id: '"id":"{{.id}}"'}
logout: {ws: '{"type":"logout"}', ack: {contains: '"bye"'}}
relogin: {ws: '{"type":"login","user":"{{.user.id}}","token":"{{.user.token}}"}', ready: {contains: 'ready"'}}
revoke: {http: {post: "http://HOST/revoke", json: {user: "{{.user.id}}"}}}
`
