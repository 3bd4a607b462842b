// Every scenario that k6 can do; which one is said in the environment.
import http from 'k6/http';
import exec from 'k6/execution';
import { check } from 'k6';

const scenario = __ENV.BENCH_SCENARIO;
const url = __ENV.BENCH_URL;
const iterations = Number(__ENV.BENCH_N);
const body = scenario === 'post' ? open(__ENV.BENCH_BODY) : null;

export const options = {
  scenarios: {
    bench: { executor: 'shared-iterations', vus: Number(__ENV.BENCH_CONNS), iterations: iterations, maxDuration: __ENV.BENCH_LIMIT },
  },
  discardResponseBodies: scenario !== 'json' && scenario !== 'body',
  insecureSkipTLSVerify: true,
  summaryTrendStats: ['avg'],
};

const is200 = { 'status is 200': (r) => r.status === 200 };
const length = Number(__ENV.BENCH_LENGTH);
const work = {
  get: () => check(http.get(url), is200),
  scripted: () => check(http.get(url, { headers: { 'X-Id': String(exec.scenario.iterationInTest) } }), is200),
  post: () => check(http.post(url, body, { headers: { 'Content-Type': 'application/json' } }), is200),
  json: () => check(http.get(url), { 'is the document': (r) => r.status === 200 && r.json().items[0].name === 'item number 0' }),
  body: () => check(http.get(url, { responseType: 'binary' }), { 'is whole': (r) => r.status === 200 && r.body.byteLength === length }),
  tls: () => check(http.get(url), { 'is HTTP/1.1': (r) => r.status === 200 && r.proto === 'HTTP/1.1' }),
  h2: () => check(http.get(url), { 'is HTTP/2': (r) => r.status === 200 && r.proto === 'HTTP/2.0' }),
  inflight: () => check(http.get(url), is200),
  million: () => {
    const i = exec.scenario.iterationInTest;
    check(http.get(url, { headers: { 'X-Id': String(i) } }), is200);
    if (i === iterations / 10) console.log('a tenth is done');
  },
};

export default work[scenario];

export function handleSummary(data) {
  const checks = data.metrics.checks ? data.metrics.checks.values : { passes: 0, fails: 0 };
  return { stdout: `${checks.passes}\t${checks.fails}\n` };
}
