// A certified OpenID Provider on loopback, for the tests: real endpoints, real keys, people and clients that are made up.
//
// Its one argument is JSON: {port, issuer, ttl: {device, access, id, refresh}, pollSeconds, interval}. When it listens it
// prints one line, {"issuer": …}. It ends when its standard input is closed, so that it never outlives its test.
//
// The tests steer it at /_test/, each a POST of JSON that is answered with JSON:
//   keys      {keep}                      new signing keys, beside the old ones or instead of them
//   fault     {path, status, body, type, delay, drop, times}   what the next requests to a path get instead of an answer
//   advance   {seconds}                   its clock, by which codes and tokens expire and polls are too fast
//   record    {}                          every request so far: path, the form's grant_type, status
//   reset     {}                          forget faults, requests and how far the clock was moved
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const options = JSON.parse(process.argv[2] ?? '{}');
const ttl = { device: 600, access: 600, id: 600, refresh: 86400, ...options.ttl };
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

// -- the clock: the library reads Date.now, so all that expires follows the tests' hand

const readClock = Date.now.bind(Date);
let ahead = 0;
Date.now = () => readClock() + ahead;

// -- keys

function makeKey(type, parameters, alg) {
  const { privateKey } = generateKeyPairSync(type, {
    ...parameters,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { ...createPrivateKey(privateKey).export({ format: 'jwk' }), kid: randomBytes(6).toString('hex'), use: 'sig', alg };
}

const makeKeys = () => [
  makeKey('rsa', { modulusLength: 2048 }, 'RS256'),
  makeKey('ec', { namedCurve: 'P-256' }, 'ES256'),
  makeKey('ed25519', {}, 'EdDSA'),
];

// -- who there is

const PEOPLE = {
  alice: { name: 'Alice Admin', groups: ['loki-admins', 'staff'], roles: ['admin'] },
  oscar: { name: 'Oscar Operator', groups: ['loki-operators'], roles: ['operator'] },
  vera: { name: 'Vera Viewer', groups: ['loki-viewers'], roles: ['viewer'] },
  aude: { name: 'Aude Auditor', groups: ['loki-auditors'], roles: ['auditor'] },
  nobody: { name: 'Nobody in Particular' },
  multi: { name: 'Multi Hat', groups: ['loki-viewers', 'loki-operators'], roles: ['viewer', 'operator'] },
  many: { name: 'Many Groups', groups: Array.from({ length: 250 }, (_, n) => `group-${n}`), roles: ['viewer'] },
  hostile: { name: 'Eve\u001b[2J\u202e[red]admin[/red]', groups: ['loki-viewers\u001b]0;owned\u0007'], roles: ['viewer'] },
};

function findAccount(_, id) {
  const person = PEOPLE[id];
  if (!person) return undefined;
  const claims = { sub: id, preferred_username: id, email: `${id}@example.test`, email_verified: true, ...person };
  return { accountId: id, claims: () => claims };
}

const terminal = (id, alg) => ({
  client_id: id,
  client_name: id,
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
  response_types: ['code'],
  redirect_uris: ['http://127.0.0.1/auth/oidc/callback', 'http://localhost:57374/auth/oidc/callback'],
  post_logout_redirect_uris: ['http://127.0.0.1:57374/', 'http://localhost:57374/'],
  id_token_signed_response_alg: alg,
});

const clients = [
  terminal('loki-cli', 'RS256'),
  terminal('loki-cli-es256', 'ES256'),
  terminal('loki-cli-eddsa', 'EdDSA'),
  {
    ...terminal('loki-secret', 'RS256'),
    client_secret: 'device-secret-0123456789abcdef/+ &',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  {
    client_id: 'loki-web',
    client_secret: 'loki-web-secret-0123456789abcdef',
    client_name: 'Loki dashboard',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: ['http://localhost:57374/auth/oidc/callback', 'http://127.0.0.1:57374/auth/oidc/callback'],
    post_logout_redirect_uris: ['http://localhost:57374/'],
    token_endpoint_auth_method: 'client_secret_basic',
  },
  {
    client_id: 'no-device',
    client_name: 'no-device',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: ['http://127.0.0.1/callback'],
  },
];

const configure = (keys) => ({
  clients,
  jwks: { keys },
  findAccount,
  cookies: { keys: ['for-tests-only'] },
  pkce: { required: () => true },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'groups', 'roles'],
  claims: {
    openid: ['sub'],
    profile: ['name', 'preferred_username'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
    roles: ['roles'],
  },
  conformIdTokenClaims: false, // claims in the ID token, as companies' providers put them
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    userinfo: { enabled: true },
  },
  issueRefreshToken: (_, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  rotateRefreshToken: true,
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] },
  ttl: {
    DeviceCode: ttl.device,
    AccessToken: ttl.access,
    IdToken: ttl.id,
    RefreshToken: ttl.refresh,
    AuthorizationCode: 60,
    Interaction: 600,
    Session: 86400,
    Grant: 86400,
  },
});

let issuer;
let keys = makeKeys();
let provide;
const build = () => {
  provide = new Provider(issuer, configure(keys)).callback();
};

// -- the tests' hand

let faults = [];
let record = [];
const polls = new Map();

const readBody = async (request) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
};

const answer = (response, status, value) => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
};

const controls = {
  keys({ keep }) {
    keys = keep ? [...makeKeys(), ...keys] : makeKeys();
    build();
    return keys.map((key) => key.kid);
  },
  fault(fault) {
    faults.push({ times: 1, ...fault });
    return faults.length;
  },
  advance({ seconds }) {
    ahead += seconds * 1000;
    return ahead;
  },
  record: () => record,
  reset() {
    faults = [];
    record = [];
    ahead = 0;
    return {};
  },
};

async function fail(fault, response) {
  fault.times -= 1;
  if (fault.delay) await new Promise((resolve) => setTimeout(resolve, fault.delay * 1000));
  if (fault.drop) return response.destroy();
  if (!fault.status) return false;
  response.writeHead(fault.status, { 'content-type': fault.type ?? 'application/json', ...fault.headers });
  return response.end(fault.body ?? '{}');
}

function isTooFast(code) { // RFC 8628, 3.5: the library itself never says slow_down
  const known = polls.get(code) ?? { at: 0, seconds: options.pollSeconds };
  const isFast = known.at > 0 && Date.now() - known.at < known.seconds * 1000;
  polls.set(code, { at: Date.now(), seconds: known.seconds + (isFast ? 5 : 0) });
  return isFast;
}

function addInterval(response) { // the library never sends one
  const end = response.end.bind(response);
  response.end = (chunk, ...rest) => {
    const value = JSON.parse(chunk);
    const text = value.device_code ? JSON.stringify({ ...value, interval: options.interval }) : chunk;
    response.setHeader('content-length', Buffer.byteLength(text));
    return end(text, ...rest);
  };
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, issuer);
  if (pathname.startsWith('/_test/')) {
    return answer(response, 200, controls[pathname.slice(7)](JSON.parse((await readBody(request)) || '{}')));
  }
  const entry = { path: pathname };
  record.push(entry);
  response.on('finish', () => { entry.status = response.statusCode; });
  if (request.method === 'POST' && pathname === '/token') {
    request.body = Object.fromEntries(new URLSearchParams(await readBody(request)));
    entry.grant_type = request.body.grant_type;
  }
  const fault = faults.find((each) => each.path === pathname && each.times > 0);
  if (fault && (await fail(fault, response)) !== false) return undefined;
  const code = request.body?.device_code;
  if (options.pollSeconds && code && isTooFast(code)) return answer(response, 400, { error: 'slow_down' });
  if (options.interval && pathname === '/device/auth') addInterval(response);
  return provide(request, response);
});

server.listen(options.port ?? 0, '127.0.0.1', () => {
  issuer = options.issuer ?? `http://127.0.0.1:${server.address().port}`;
  build();
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
